"""Kiosk files name one address and nothing else; the site's authority issues within its bounds."""

import configparser
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from kaopei.edge.preparing import authority, kiosk

NOW = datetime(2026, 11, 20, tzinfo=UTC)
WORDS = b"eight words or more"


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ca")
    authority.found(folder, site="440601", domain="edge.440601.example", network="10.44.1.0/24", passphrase=WORDS, now=NOW)
    return authority.Authority(folder, WORDS)


@pytest.fixture
def files(ca, tmp_path):
    one = kiosk.Kiosk("https://edge.440601.example/exam/", ("10.44.1.2", "10.44.1.3"), (ca.folder / "ca.crt").read_text())
    return one, tmp_path, kiosk.write(one, tmp_path)


def test_the_policy_allows_one_host_and_no_tools(files):
    _, out, made = files
    found = [json.loads(path.read_text()) for path in made if path.name == "kaopei.json"]
    assert len(found) == len(kiosk.POLICY_FOLDERS)
    for policy in found:
        assert (policy["URLBlocklist"], policy["URLAllowlist"]) == (["*"], ["edge.440601.example"])
        assert policy["DeveloperToolsAvailability"] == 2
        assert not policy["PrintingEnabled"]
        assert x509.load_der_x509_certificate(__import__("base64").b64decode(policy["CACertificates"][0]))


def test_scripts_and_session_files_are_well_formed(files):
    _, out, _ = files
    for name in ("linux/install.sh", "linux/usr/local/bin/kaopei-session"):
        assert subprocess.run(["sh", "-n", str(out / name)], check=False).returncode == 0
    entry = configparser.ConfigParser(interpolation=None)
    entry.read(out / "linux/usr/share/xsessions/kaopei.desktop", "utf-8")
    assert entry["Desktop Entry"]["Exec"] == "/usr/local/bin/kaopei-session"
    registry = (out / "windows/kaopei-policy.reg").read_text("utf-16")
    assert registry.startswith("Windows Registry Editor")
    assert '"DeveloperToolsAvailability"=dword:00000002' in registry
    assert "10.44.1.3 edge.440601.example" in (out / "说明.txt").read_text()


def test_a_plain_address_is_refused(tmp_path):
    with pytest.raises(kiosk.BadKiosk):
        kiosk.write(kiosk.Kiosk("http://edge/exam/", ("10.0.0.1",), "-----BEGIN CERTIFICATE-----"), tmp_path)


def issue(ca, serial, **more):
    return ca.issue(**{"serial": serial, "function": "terminal", "ip": "10.44.1.11", "room": "第1考场", "seat": "01", "now": NOW} | more)


def test_the_authority_is_bound_to_the_site(ca):
    limits = ca.certificate.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    assert {str(one.value) for one in limits.value.permitted_subtrees} == {"edge.440601.example", "10.44.1.0/24"}
    assert ca.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0


def test_a_certificate_lasts_one_year_and_stands_in_the_inventory(ca):
    row = issue(ca, "T-001")
    made = x509.load_pem_x509_certificate((ca.folder / "T-001.crt").read_bytes())
    assert (made.not_valid_after_utc - NOW).days == authority.DEVICE_DAYS
    assert row in authority.rows(ca.folder)
    assert (Path(ca.folder) / "T-001.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("serial", "more", "says"),
    [
        ("T-002", {}, "已登记给"), ("T-003", {"ip": "192.168.1.1", "seat": "02"}, "不在考试网"), ("T 4", {"seat": "02"}, "设备编号"),
        ("T-005", {"ip": "10.44.1.12", "seat": ""}, "座号"), ("T-006", {"function": "phone", "seat": "03"}, "用途"),
        ("T-007", {"ip": "10.44.1.17", "seat": "07", "csr": b"nonsense"}, "CSR"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(ca, serial, more, says):
    issue(ca, "T-001")
    with pytest.raises(authority.BadAuthority, match=says):
        issue(ca, serial, **more)


def test_a_revoked_machine_leaves_the_inventory_and_is_listed(ca):
    row = issue(ca, "T-008", ip="10.44.1.18", seat="08")
    ca.revoke("T-008", NOW)
    listed = x509.load_pem_x509_crl((ca.folder / "ca.crl").read_bytes())
    assert row.certificate in {one.serial_number for one in listed}
    assert "T-008" not in {one.serial for one in authority.rows(ca.folder)}


def test_a_wrong_word_opens_nothing_and_an_authority_is_not_overwritten(ca):
    with pytest.raises(authority.BadAuthority, match="口令不对"):
        authority.Authority(ca.folder, b"another word")
    with pytest.raises(authority.BadAuthority, match="已有"):
        authority.found(ca.folder, site="1", domain="x", network="10.0.0.0/8", passphrase=WORDS, now=NOW)
