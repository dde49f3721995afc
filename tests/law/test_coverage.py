"""Every duty is carried out, or says honestly why not yet; the generated pages are current."""

import ast
import json
from pathlib import Path

import pytest

import kaopei
from kaopei.__main__ import main
from kaopei.commandline import law as law_command
from kaopei.commandline import usage
from kaopei.law import book, terms
from kaopei.law.duties import Duty, all_duties, case_table, coverage, rules_of
from kaopei.law.numbers import all_numbers
from kaopei.law.rules import index
from tests.law.tables import tables

PROJECT = Path(kaopei.__file__).parent.parent
DUTIES = list(all_duties().values())


def home(dotted: str) -> tuple[Path | None, str]:
    """The file or folder that a dotted name stands for, and what is left of the name inside it."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        place = PROJECT.joinpath(*parts[:length])
        rest = ".".join(parts[length:])
        if place.with_suffix(".py").is_file():
            return place.with_suffix(".py"), rest
        if place.is_dir() and any(place.iterdir()):
            return place, rest
    return None, dotted


def exists(dotted: str) -> bool:
    """Whether a package, module, class or function of this name is in the project."""
    place, rest = home(dotted)
    if place is None or not rest:
        return place is not None
    files = sorted(place.glob("*.py")) if place.is_dir() else [place]
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    named = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return any(isinstance(node, named) and node.name == rest for tree in trees for node in tree.body)


def exists_app(dotted: str) -> bool:
    """Whether the app that a name lies in is there: kaopei.center.training for kaopei.center.training.online."""
    parts = dotted.split(".")
    app = parts[: 3 if parts[1] == "center" else 2]
    return home(".".join(app))[1] == ""


def test_an_app_that_exists_may_not_be_awaited() -> None:
    assert exists_app("kaopei.center.training.online")
    assert exists_app("kaopei.vault")
    assert not exists_app("kaopei.center.nothing.here")


def test_there_are_134_duties_of_17_clauses() -> None:
    assert len(DUTIES) == 134
    assert {duty.clause for duty in DUTIES} == set(terms.clauses())
    assert all(terms.clause_of(duty.id) == duty.clause for duty in DUTIES)


@pytest.mark.parametrize("duty", DUTIES, ids=lambda duty: duty.id)
def test_duty_is_carried_out_as_it_says(duty: Duty) -> None:
    assert (duty.kind == "rule") == bool(rules_of(duty.id))
    if duty.kind != "missing":
        assert all(exists(place) for place in duty.where), duty.where
    if duty.kind == "record":
        assert duty.where
    if duty.kind == "organisational":
        assert len(duty.reason) >= 15
    if duty.kind == "missing":
        assert duty.where, "names what will carry it"
        built = [place for place in duty.where if exists_app(place)]
        assert not built, f"{built} is there now: bind a rule, name the record, or say why it is organisational"
    assert not any(exists_app(app) for app in duty.awaits), f"{duty.awaits} is there now: say what asks the rule"


@pytest.mark.parametrize("duty", DUTIES, ids=lambda duty: duty.id)
def test_duty_names_known_actors_numbers_and_words(duty: Duty) -> None:
    assert duty.who and set(duty.who) <= set(terms.actors())
    assert duty.force in book.FORCES
    assert set(duty.numbers) <= set(all_numbers())
    assert all(word.startswith("AMB") for word in duty.ambiguous)
    assert 4 <= len(duty.text) <= 60


def test_named_tests_exist() -> None:
    written = {f"tests/law/cases/{rule.replace('.', '.toml::')}" for rule, _ in tables()}
    assert {case_table(bound) for bound in index()} == written
    for line in coverage():
        for test in line["tests"]:
            assert (PROJECT / test.split("::")[0]).exists(), f"{line['id']}: {test}"
        assert line["tests"] or line["kind"] in ("organisational", "missing"), line["id"]


def test_rules_begin_with_their_clause() -> None:
    for bound in index():
        own = [duty for duty in bound.duties if bound.summary.startswith(terms.place(duty))]
        assert own, f"{bound.where}: {bound.summary}"
        assert set(bound.duties) <= set(all_duties())


@pytest.mark.parametrize(("name", "page"), [("clauses.md", book.clauses_page), ("glossary.md", book.glossary_page)])
def test_generated_page_is_current(name: str, page: object) -> None:
    assert callable(page)
    assert (PROJECT / "docs" / name).read_text(encoding="utf-8") == page(), "run ./run law docs"


def test_coverage_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["law", "coverage", "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)
    assert [line["id"] for line in lines] == list(all_duties())
    assert all(set(line) == {"id", "kind", "where", "tests"} for line in lines)
    kinds = [line["kind"] for line in lines]
    assert set(kinds) <= {"rule", "record", "organisational", "missing"}
    assert kinds.count("organisational") <= 15
    assert all(line["where"] for line in lines)


def test_coverage_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["law", "coverage"]) == 0
    assert "共 134 项" in capsys.readouterr().out


@pytest.mark.parametrize("query", ["2.4", "N2.4", "二（四）", "二(四)", "n2.4"])
def test_clause_is_found_by_any_of_its_names(query: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["law", "clause", query]) == 0
    shown = capsys.readouterr().out
    assert all(f"二（四） {duty.id} " in shown for duty in DUTIES if duty.clause == "N2.4")
    assert "N2.5.1 " not in shown


def test_duty_shows_rule_number_test_and_where_it_is_cited(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["law", "clause", "N2.4.13"]) == 0
    shown = capsys.readouterr().out
    for part in ("may_delete_log", "ep.log_retention", "3 year", "c2_4_monitoring.toml::may_delete_log", "不是法律意见"):
        assert part in shown
    assert main(["law", "clause", "N2.3.2"]) == 0
    shown = capsys.readouterr().out
    assert "事件 allocation.drawn" in shown
    assert "AMB1 原则上" in shown


def test_duty_shows_a_case_that_passes_one_that_fails_and_who_asks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["law", "clause", "N2.6.1"]) == 0
    shown = capsys.readouterr().out
    for part in ("通过：在本市从业", "不通过：三地都在外市（place）", "案例共 12 个"):
        assert part in shown
    for part in ("调用：kaopei/law/rules/c2_6_intake.py", "调用：kaopei/center/applications/judging.py"):
        assert part in shown
    assert "户籍在本市" not in shown
    assert main(["law", "clause", "N2.6.1", "--cases"]) == 0
    assert "通过：户籍在本市" in capsys.readouterr().out
    assert main(["law", "clause", "N3.3.4"]) == 0
    shown = capsys.readouterr().out
    assert "调用：尚无程序" in shown and "待建：kaopei.center.enforcement" in shown


def test_refusal_under_the_duty_asked_for_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["law", "clause", "N2.3.6"]) == 0
    assert "通过：全日制学生在本校（own_school）" in capsys.readouterr().out
    assert main(["law", "clause", "N3.0.5"]) == 0
    assert "不通过：培训机构没有查教师（points_missing）" in capsys.readouterr().out


def test_askers_are_found_by_what_a_file_imports() -> None:
    found = usage.askers(PROJECT / "kaopei", "kaopei.law.rules.c2_6_intake.judge_all")
    assert found and all(place.startswith("kaopei/center/applications/judging.py:") for place in found)
    assert usage.askers(PROJECT / "kaopei", "kaopei.law.rules.c2_6_intake.nothing") == []


def test_cases_are_left_out_where_there_are_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(law_command, "PROGRAM", tmp_path / "kaopei")
    assert law_command.case_lines(index()[0]) == []


@pytest.mark.parametrize("query", ["N2.1.4", "N3.0.2", "N3.2.0", "N2.5.1"])
def test_other_kinds_of_duty_are_shown(query: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["law", "clause", query]) == 0
    assert "落实方式" in capsys.readouterr().out


def test_unknown_clause_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["law", "clause", "9.9"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert "没有条款“9.9”" in shown.err


def test_pages_are_written_where_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["law", "docs", "--out", str(tmp_path / "pages")]) == 0
    assert (tmp_path / "pages" / "clauses.md").read_text(encoding="utf-8") == book.clauses_page()
    assert "134" in capsys.readouterr().out


def test_terms_give_names_and_places() -> None:
    assert "ExamParcel" in terms.identifiers()
    assert terms.cite("N3.2.0b") == "三（二） N3.2.0b"
    assert terms.cite("X9") == "X9"
    assert terms.clause_of("2.3.2") == "N2.3"
