"""The main job, end to end, on real parts."""

import csv
import shutil
import subprocess

import pytest

from tests import installation
from tests.rehearsal import small
from tests.rehearsal.conftest import has_browser

FIELDS = {"ok", "seed", "intake", "draw", "sittings", "forms", "results", "certificates", "checks", "seconds", "peak_mib"}
CHECKS = {
    "intake", "held", "lottery_verify", "own_site_only_by_exemption", "nobody_at_a_suspended_site", "tickets", "bank", "sealed",
    "every_item_was_in_a_bank", "every_candidate_has_a_receipt", "returns_taken", "same_return_changes_nothing", "results_of_all_present",
    "portal_knows_the_certificates", "parcel_check", "ledger_verify", "certificate_check",
}  # fmt: skip


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_step_holds(held):
    report = held.report
    assert report["ok"] and set(report) >= FIELDS and set(report["checks"]) >= CHECKS
    assert all(check["ok"] for check in report["checks"].values())
    assert report["seed"] == small.SEED and min(report["seconds"].values()) >= 0 and report["peak_mib"] > 10


def test_the_counts_agree_with_each_other_and_with_the_files(held):
    report, out = held.report, held.out
    intake, draw = report["intake"], report["draw"]
    verdicts = rows(out / "verdicts.csv")
    assert intake["rows"] == len(verdicts) == 24 and list(verdicts[0])[:3] == ["序号", "decision", "code"]
    assert intake["accept"] + intake["hold"] + intake["refuse"] == intake["rows"]
    assert draw["verified"] and draw["candidates"] >= draw["seated"] == len(list((out / "tickets").glob("candidate-*.pdf"))) > 0
    (sitting,) = report["sittings"]
    assert sitting["present"] + sitting["absent"] == sitting["candidates"] and sitting["returned"]
    assert sitting["answers"] >= sitting["present"] * 36, "everybody answered every item of the example's paper"
    results = rows(out / "results.csv")
    assert list(results[0]) == ["cand_id", "sitting", "subject", "score", "outcome"]
    passed = [row for row in results if row["outcome"] == "passed"]
    assert report["results"] == {"passed": len(passed), "failed": sum(row["outcome"] == "failed" for row in results)}
    assert {row["sitting"] for row in results} == {sitting["id"]}
    assert report["certificates"] == len(list((out / "certificates").glob("*.pdf"))) > 0


def test_a_sitting_without_a_bank_is_named_and_another_is_taken(held):
    (refused,) = held.report["not_sealed"]
    assert refused["subjects"] == ["氯化工艺作业"] and "题库" in refused["reason"]
    assert refused["id"].startswith("440601") and not held.report["sittings"][0]["id"].startswith("440601")
    assert refused["id"] in held.words


def test_who_reviewed_and_passed_has_a_certificate_and_nobody_else(held, month):
    seated = {row["cand_id"] for row in rows(held.out / "draw" / "result" / "allocation.csv")}
    results = rows(held.out / "results.csv")
    assert {row["cand_id"] for row in results} <= seated
    assert held.report["certificates"] < held.report["results"]["passed"], "first-time applicants wait for their practical exam"


def test_the_same_seed_gives_the_same_draw_and_papers(both):
    """Byte for byte; what is sealed and signed differs, because keys are never derived."""
    one, two = both
    assert one.status == two.status == 0, two.words
    assert tree(one.out / "draw") == tree(two.out / "draw") and len(tree(one.out / "draw")) >= 12
    assert one.report["forms"] == two.report["forms"] != []
    assert (one.out / "results.csv").read_bytes() == (two.out / "results.csv").read_bytes()
    sealed = [{path.read_bytes() for path in held.out.glob("parcels/*.xpk")} for held in both]
    assert sealed[0] and not sealed[0] & sealed[1]


@pytest.mark.browser
@pytest.mark.skipif(not has_browser(), reason="no Chromium on this machine")
def test_one_candidate_sits_in_a_real_browser(both):
    seats = both[1].report["checks"]["browser"]
    assert seats["ok"] and len(seats["seen"]) == 1
    assert both[0].report["results"] == both[1].report["results"]


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


WRONG = [
    (["--seed", "abc"], "64"),
    (["--sittings", "0"], "至少 1 场"),
    (["--bank", "/nonexistent"], "题库"),
    (["--sittings", "x"], "参数不对"),
]


@pytest.mark.parametrize(("words", "said"), WRONG)
def test_bad_wishes_are_one_line_and_nothing_is_started(month, tmp_path, words, said):
    done = small.run("rehearse", month, "--out", tmp_path / "out", *words)
    assert done.returncode == 2 and said in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_no_month(tmp_path):
    done = small.run("rehearse", tmp_path, "--out", tmp_path / "out")
    assert done.returncode == 2 and "考试点" in done.stderr and not (tmp_path / "out").exists()


def test_a_pack_that_the_center_cannot_take_is_one_line(month, place):
    """A workbook is cut off: the page's own words, and nothing is left running."""
    shutil.copytree(month, place / "pack")
    whole = (place / "pack" / "学员报名.xlsx").read_bytes()
    (place / "pack" / "学员报名.xlsx").write_bytes(whole[: len(whole) // 2])
    installation.lay(place / "out" / "data")
    done = small.run("rehearse", place / "pack", "--out", place / "out")
    assert done.returncode == 2 and "学员报名" in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr
    processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(place) not in processes


def test_results_of_another_rehearsal_are_never_overwritten(month, held):
    done = small.run("rehearse", month, "--out", held.out)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert held.report["ok"]


PRACTICAL = {
    "score_sheets", "practical_lottery_verify", "practical_pseudonyms_are_fresh", "practical_tickets", "practical_marks_arrive",
    "practical_certificates",
}  # fmt: skip


def test_who_passed_theory_is_drawn_examined_and_gets_a_certificate_of_both_parts(both):
    held = both[1]
    assert held.status == 0, held.words
    report, out = held.report, held.out / "practical"
    assert set(report["checks"]) >= PRACTICAL and report["ok"]
    facts, drawn = report["practical"], rows(out / "draw" / "result" / "allocation.csv")
    assert facts["draw"]["verified"] and facts["draw"]["seated"] == len(drawn) == len(list((out / "tickets").glob("candidate-*.pdf"))) > 0
    marked = rows(out / "results.csv")
    passed = [row for row in marked if row["outcome"] == "passed"]
    assert {row["sitting"] for row in marked} == {facts["sitting"]} and facts["sitting"].endswith("-P")
    assert {row["cand_id"] for row in marked} <= {row["cand_id"] for row in drawn}
    assert len(passed) == facts["certificates"] == report["certificates"] - both[0].report["certificates"] > 0


def test_no_pseudonym_of_the_practical_stands_in_the_theory(both):
    theory = rows(both[1].out / "draw" / "instance" / "candidates.csv")
    practical = rows(both[1].out / "practical" / "draw" / "instance" / "candidates.csv")
    assert not {row["cand_id"] for row in theory} & {row["cand_id"] for row in practical}
    assert {row["parts"] for row in practical} == {"P"} and {row["subject"] for row in practical} <= set(small.EXAMINED)
