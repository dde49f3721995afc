"""Certificates, nginx and kiosk files by the commands that a site's keeper types."""

import json
import shutil
import subprocess

import pytest

from kaopei.commandline import edge as command
from kaopei.edge.preparing.authority import BadAuthority
from kaopei.edge.settings import BadSettings


@pytest.fixture
def certified(tmp_path, monkeypatch):
    """An authority with a server and a terminal, and a config that names the server's files."""
    monkeypatch.setenv("KAOPEI_CA_PASSPHRASE", "eight words or more")
    ca = tmp_path / "ca"
    assert command.main(["devices", "ca", str(ca), "--site", "440601", "--domain", "edge.440601.example", "--network", "127.0.0.0/8"]) == 0
    for words in (["EDGE-1", "--function", "server", "--ip", "127.0.0.1"], ["T-001", "--ip", "127.0.1.1", "--room", "第1考场", "--seat", "01"]):
        assert command.main(["devices", "issue", str(ca), "--serial", *words]) == 0
    text = 'site = "440601"\nlisten = "unix:edge.sock"\ntls_certificate = "ca/EDGE-1.crt"\ntls_key = "ca/EDGE-1.key"\nsite_ca = "ca/ca.crt"\n'
    (tmp_path / "config.toml").write_text(text)
    return tmp_path


def test_the_inventory_is_what_the_baseline_needs(certified):
    rows = json.loads((certified / "ca" / "devices.json").read_text())["devices"]
    assert {row["serial"] for row in rows} == {"EDGE-1", "T-001"}
    terminal = next(row for row in rows if row["serial"] == "T-001")
    assert (terminal["room"], terminal["seat"], terminal["ip"], len(terminal["tls_spki"])) == ("第1考场", "01", "127.0.1.1", 64)
    with pytest.raises(BadAuthority):
        command.main(["devices", "revoke", str(certified / "ca"), "--serial", "T-999"])


def test_nginx_itself_accepts_the_configuration(certified, capsys):
    out = certified / "nginx" / "nginx.conf"
    words = ["nginx", "--config", str(certified / "config.toml"), "--out", str(out), "--name", "edge.440601.example"]
    more = ["--listen", "127.0.0.1:8443", "--folder", str(out.parent), "--crl", str(certified / "ca" / "ca.crl")]
    assert command.main([*words, *more]) == 0
    text = out.read_text()
    shown = "proxy_set_header X-Device-Certificate $ssl_client_escaped_cert;"
    for line in ("ssl_protocols TLSv1.3;", "ssl_verify_client on;", shown, "limit_req zone=device"):
        assert line in text
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed: its own check of the configuration was NOT made")
    checked = subprocess.run(["nginx", "-t", "-p", str(out.parent), "-c", str(out)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_without_a_socket_or_certificates_nothing_is_written(certified):
    (certified / "config.toml").write_text('site = "440601"\n')
    with pytest.raises(BadSettings, match="unix:edge.sock"):
        command.main(["nginx", "--config", str(certified / "config.toml"), "--out", str(certified / "x.conf")])
    (certified / "config.toml").write_text('site = "440601"\nlisten = "unix:edge.sock"\n')
    with pytest.raises(BadSettings, match="tls_certificate"):
        command.main(["nginx", "--config", str(certified / "config.toml"), "--out", str(certified / "x.conf")])
    assert not (certified / "x.conf").exists()


def test_kiosk_files_are_written(certified, capsys):
    words = ["--url", "https://edge.440601.example/exam/", "--address", "10.44.1.2", "--authority", str(certified / "ca" / "ca.crt")]
    assert command.main(["kiosk", *words, "--out", str(certified / "kiosk")]) == 0
    assert (certified / "kiosk" / "说明.txt").is_file()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ('function = "third"', "function"), ('standby_policy = "maybe"', "standby_policy"), ('standby = "nowhere"\npeer = "p"', "standby"),
        ('link = "127.0.0.1:1"', "peer"), ('seb_config_keys = ["short"]', "seb_config_keys"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(tmp_path, words, says):
    from kaopei.edge import settings

    path = tmp_path / "config.toml"
    path.write_text(f'site = "440601"\n{words}\n')
    with pytest.raises(BadSettings, match=says):
        settings.read(path)
