"""`./run parcel check`: one line a file, every changed byte found, nothing believed but the trust list."""

import os
import random
import struct
from functools import cache
from pathlib import Path

import pytest

from kaopei.__main__ import main
from kaopei.commandline import parcel, trust_files
from kaopei.parcel import container
from tests.commandline import laid
from tests.parcel import cast
from tests.parcel.test_whole_chain import chain

CONTAINERS = [name for name, data in laid.artefacts().items() if container.is_container(data)]


def spoil(folder: Path, name: str, versions: dict[str, bytes]) -> list[Path]:
    """Each version as a file in a folder with the good trust list."""
    laid.lay(folder, name)
    paths = []
    for label, data in versions.items():
        paths.append(folder / f"{label}-{name}")
        paths[-1].write_bytes(data)
    return paths


def all_bad(done, paths: list[Path]) -> None:
    assert done.said == ""
    assert [line[:2] for line in done.lines] == [["bad", str(path)] for path in paths]
    assert all(len(line) == 3 and line[2].startswith("演练样张 ") for line in done.lines)
    assert done.status == 1


def test_every_kind_of_file_holds_and_says_what_it_is(tmp_path):
    paths = laid.lay(tmp_path)
    done = laid.run("parcel", "check", *paths)
    assert (done.status, done.said) == (0, "")
    assert [line[:2] for line in done.lines] == [["ok", str(path)] for path in paths]
    said = dict(zip(laid.artefacts(), (line[2] for line in done.lines), strict=True))
    assert all(text.startswith("演练样张 ") for text in said.values())
    for name, word in {"paper.xpk": "题库室台账第 1 条", "old.xpk": "没有题库室台账的存证", "back.xrb": "回传包", "status.json": "状态名单"}.items():
        assert word in said[name]


def test_one_bad_file_among_good_ones_is_named_and_the_others_stay_good(tmp_path):
    paths = laid.lay(tmp_path, "order.jws", "token.jws", "receipt.jws")
    paths[1].write_bytes(paths[1].read_bytes()[:-1])
    done = laid.run("parcel", "check", *paths)
    assert done.status == 1
    assert [line[0] for line in done.lines] == ["ok", "bad", "ok"]


def test_a_changed_bit_is_found_wherever_it_is(tmp_path):
    """Forty bits of every kind of file, in one process."""
    paths, chance = [], random.Random(1)
    for name, good in laid.artefacts().items():
        versions = {}
        for at in chance.sample(range(len(good)), 40):
            data = bytearray(good)
            data[at] ^= 1 << chance.randrange(8)
            versions[str(at)] = bytes(data)
        paths += spoil(tmp_path, name, versions)
    all_bad(laid.run("parcel", "check", *paths), paths)


@cache
def sources(folder: Path) -> trust_files.Sources:
    return trust_files.Sources(folder / "trust.json", None, folder / "nowhere", False)


def judged(path: Path) -> str:
    """In this process: for some thousands of versions."""
    return parcel.judge(path, sources(path.parent))[0]


def test_every_byte_of_a_small_file_counts(tmp_path):
    [path] = laid.lay(tmp_path, "approval.json")
    good = path.read_bytes()
    assert judged(path) == "ok"
    for at in range(len(good)):
        for bit in (at % 8, 5):  # 5 tells capitals from small letters
            data = bytearray(good)
            data[at] ^= 1 << bit
            path.write_bytes(data)
            assert judged(path) == "bad", (at, bit)


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_byte_of_the_zip_around_the_contents_counts(tmp_path, name):
    """All bytes of all headers, of the index and of the end, one bit each; the contents are the other test's."""
    [path] = laid.lay(tmp_path, name)
    good = path.read_bytes()
    places, at = [], 0
    while good[at : at + 4] == b"PK\x03\x04":
        size, length = struct.unpack_from("<L4xH", good, at + 18)
        places += range(at, at + 30 + length)
        at += 30 + length + size
    places += range(at, len(good))
    assert places
    for at in places:
        data = bytearray(good)
        data[at] ^= 1 << (at % 8)
        path.write_bytes(data)
        assert judged(path) == "bad", at


