"""Canonical form, digest, and what is refused: file, line, column and what to do."""

import hashlib
import json
from collections.abc import Callable

import pytest

from kaopei.lottery import pool
from kaopei.lottery.rules import Rules, factor, read_bands
from tests.lottery.instances import HEADERS, Town, province


def town() -> dict[str, bytes]:
    return Town().site("P1").suspend("P1", 1, 2).session("X1", "P1").cand("K1").files()


def changed(name: str, old: bytes, new: bytes) -> dict[str, bytes]:
    files = town()
    assert old in files[name]
    return files | {name: files[name].replace(old, new, 1)}


def test_canonical_form_is_stable() -> None:
    for number in range(20):
        parsed = pool.parse(province(number))
        assert pool.parse(parsed.canonical()).canonical() == parsed.canonical()
        assert pool.parse(parsed.canonical()).input_digest == parsed.input_digest


def test_meta_keeps_only_format_and_rules() -> None:
    files = town() | {"meta.json": b'{"rules": {"k": 5, "bands": ":1"}, "format": "xalloc/1", "candidates": 1.5}'}
    assert pool.parse(files).canonical()["meta.json"] == b'{"format":"xalloc/1","rules":{"bands":":1","k":5}}'
    files["meta.json"] = b'{"format":"xalloc/1"}\n'
    assert pool.parse(files).canonical()["meta.json"] == b'{"format":"xalloc/1"}'


def test_input_digest_is_over_sorted_names_and_digests() -> None:
    parsed = pool.parse(town())
    lines = [f"{name}\t{hashlib.sha256(data).hexdigest()}\n" for name, data in sorted(parsed.canonical().items())]
    assert parsed.input_digest == hashlib.sha256(("xexam/1\nsha256\n" + "".join(lines)).encode()).hexdigest()
    assert set(parsed.canonical()) == {*HEADERS, "meta.json"}
    assert "crossings.csv" in pool.parse(town() | {"crossings.csv": b"home_city,receiving_city,subject\n"}).canonical()


def test_files_that_the_format_does_not_know_are_not_looked_at() -> None:
    assert pool.parse(town() | {"README.md": b"\xff"}).input_digest == pool.parse(town()).input_digest


@pytest.mark.parametrize(
    "dirtier",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b"\n", b"\r"),
        lambda data: data.replace(b"\n", b"\n\n \n"),
        lambda data: data.removesuffix(b"\n"),
        lambda data: b"".join(b",".join(b'"' + cell + b'"' for cell in line.split(b",")) + b"\n" for line in data.splitlines()),
        lambda data: b"".join(b",".join(line.split(b",")[::-1]) + b"\n" for line in data.splitlines()),
    ],
    ids=["bom", "crlf", "cr", "blank lines", "no last end", "quoted", "columns"],
)
def test_the_same_content_written_otherwise_is_the_same_input(dirtier: Callable[[bytes], bytes]) -> None:
    files = town()
    same = {name: data if name == "meta.json" else dirtier(data) for name, data in files.items()}
    assert pool.parse(same).input_digest == pool.parse(files).input_digest


def test_rows_are_sorted_bytewise_numbers_and_lists_made_plain() -> None:
    made = Town().subject("U").site("P1").site("é").site("z", theory="U;S;;U;")
    made.session("X1", "P1", subjects="U;S").suspend("z", -7, 2).suspend("P1", 3, 4).suspend("P1", 10, 11)
    files = made.cand("K1", earliest=-3).files()
    files["sessions.csv"] = files["sessions.csv"].replace(b"X1,P1,5,0,", b"X1,P1,005,-0,")
    canonical = pool.parse(files).canonical()
    assert canonical["points.csv"].decode().split("\n")[1:] == [
        "P1,C,public,,,0,0,S,S", "z,C,public,,,0,0,S;U,S", "é,C,public,,,0,0,S,S", "",
    ]  # fmt: skip
    assert canonical["sessions.csv"].endswith(b"\nX1,P1,5,0,T,S;U,1\n")
    # Whole lines, as text: 10 before 3.
    assert canonical["suspensions.csv"].endswith(b"\nP1,10,11\nP1,3,4\nz,-7,2\n")
    assert canonical["candidates.csv"].endswith(b",-3,0,\n")


