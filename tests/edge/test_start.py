"""Starting: what is refused before anything listens, and what a clean start and stop leave behind."""

import shutil

import apsw
import pytest

from kaopei.edge import app, settings
from kaopei.edge.record import Broken
from kaopei.edge.settings import BadSettings
from kaopei.edge.store import Damaged
from tests.edge import site as at


@pytest.fixture
def site(laid, tmp_path):
    site = at.copied(laid, tmp_path)
    site.errors.close()
    return site


def started(site, entries=5):
    """A store with a ledger and a signed checkpoint, closed again."""
    edge = site.load()
    for number in range(entries):
        edge.store.run_now(lambda c, n=number: edge.record.append(c, "edge.alive", by="edge", obj="edge:test", body={"sittings": n}))
    edge.store.run_now(edge.record.checkpoint)
    edge.store.close()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('speed = "fast"', "不认识的设置 speed"), ("min_free_mib = true", "min_free_mib 的类型不对"), ('listen = "8750"', "listen 应写成"),
        ('media = ["a", "a"]', "两个不同的文件夹"), ("site = [", "不是有效的 TOML"),
    ],
)  # fmt: skip
def test_bad_settings_are_refused_by_name(tmp_path, line, says):
    path = tmp_path / "config.toml"
    path.write_text(f'site = "440601"\n{line}\n')
    with pytest.raises(BadSettings, match=says):
        settings.read(path)


def test_a_missing_configuration_is_one_line_and_exit_2(tmp_path):
    made = at.run("edge", "serve", "--config", str(tmp_path / "none.toml"))
    assert (made.returncode, made.stderr.count("\n"), "没有这个配置文件" in made.stderr) == (2, 1, True)


@pytest.mark.parametrize("listen", ["0.0.0.0:8750", "192.0.2.7:8750"])
def test_plain_http_is_for_this_machine_only(site, listen):
    site.config.write_text(site.config.read_text().replace(f"127.0.0.1:{site.port}", listen))
    with pytest.raises(BadSettings, match="明文 HTTP"):
        site.load()


def test_two_servers_never_share_a_store(site):
    edge = site.load()
    with pytest.raises(Damaged, match="另一个考试服务器进程"):
        site.load()
    edge.store.close()


def test_a_damaged_database_is_refused(site):
    started(site, 400)
    path = site.home / "edge.sqlite"
    data = bytearray(path.read_bytes())
    data[4096 * 9 : 4096 * 9 + 64] = b"\xff" * 64
    path.write_bytes(bytes(data))
    with pytest.raises(Damaged, match="保留原文件"):
        site.load()
    path.write_bytes(b"not a database" * 400)
    with pytest.raises(Damaged, match="保留原文件"):
        site.load()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"sittings\":2', '\"sittings\":3') AS BLOB) WHERE seq = 2",
        "DELETE FROM entry WHERE seq = 1",
        "DELETE FROM entry WHERE seq >= 3",
    ],
)
def test_a_changed_or_shortened_ledger_is_refused(site, change):
    started(site)
    with apsw.Connection(str(site.home / "edge.sqlite")) as connection:
        with pytest.raises(apsw.ConstraintError, match="ledger entries are kept"):
            connection.execute(change)
        connection.execute("DROP TRIGGER entry_kept_update; DROP TRIGGER entry_kept_delete")
        connection.execute(change)
    connection.close()
    with pytest.raises(Broken, match="不能启动"):
        site.load()


def test_the_store_of_another_machine_is_refused(site):
    started(site)
    site.config.write_text(site.config.read_text() + 'serial = "EDGE-OTHER"\n')
    with pytest.raises(Broken, match="属于另一台考试服务器"):
        site.load()


def test_keys_are_made_once(site):
    again = at.run("edge", "enrol", "--config", str(site.config), "--out", str(site.folder / "second.json"))
    assert (again.returncode, "已有本机密钥" in again.stderr) == (2, True)
    assert at.run("edge", "enrol", "--config", str(site.config), "--out", str(site.folder / "second.json"), "--again").returncode == 0
    assert at.run("edge", "init", str(site.home), "--site", at.SITE).returncode == 2
    shutil.rmtree(site.home / "keys")
    with pytest.raises(BadSettings, match="请先运行 edge enrol"):
        site.load()


def test_init_takes_no_odd_values(site, tmp_path):
    for words in (("--title", 'a"b'), ("--listen", "nowhere")):
        made = at.run("edge", "init", str(tmp_path / "fresh"), "--site", at.SITE, "--trust", str(site.folder / "trust.json"), *words)
        assert made.returncode == 2, made.stderr
        assert not (tmp_path / "fresh" / "config.toml").exists()


def test_the_program_names_itself_by_every_file(site):
    assert len(settings.software()["hash"]) == 64
    assert app.software is settings.software
