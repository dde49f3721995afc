"""`./run ledger verify` and `export`: whole ledgers hold, whatever else is named with its first bad record."""

import base64
import json
import os
import random
import shutil
from functools import cache

import pytest

from kaopei.__main__ import main
from kaopei.commandline import ledger, trust_files
from kaopei.ledger import checkpoint, segment
from kaopei.parcel import container
from kaopei.parcel.keyfile import Signer
from tests import installation
from tests.commandline import laid
from tests.parcel import cast, records
from tests.parcel.test_whole_chain import chain


def told(place, folder):
    """(word, reason) of each ledger, in this process."""
    found = sources(folder, (folder / "trust.json").read_bytes())
    return [ledger.judge(home, files, found) for home, files in ledger.ledgers(place)]


@cache
def sources(folder, _content):
    return trust_files.Sources(None, None, folder / "nowhere", False)


def test_a_ledger_holds_in_a_folder_in_a_parent_and_in_one_file(tmp_path):
    home = laid.ledger(tmp_path)
    packed = tmp_path / "ledger.zip"
    packed.write_bytes(container.write([(path.relative_to(home).as_posix(), path.read_bytes()) for path in home.rglob("*") if path.is_file()]))
    lone = tmp_path / "lone"
    shutil.copy(home / "checkpoint", lone)
    done = laid.run("ledger", "verify", home, tmp_path / "ledger", tmp_path, packed, lone)
    assert (done.status, done.said) == (0, "")
    assert [line[:2] for line in done.lines] == [["ok", str(home)]] * 3 + [["ok", str(packed)], ["ok", str(lone)]]
    assert all("300" in line[2] and line[2].startswith("演练样张 ") for line in done.lines)
    assert "没有条目可以重算" in done.lines[-1][2]


def test_every_changed_byte_of_a_small_ledger_is_found(tmp_path):
    home = laid.ledger(tmp_path, 8)
    for path in [path for path in home.rglob("*") if path.is_file()]:
        good = path.read_bytes()
        for at in range(len(good)):
            data = bytearray(good)
            data[at] ^= 1 << (at % 8)
            path.write_bytes(data)
            [(word, reason)] = told(home, tmp_path)
            assert word == "bad" and reason.startswith("演练样张 "), (path, at)
        path.write_bytes(good)
    assert told(home, tmp_path)[0][0] == "ok"


def test_the_first_bad_record_is_named(tmp_path):
    home = laid.ledger(tmp_path)
    bundle = home / "tile" / "entries" / "000"
    data = bundle.read_bytes()
    bundle.write_bytes(data.replace(b'"number":77,', b'"number":78,').replace(b'{"number":77}', b'{"number":78}'))
    assert bundle.read_bytes() != data
    done = laid.run("ledger", "verify", home)
    assert done.status == 1
    assert "256" in done.lines[0][2] and "被改动" in done.lines[0][2]


def test_lost_added_cut_and_renamed_files_are_found(tmp_path):
    home = laid.ledger(tmp_path)
    files = [path for path in home.rglob("*") if path.is_file() and "checkpoints" not in path.parts]
    for path in files:
        good = path.read_bytes()
        for version in (b"", good[:-1], good + b"\n", good + good):
            path.write_bytes(version)
            assert told(home, tmp_path)[0][0] == "bad", path
        path.write_bytes(good)
        moved = path.rename(path.with_name("elsewhere"))
        assert told(tmp_path / "ledger", tmp_path)[0][0] == "bad", path
        moved.rename(path)
    for name in ("note.txt", "tile/0/999", "checkpoints/7", ".hidden"):
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_bytes(b"x")
        assert told(home, tmp_path)[0][0] == "bad", name
        (home / name).unlink()
    assert told(home, tmp_path)[0][0] == "ok"


def test_a_ledger_without_its_checkpoint_is_not_passed_over(tmp_path):
    home = laid.ledger(tmp_path)
    other = laid.ledger(tmp_path / "second")
    shutil.move(tmp_path / "second" / "ledger", tmp_path / "ledger" / "second")
    (home / "checkpoint").unlink()
    done = laid.run("ledger", "verify", "--trust", tmp_path / "trust.json", tmp_path / "ledger")
    assert done.status == 1
    assert sorted(line[0] for line in done.lines) == ["bad", "bad", "ok"]
    assert str(home) in done.lines[1][1]
    assert not other.exists()


