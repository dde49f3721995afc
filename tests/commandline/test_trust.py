"""`./run trust`: founding a rehearsal's keys, people, taking keys back, showing the list."""

import io
import json
import stat

import pytest

from kaopei.__main__ import main
from kaopei.commandline import trust as command
from kaopei.commandline import trust_files
from kaopei.parcel import keyfile
from tests.commandline import laid


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("KAOPEI_DATA", str(tmp_path / "elsewhere"))
    return tmp_path / "data"


def found(data, *more):
    return main(["trust", "found", "--rehearsal", "--deployment", "粤试", "--out", str(data), *map(str, more)])


def person(data, *more, pin="135790"):
    people = data.parent / "one.json"
    row = {"holder": "chen", "duties": ["approver"], "pin": pin}
    people.write_text(json.dumps([row]))
    return main(["trust", "person", "--file", str(people), "--data", str(data), *more])


def shown(data, capsys):
    capsys.readouterr()
    assert main(["trust", "show", "--json", "--data", str(data)]) == 0
    return json.loads(capsys.readouterr().out)


def test_found_lays_every_key_where_only_its_user_reads_it(data, capsys):
    assert found(data, "--city", "440600") == 0
    listed = shown(data, capsys)
    roles = [key["role"] for key in listed["keys"]]
    assert sorted(set(roles)) == sorted({*command.CENTER, *command.VAULT, "custodian"})
    assert (listed["rehearsal"], listed["version"], listed["pinned"], roles.count("custodian")) == (True, 1, True, 2)
    assert (data / "root.txt").read_text().strip() == listed["root"]
    cities = {key["role"]: key["city"] for key in listed["keys"] if key["holder"] not in ("vault", "custodian1", "custodian2")}
    assert (cities["center"], cities["province_release"], cities["province_escrow"]) == ("440600", "", "")
    ledgers = {key["holder"] for key in listed["keys"] if key["role"] == "ledger"}
    assert ledgers == {"center", "vault"}
    private = [*data.rglob("*.key"), *data.rglob("passphrase")]
    assert len(private) == len(roles) + 3 + 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert {stat.S_IMODE((data / name).stat().st_mode) for name in ("keys", "vault/keys", "roots")} == {0o700}
    kept = {path.stem for path in (data / "keys").glob("*.key")} | {path.stem for path in (data / "vault/keys").glob("*.key")}
    assert kept == {key["kid"] for key in listed["keys"]}


def test_the_keys_open_with_their_passphrase_only(data):
    found(data)
    one = next(iter((data / "keys").glob("*.key"))).read_bytes()
    assert keyfile.load(one, (data / "keys" / "passphrase").read_bytes())
    for wrong in (b"", b"guess", (data / "roots" / "passphrase").read_bytes()):
        with pytest.raises(ValueError, match="口令"):
            keyfile.load(one, wrong)


