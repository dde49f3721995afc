"""Papers of a seal order: blobs, record, trial papers."""

from collections import Counter

from kaopei.paper import codec
from kaopei.paper.item import LETTERS
from kaopei.paper.paper import ALL_OR_NOTHING
from kaopei.paper.score import score
from kaopei.vault.custody.papers import Papers, from_text, real_paper, rehearsal_secret, trial_papers
from tests.paper.banks import bank, blueprint, layout

SECRET = rehearsal_secret("00ff", "440600-01", "A")
ATTEMPTS = (("A-1", "起重机作业"), ("A-2", "起重机作业"), ("A-3", "焊接"))


def real() -> Papers:
    plan = blueprint(layout(3, judges=9, singles=6, multiples=3), duration_minutes=90, pass_mark=17)
    items = bank(plan.counts, times=2)
    papers = {"起重机作业": real_paper(plan, items, SECRET, {}, {}, ALL_OR_NOTHING), **trial_papers(["焊接"])}
    return Papers(SECRET, True, papers, ATTEMPTS)


def test_seal_one_blob_an_item_and_a_form_an_attempt() -> None:
    blobs = real().blobs()
    assert Counter(kind for kind, _, _ in blobs) == {"item": 24, "policy": 2, "key": 2, "form": 3}
    assert len({(kind, name) for kind, name, _ in blobs}) == len(blobs)
    forms = {name: codec.read_form(data) for kind, name, data in blobs if kind == "form"}
    items = {name for kind, name, _ in blobs if kind == "item"}
    assert set(forms) == {"A-1", "A-2", "A-3"}
    assert all(place["item"] in items for form in forms.values() for place in form["items"])
    assert forms["A-3"]["subject"] == "焊接"


def test_come_back_from_the_record_exactly() -> None:
    papers = real()
    again = from_text(papers.to_text())
    assert again == papers
    assert again.blobs() == papers.blobs()
    assert again.digests() == papers.digests()


def test_repeat_a_rehearsal_and_nothing_else() -> None:
    assert real().digests() == real().digests()
    secrets = {rehearsal_secret(*words) for words in [("00", "1", "A"), ("01", "1", "A"), ("00", "2", "A"), ("00", "1", "B")]}
    assert len(secrets) == 4


def test_pay_for_the_right_answers_of_a_trial_paper() -> None:
    papers = Papers(SECRET, True, trial_papers(["焊接"]), (("A-3", "焊接"),))
    form = papers.form("A-3")
    [key] = [codec.read_key(data)["keys"] for kind, _, data in papers.blobs() if kind == "key"]
    right = {
        ordinal: "".join(LETTERS[place["options"].index(option)] for option in key[place["item"]]) for ordinal, place in enumerate(form["items"], 1)
    }
    assert score(form, key, right, multiple=ALL_OR_NOTHING).score == 6