def test_cut_off_and_lengthened_files_are_bad(tmp_path):
    paths = []
    for name in ("paper.xpk", "back.xrb", "order.jws", "certificate.pdf", "certificate.qr"):
        good = laid.artefacts()[name]
        versions = {
            "empty": b"", "one": good[:1], "half": good[: len(good) // 2], "short": good[:-1], "zero": good + b"\0", "twice": good + good,
            "comment": good + b"PK\x05\x06" + bytes(18), "before": b"\0" + good, "noise": bytes(range(256)), "space": good + b" ",
            "text": "不是本系统的文件".encode("gb18030"),
        }
        paths += spoil(tmp_path, name, versions)
    all_bad(laid.run("parcel", "check", *paths), paths)


def test_entries_in_another_order_missing_added_or_twice_are_bad(tmp_path):
    entries = container.read(laid.artefacts()["paper.xpk"])
    versions = {
        "order": container.write([entries[0], entries[2], entries[1], *entries[3:]]), "missing": container.write(entries[:-1]),
        "headless": container.write(entries[1:]), "added": container.write([*entries, ("blobs/more", b"x")]),
        "renamed": container.write([*entries[:-1], ("blobs/other", entries[-1][1])]),
        "swapped": container.write([*entries[:-2], (entries[-2][0], entries[-1][1]), (entries[-1][0], entries[-2][1])]),
        "foreign": container.write([(name, data) for name, data in container.read(laid.artefacts()["back.xrb"])[:1]]),
    }
    paths = spoil(tmp_path, "paper.xpk", versions)
    all_bad(laid.run("parcel", "check", *paths), paths)


def test_what_is_no_file_is_bad_and_never_kept_waiting_for(tmp_path):
    laid.lay(tmp_path, "order.jws")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 700 * 1024 * 1024)
    things = [tmp_path, tmp_path / "none", tmp_path / "pipe", tmp_path / "loop", tmp_path / "huge", tmp_path / ("n" * 300), "/dev/zero"]
    done = laid.run("parcel", "check", "--trust", tmp_path / "trust.json", *things)
    assert done.status == 1
    assert [line[:2] for line in done.lines] == [["bad", str(thing)] for thing in things]
    for word, line in zip(("文件夹", "读不到", "不是普通文件", "读不到", "过大", "读不到", "不是普通文件"), done.lines, strict=True):
        assert word in line[2]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_bad(tmp_path):
    [path] = laid.lay(tmp_path, "order.jws")
    path.chmod(0)
    assert laid.run("parcel", "check", path).lines[0][0] == "bad"


def test_names_that_are_no_text_stay_one_line_a_file(tmp_path):
    [path] = laid.lay(tmp_path, "order.jws")
    names = [b"\xff\xfe.jws", "换\n行\t制表\x1b[31m.jws".encode()]
    for name in names:
        (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))).write_bytes(path.read_bytes())
    done = laid.run("parcel", "check", *(os.fsencode(tmp_path) + b"/" + name for name in names), os.fsencode(tmp_path) + b"/\xff")
    assert [(line[0], len(line)) for line in done.lines] == [("ok", 3), ("ok", 3), ("bad", 3)]
    assert done.lines[0][1].endswith("/??.jws")
    assert done.lines[1][1].endswith("/换?行?制表?[31m.jws")


def test_a_deep_or_absurd_json_is_bad(tmp_path):
    laid.lay(tmp_path, "order.jws")
    versions = {
        "deep": b"[" * 200_000, "nested": b'{"payload":' * 5000 + b"1" + b"}" * 5000, "number": b'{"payload":' + b"9" * 6000 + b"}",
        "float": b'{"payload":1.5,"signatures":[]}', "nan": b'{"payload":NaN}', "list": b"[]", "null": b"null", "utf16": '{"a":1}'.encode("utf-16"),
        "roots": b'{"roots":1}', "signature": b'{"payload":"e30","signatures":[{"protected":"e30","signature":""}]}',
    }
    paths = spoil(tmp_path, "order.jws", versions)
    all_bad(laid.run("parcel", "check", *paths), paths)


def test_a_file_of_another_province_is_bad_even_if_it_brings_its_keys(tmp_path):
    """The foreign enrolment lies inside the foreign parcel; its keys count for nothing here."""
    other = cast.found()
    [path] = laid.lay(tmp_path, "enrolment.json")
    path.write_bytes(other.edge.record)
    done = laid.run("parcel", "check", path)
    assert (done.status, done.lines[0][0]) == (1, "bad")
    assert "没有密钥" in done.lines[0][2]
    foreign = tmp_path / "elsewhere"
    laid.lay(foreign, "back.xrb")
    (foreign / "trust.json").write_bytes(other.data)
    assert laid.run("parcel", "check", foreign / "back.xrb").lines[0][0] == "bad"


def test_an_older_list_of_the_chain_and_a_forked_one_are_told_apart(tmp_path):
    p = chain().p
    [path] = laid.lay(tmp_path, "list.json")
    assert laid.run("parcel", "check", path).lines[0][0] == "ok"
    path.write_bytes(cast.found().data)
    assert laid.run("parcel", "check", path).lines[0][0] == "bad"
    assert p.data != path.read_bytes()


def test_arguments_that_do_not_fit_are_one_line_and_status_two(capsys):
    assert main(["parcel"]) == 2
    assert main(["parcel", "check"]) == 2
    assert main(["parcel", "open", "x"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 3 and "--help" in said


@pytest.mark.parametrize(("lang", "words"), [("zh", ("要核对的文件", "钉住的根指纹")), ("en", ("files to check", "pinned root fingerprint"))])
def test_help_in_both_languages(lang, words, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["kaopei", "--lang", lang])
    with pytest.raises(SystemExit) as ended:
        main(["parcel", "check", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    assert all(word in said for word in words)