def test_a_second_founding_never_overwrites_the_first(data, capsys):
    found(data)
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    assert found(data) == 2
    assert "不能覆盖" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["trust", "found", "--deployment", "x", "--out", "{data}"], "离线设备"),
        (["trust", "found", "--rehearsal", "--deployment", "x", "--out", "{data}", "--custodian", "a", "--custodian", "a"], "两名不同"),
        (["trust", "found", "--rehearsal", "--deployment", "x", "--out", "{data}", "--custodian", "a"], "两名不同"),
        (["trust", "found", "--rehearsal", "--out", "{data}"], "--help"),
        (["trust", "found", "--rehearsal", "--deployment", "x", "--out", "{data}", "--file", "{data}/none"], "人员名单"),
        (["trust", "found", "--rehearsal", "--deployment", "a b", "--out", "{data}"], "系统名称"),
        (["trust", "found", "--rehearsal", "--deployment", "", "--out", "{data}"], "系统名称"),
        (["trust", "found", "--rehearsal", "--deployment", "a/b", "--out", "{data}"], "系统名称"),
        (["trust", "person", "--data", "{data}", "--holder", "x", "--pin-stdin"], "pin"),
        (["trust", "revoke", "kid", "--reason", "x", "--data", "{data}"], "没有信任名单"),
        (["trust", "show", "--data", "{data}"], "信任名单"),
        (["trust"], "--help"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(data, capsys, monkeypatch, words, says):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert main([word.format(data=data) for word in words]) == 2
    said = capsys.readouterr().err
    assert (said.count("\n"), says in said) == (1, True), said
    assert not data.exists()


def test_a_folder_that_cannot_be_made_is_one_line(data, capsys):
    data.write_text("a file")
    assert found(data) == 2
    said = capsys.readouterr().err
    assert (said.count("\n"), "读写不了" in said) == (1, True)


@pytest.mark.parametrize(
    "content",
    [
        "", "{}", "[]", "[1]", '[{"holder":"x"}]', '[{"holder":"x","pin":"12"}]', '[{"holder":"x","pin":"12345","role":"root"}]',
        '[{"holder":"x","pin":"12345","duties":"head"}]', '[{"holder":"x","pin":"12345","site":7}]', '[{"holder":"","pin":"12345"}]',
        '[{"holder":"x","pin":"12345","age":7}]', '[{"holder":"x","pin":"12345"},{"holder":"y"}]', "not json", '[{"holder":"x","pin":12345}]',
        '[{"holder":"好","pin":"12345"},{"holder":"x\\n","pin":"12345"}]', '[{"holder":"x","pin":"12345","duties":["a b"]}]',
    ],
)
def test_a_list_of_people_is_taken_whole_or_not_at_all(data, capsys, content):
    found(data)
    people = data.parent / "people.json"
    people.write_text(content)
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert main(["trust", "person", "--file", str(people), "--data", str(data)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before
    assert found(data.parent / "fresh", "--file", people) == 2
    assert not (data.parent / "fresh").exists()


def test_people_are_listed_with_their_duties_and_their_pin_opens_their_key(data, capsys):
    people = data.parent / "people.json"
    rows = [
        {"holder": "head.440601", "duties": ["head"], "site": "440601", "pin": "246810"},
        {"holder": "party_city", "role": "party", "city": "440600", "pin": "135790"},
    ]
    people.write_text(json.dumps(rows), encoding="utf-8-sig")
    assert found(data, "--file", people) == 0
    kids = dict(reversed(line.split("\t")) for line in capsys.readouterr().out.splitlines() if "\t" in line)
    listed = {key["holder"]: key for key in shown(data, capsys)["keys"]}
    assert (listed["head.440601"]["role"], listed["head.440601"]["site"], listed["head.440601"]["duties"]) == ("person", "440601", ["head"])
    assert (listed["party_city"]["role"], listed["party_city"]["city"]) == ("party", "440600")
    for holder, pin in (("head.440601", b"246810"), ("party_city", b"135790")):
        path = data / "persons" / f"{kids[holder]}.key"
        assert keyfile.load_signer(path.read_bytes(), pin).kid == listed[holder]["kid"]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_person_comes_with_a_new_version_of_the_list(data, capsys):
    found(data)
    assert person(data) == 0
    assert person(data, pin="999999") == 0
    listed = shown(data, capsys)
    assert (listed["version"], [key["holder"] for key in listed["keys"]].count("chen")) == (3, 2)
    assert sorted(path.name for path in (data / "trust").iterdir()) == ["1.json", "2.json", "3.json"]
    assert (data / "trust.json").read_bytes() == (data / "trust" / "3.json").read_bytes()


def test_the_pin_comes_from_standard_input_never_from_the_command_line(data):
    assert laid.run("trust", "found", "--rehearsal", "--deployment", "粤试", "--out", data).status == 0
    line = ("trust", "person", "--holder", "chen", "--duty", "approver", "--pin-stdin", "--data", data)
    done = laid.run(*line, given=b"135790\n")
    assert (done.status, done.lines[0][1]) == (0, "chen")
    assert keyfile.load_signer((data / "persons" / f"{done.lines[0][0]}.key").read_bytes(), b"135790")
    assert laid.run(*line, given=b"").status == 2
    assert laid.run("trust", "person", "--file", "-", "--data", data, given=b'[{"holder":"li","pin":"135790"}]').status == 0
    assert laid.run("trust", "show", "--data", data).out.count("\n") == 1 + len(command.CENTER) + len(command.VAULT) + 2 + 2


def test_a_revoked_key_signs_nothing_any_more(data, capsys):
    found(data)
    kid = next(key["kid"] for key in shown(data, capsys)["keys"] if key["role"] == "issuer")
    assert main(["trust", "revoke", kid, "--reason", "密钥泄露", "--since", "5", "--data", str(data)]) == 0
    row = next(key for key in shown(data, capsys)["keys"] if key["kid"] == kid)
    assert (row["revoked_since"], row["reason"]) == (5, "密钥泄露")
    assert main(["trust", "show", "--data", str(data)]) == 0
    assert "已吊销" in capsys.readouterr().out
    listed = trust_files.Sources(None, None, data, True).of(None)
    with pytest.raises(ValueError, match="已被吊销"):
        listed.key(kid)
    assert main(["trust", "revoke", "x" * 32, "--reason", "x", "--data", str(data)]) == 2
    assert "没有要吊销的密钥" in capsys.readouterr().err


def test_a_list_whose_roots_are_elsewhere_is_not_extended(data, capsys):
    found(data)
    for path in sorted((data / "roots").glob("*.key"))[1:]:
        path.unlink()
    before = (data / "trust.json").read_bytes()
    capsys.readouterr()
    assert person(data) == 2
    assert "根密钥" in capsys.readouterr().err
    assert (data / "trust.json").read_bytes() == before
    assert not (data / "persons").exists()


def test_show_names_the_root_and_whether_it_is_pinned(data, capsys):
    found(data)
    root = (data / "root.txt").read_text().strip()
    capsys.readouterr()
    main(["trust", "show", "--data", str(data)])
    head = capsys.readouterr().out.splitlines()[0]
    assert head.startswith("演练样张 粤试") and root in head and "已钉住" in head
    (data / "root.txt").unlink()
    main(["trust", "show", "--data", str(data)])
    assert "未钉住" in capsys.readouterr().out