def test_text_is_composed_before_it_is_parsed() -> None:
    files = town()
    apart = {name: data.replace(b"K1", "Ke\u0301".encode()) for name, data in files.items()}
    whole = {name: data.replace(b"K1", "Ké".encode()) for name, data in files.items()}
    assert pool.parse(apart).canonical() == pool.parse(whole).canonical()


def test_quotes_only_where_they_must_be() -> None:
    files = changed("cities.csv", b"C,C,", b'C,"a ""b"", c\nd",')
    assert pool.parse(files).canonical()["cities.csv"].endswith(b'C,"a ""b"", c\nd",1,0\n')
    files = changed("cities.csv", b"C,C,", b'C,"plain",')
    assert pool.parse(files).canonical()["cities.csv"].endswith(b"C,plain,1,0\n")


def test_optional_columns_are_kept_last_and_not_added() -> None:
    made = Town().site("P1").session("X1", "P1")
    made.columns = "asks_own_school," + made.columns + ",cross"
    made.rows["candidates.csv"] = ["1,K1,C,I,S,T,D,0,0,,0"]
    canonical = pool.parse(made.files()).canonical()["candidates.csv"].decode()
    assert canonical.splitlines() == [HEADERS["candidates.csv"] + ",cross,asks_own_school", "K1,C,I,S,T,D,0,0,,0,1"]
    assert b"cross" not in pool.parse(town()).canonical()["candidates.csv"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (changed("cities.csv", b",name", b""), "cities.csv 第1行缺少「name」列"),
        (changed("cities.csv", b",name", b",name,more"), "cities.csv 第1行有不认识的列「more」"),
        (changed("cities.csv", b",name", b",city_id"), "cities.csv 第1行「city_id」列出现两次"),
        (changed("cities.csv", b"C,C,1,0\n", b"C,C,1,0\n\nC,C,1,0\n"), "cities.csv 第4行「city_id」列：编号“C”重复"),
        (changed("cities.csv", b"C,C,1,0\n", b"C,C,1,0\nA,C,1\n"), "cities.csv 第3行有 3 列，表头有 4 列"),
        (changed("cities.csv", b"C,C,1,0", b"C,C,2,0"), "cities.csv 第2行「own_school_allowed」列：“2”不是 0 或 1"),
        (changed("cities.csv", b"C,C,1,0", b'C,"C,1,0'), "cities.csv 第2行的引号不成对"),
        (changed("cities.csv", b"C,C,1,0", b'C,"a\nb",1,0\nC,"C",x,0'), "cities.csv 第4行「own_school_allowed」列"),
        (changed("cities.csv", b"C,C,1,0", b",C,1,0"), "cities.csv 第2行「city_id」列：不能为空"),
        (changed("cities.csv", b"C,C,1,0", b" C,C,1,0"), "编号“ C”含有分号、首尾空格"),
        (changed("cities.csv", b"C,C,1,0", b"C;D,C,1,0"), "含有分号"),
        (changed("cities.csv", b"C,C,1,0", b"C,\xff,1,0"), "cities.csv 第2行不是 UTF-8"),
        (changed("cities.csv", b"C,C,1,0", b"C,\0,1,0"), "cities.csv 第2行含有空字符"),
        (town() | {"cities.csv": b""}, "cities.csv 是空文件"),
        (town() | {"cities.csv": b'""\n'}, "cities.csv 是空文件"),
        (changed("candidates.csv", b",0,0,\n", b",,0,\n"), "candidates.csv 第2行「earliest_day」列：不能为空"),
        (changed("candidates.csv", b",0,0,\n", b",1.5,0,\n"), "「earliest_day」列：“1.5”不是整数"),
        (changed("candidates.csv", b",0,0,\n", b",\xef\xbc\x91,0,\n"), "“１”不是整数"),
        (changed("candidates.csv", b",0,0,\n", b",0,0,P7\n"), "「avoid」列：“P7”在 points.csv 里没有"),
        (changed("candidates.csv", b"K1,C,I,S", b"K1,C,J,S"), "「inst_id」列：“J”在 institutions.csv 里没有"),
        (changed("candidates.csv", b"K1,C,I,S", b"K1,,I,S"), "「city_id」列：不能为空，请填写 cities.csv 里的编号"),
        (changed("candidates.csv", b",T,", b",PT,"), "「parts」列：“PT”不在 T、P、TP 之中"),
        (changed("sessions.csv", b",1\n", b",-1\n"), "sessions.csv 第2行「seats」列：“-1”小于 0"),
        (changed("points.csv", b",0,0,", b",0,,"), "points.csv 编号“P1”的 x_m、y_m 只填了一个"),
        (changed("districts.csv", b",0,0", b",,0"), "districts.csv 编号“D”的 x_m、y_m 只填了一个"),
        (changed("suspensions.csv", b",1,2", b",2,1"), "suspensions.csv 考试点“P1”的 from_day 2 晚于 to_day 1"),
        ({name: data for name, data in town().items() if name != "points.csv"}, "points.csv 缺失"),
        (town() | {"changes.csv": b""}, "changes.csv 与上一次结果（--previous）只属于增量抽签"),
        (town() | {"meta.json": b"{"}, "meta.json 第1行第2列不是合法的 JSON"),
        (town() | {"meta.json": b"[" * 100_000}, "meta.json 嵌套过深"),
        (town() | {"meta.json": b"[]"}, "meta.json 应为一个 JSON 对象"),
        (town() | {"meta.json": b'{"format":"xalloc/2"}'}, "「format」不是 xalloc/1"),
        (town() | {"meta.json": b'{"format":"xalloc/1","format":"xalloc/1"}'}, "meta.json「format」写了两次"),
        (town() | {"meta.json": b'{"format":"xalloc/1","rules":[]}'}, "「rules」应为对象"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_with_the_place(files: dict[str, bytes], said: str) -> None:
    with pytest.raises(pool.BadInstance) as raised:
        pool.parse(files)
    assert said in str(raised.value)
    assert "请" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert raised.value.exit_status == 2


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"more": 1}, "不认识的规则 more"),
        ({"sole_point": "any"}, "sole_point：只能是 registered、active_in_horizon"),
        ({"practical_after_theory": 2}, "practical_after_theory：只能是 0、1"),
        ({"practical_after_theory": True}, "应为整数"),
        ({"same_controller_own": "1"}, "应为整数"),
        ({"k": -1}, "k：应为 0 到 999"),
        ({"k": 2.0}, "k：应为整数"),
        ({"bands": 5}, "bands：应为文字"),
        ({"bands": "10:2"}, "bands：应写成"),
        ({"bands": "20:2;10:1;:1"}, "距离上限应逐段增大"),
        ({"bands": "10:0;:1"}, "bands：应写成"),
    ],
)
def test_rules_that_are_refused(rules: dict[str, object], said: str) -> None:
    with pytest.raises(pool.BadInstance, match="meta.json「rules」") as raised:
        pool.parse(Town(**rules).files())
    assert said in str(raised.value)


def test_absent_rules_have_their_defaults() -> None:
    defaults = Rules("registered", 1, 1, 0, "10000:8;20000:6;40000:4;80000:2;:1", 3)
    assert pool.parse(Town().files()).rules == defaults
    assert pool.parse(Town(k=7).files()).rules == defaults._replace(k=7)


def test_a_band_ends_at_its_limit() -> None:
    bands = read_bands(pool.parse(Town().files()).rules.bands)
    assert [factor(bands, metres) for metres in (0, 10000, 10001, 20000, 40000, 80000, 80001, 10**9)] == [
        8,
        8,
        6,
        6,
        4,
        2,
        1,
        1,
    ]
    assert read_bands(":7") == [(None, 7)]


def test_tables_may_be_empty() -> None:
    files = {name: (line + "\n").encode() for name, line in HEADERS.items()} | {"meta.json": json.dumps({"format": "xalloc/1"}).encode()}
    assert pool.parse(files).candidates.id == []