def test_what_is_no_ledger_is_bad(tmp_path):
    laid.lay(tmp_path, "order.jws", "paper.xpk")
    (tmp_path / "empty").mkdir()
    (tmp_path / "blank").touch()
    os.mkfifo(tmp_path / "pipe")
    names = ["none", "empty", "blank", "pipe", "order.jws", "paper.xpk"]
    done = laid.run("ledger", "verify", *(tmp_path / name for name in names))
    assert done.status == 1
    assert [line[0] for line in done.lines] == ["bad"] * 6
    words = ("没有这个文件", "没有台账", "检查点", "不是普通文件", "parcel check", "checkpoint")
    assert [word in line[2] for word, line in zip(words, done.lines, strict=True)] == [True] * 6


def test_a_pipe_inside_a_ledger_is_bad_and_never_waited_for(tmp_path):
    home = laid.ledger(tmp_path, 3)
    os.mkfifo(home / "tile" / "pipe")
    done = laid.run("ledger", "verify", home)
    assert (done.status, done.lines[0][0]) == (1, "bad")


def test_names_that_are_no_text_are_still_one_line(tmp_path):
    laid.ledger(tmp_path, 3)
    (tmp_path / "ledger").rename(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n"))
    done = laid.run("ledger", "verify", os.fsencode(tmp_path) + b"/\xff\n")
    assert [(line[0], line[1].startswith(f"{tmp_path}/??/"), len(line)) for line in done.lines] == [("ok", True, 3)]


@pytest.mark.parametrize(("origin", "signer"), [("center.粤演练/2026", "vault"), ("vault.粤演练/2026", "center"), ("vaulted/2026", "vault")])
def test_a_key_signs_only_the_log_of_its_own_program(tmp_path, origin, signer):
    home = laid.ledger(tmp_path, 3, origin, signer)
    done = laid.run("ledger", "verify", home)
    assert done.status == 1
    assert "不属于信任名单里有权签署" in done.lines[0][2]


def test_a_key_that_nobody_listed_signs_nothing(tmp_path):
    home = laid.ledger(tmp_path, 3)
    stranger = cast.found()
    (tmp_path / "trust.json").write_bytes(stranger.data)
    assert "不属于信任名单" in laid.run("ledger", "verify", home).lines[0][2]


def test_a_witness_may_sign_beside_but_nobody_else(tmp_path):
    home, p = laid.ledger(tmp_path, 3), chain().p
    good = (home / "checkpoint").read_bytes()
    (home / "checkpoint").write_bytes(checkpoint.cosign(good, p.signers["city_witness"], "city_witness"))
    assert told(home, tmp_path)[0][0] == "ok"
    (home / "checkpoint").write_bytes(checkpoint.cosign(good, p.signers["center"], "center"))
    assert told(home, tmp_path)[0][0] == "bad"
    (home / "checkpoint").write_bytes(checkpoint.cosign(good, p.signers["city_witness"], "province_mirror"))
    assert told(home, tmp_path)[0][0] == "bad"
    (home / "checkpoint").write_bytes(good + good.splitlines(keepends=True)[-1])
    assert "出现两次" in told(home, tmp_path)[0][1]
    text = good[: good.index(b"\n\n") + 2]
    (home / "checkpoint").write_bytes(checkpoint.cosign(text, p.signers["city_witness"], "city_witness"))
    assert "自己的签名" in told(home, tmp_path)[0][1]


def edge_ledger(tmp_path, origin):
    """An exam server's ledger with its countersigned record beside the checkpoint."""
    p = chain().p
    log = records.Log(p, origin)
    log.signer = Signer(p.edge_sign)
    log.add("edge.opened")
    log.sign()
    home = tmp_path / "ledger" / "edge"
    for name, data in {**segment.write(log.leaves, log.notes), "enrolment.json": p.edge.record}.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(data)
    (tmp_path / "trust.json").write_bytes(p.data)
    return home


def test_an_exam_server_is_believed_by_its_record_for_its_own_log_only(tmp_path):
    home = edge_ledger(tmp_path, "edge.440600.440601/EDGE-1/2026")
    assert told(home, tmp_path)[0][0] == "ok"
    record = json.loads((home / "enrolment.json").read_bytes())
    (home / "enrolment.json").unlink()
    assert told(home, tmp_path)[0][0] == "bad"
    record["signatures"] = record["signatures"][:2]
    (home / "enrolment.json").write_text(json.dumps(record, separators=(",", ":")))
    assert told(home, tmp_path)[0][0] == "bad"
    for place, origin in enumerate(("edge.440600.440602/EDGE-1/2026", "edge.440600.440601/EDGE-2/2026", "center.粤演练/2026")):
        assert told(edge_ledger(tmp_path / str(place), origin), tmp_path)[0][0] == "bad", origin


def test_a_record_that_lies_with_the_trust_list_serves_as_well(tmp_path):
    home = edge_ledger(tmp_path, "edge.440600.440601/EDGE-1/2026")
    (tmp_path / "enrolments").mkdir()
    (home / "enrolment.json").rename(tmp_path / "enrolments" / "EDGE-1.json")
    assert laid.run("ledger", "verify", home).status == 0
    (tmp_path / "enrolments" / "EDGE-1.json").write_bytes(b"{}")
    done = laid.run("ledger", "verify", home)
    assert (done.status, "登记书" in done.lines[0][2]) == (1, True)


def test_random_changes_are_found_or_nothing_changed(tmp_path):
    """Random edits of a random kind: bits, cuts, moves of bytes; the verifier never ends otherwise than by a verdict."""
    files = {}
    home = laid.ledger(tmp_path, 40)
    for path in home.rglob("*"):
        if path.is_file():
            files[path.relative_to(home).as_posix()] = path.read_bytes()
    trusted, chance = sources(tmp_path, (tmp_path / "trust.json").read_bytes()), random.Random(5)
    for _ in range(600):
        name = chance.choice(sorted(files))
        data = bytearray(files[name])
        at, other = chance.randrange(len(data)), chance.randrange(len(data))
        kind = chance.randrange(4)
        if kind == 0:
            data[at] = chance.randrange(256)
        elif kind == 1:
            del data[min(at, other) : max(at, other) + 1]
        elif kind == 2:
            data[at], data[other] = data[other], data[at]
        else:
            data[at:at] = base64.b64encode(data[other : other + 9])
        word, _reason = ledger.judge(home, {**files, name: bytes(data)}, trusted)
        assert (word == "ok") == (bytes(data) == files[name]), (name, kind, at, other)


def test_export_and_verify_as_processes(place):
    """The center's and the vault's ledgers of a fresh installation."""
    data, out = installation.lay(place / "data"), place / "out"
    assert laid.run("trust", "found", "--rehearsal", "--deployment", "粤测试", "--out", data).status == 0
    pack = laid.PROJECT / "examples" / "foshan-2026-12"
    empty = laid.run("ledger", "export", "--out", out / "ledger", "--data", data)
    assert (empty.status, "还没有任何条目" in empty.said, (out / "ledger").exists()) == (2, True, False)
    assert laid.run("intake", pack, "--out", place / "v.csv", "--data", data).status == 0
    done = laid.run("ledger", "export", "--out", out / "ledger", "--data", data)
    assert (done.status, done.said) == (0, "")
    assert done.lines[0][0].startswith(str(out / "ledger" / "center"))
    shutil.copytree(data / "trust", out / "trust")
    shutil.copy(data / "trust.json", out)
    assert laid.run("ledger", "verify", out / "ledger").lines[0][0] == "ok"
    assert laid.run("ledger", "verify", "--data", data, out / "ledger").status == 0
    assert laid.run("ledger", "verify", "--root", "0" * 64, out / "ledger").status == 1
    vault = laid.run("ledger", "export", "--vault", "--out", out / "ledger", "--data", data)
    assert vault.status == 2


def test_arguments_that_do_not_fit_are_one_line_and_status_two(capsys):
    assert main(["ledger"]) == 2
    assert main(["ledger", "verify"]) == 2
    assert main(["ledger", "export"]) == 2
    assert capsys.readouterr().err.count("\n") == 3
