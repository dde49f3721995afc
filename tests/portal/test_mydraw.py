"""The page's own arithmetic agrees with the Python verifier on a thousand candidates, in a real browser."""

import copy
import hashlib
import json
from pathlib import Path

import pytest

from kaopei import portal
from kaopei.lottery import pool
from kaopei.lottery.draw import draw
from kaopei.lottery.explain import slip
from kaopei.lottery.verify.reading import read
from kaopei.lottery.verify.record import Redraw
from tests.edge import chromium
from tests.lottery.instances import SEEDS, province

pytestmark = chromium.MARKS

CANDIDATES = 1000
STATIC = Path(portal.__file__).with_name("static") / "portal"
HOST = "http://portal.test"
CHECK_ALL = """async (given) => {
  const {check, market} = await import("/mydraw.js");
  const bytes = (text) => new TextEncoder().encode(text);
  const files = given.files && Object.fromEntries(Object.entries(given.files).map(([name, text]) => [name, bytes(text)]));
  const found = files ? market(bytes(given.transcript), files, given.published) : null;
  if (found?.fault) return found.fault;
  return given.slips.map((slip) => check(slip, given.published, found));
}"""


@pytest.fixture(scope="module")
def page():
    """A page of an origin of its own that has nothing but the script."""
    with chromium.started() as browser:
        page = browser.new_page()
        page.route(f"{HOST}/", lambda route: route.fulfill(body="<!doctype html><title>-</title>", content_type="text/html"))
        page.route(f"{HOST}/mydraw.js", lambda route: route.fulfill(body=(STATIC / "mydraw.js").read_text(), content_type="text/javascript"))
        page.goto(f"{HOST}/")
        yield page


@pytest.fixture(scope="module")
def drawn():
    """A province of a thousand with cross-city draws, its files, and everybody's slip."""
    files = province(8, CANDIDATES)
    parsed = pool.parse(files)
    outcome = draw(parsed, SEEDS[0])
    found = outcome.transcript
    names = parsed.candidates.id
    slips = [slip(parsed, SEEDS[0], found["draw_id"], outcome.rows, name) for name in names]
    published = {"seed": SEEDS[0], "root": found["merkle_root"], "size": found["counts"]["rows"], "draw_id": found["draw_id"]}
    return files, slips, published


@pytest.fixture(scope="module")
def market(drawn):
    """The frozen files as they are published, and the transcript that names their digests."""
    parsed = pool.parse(drawn[0])
    transcript = draw(parsed, SEEDS[0]).files()["transcript.json"]
    files = {name: data.decode() for name, data in parsed.canonical().items()}
    return {"files": files, "transcript": transcript.decode()}, {"transcript": hashlib.sha256(transcript).hexdigest()}


def test_seats_and_distances_come_from_the_published_files(page, drawn, market) -> None:
    """A thousand slips, cross-city stages too: all options, seats and factors are those of the files."""
    _, slips, published = drawn
    files, digest = market
    answers = page.evaluate(CHECK_ALL, {"slips": slips, "published": published | digest, **files})
    assert all(part["ok"] for answer in answers for part in answer), next(part for answer in answers for part in answer if not part["ok"])
    stages = [stage for answer in answers for part in answer for stage in part["stages"]]
    assert len(stages) > CANDIDATES / 2 and all(stage["weighed"] for stage in stages)


def test_every_turned_weight_is_named(page, drawn, market) -> None:
    """Seats, factor, an option left out, another subject or district: found in the files even where the draw comes out the same."""
    _, slips, published = drawn
    files, digest = market
    chosen = [one for one in slips if one["parts"][0]["stages"] and one["parts"][0]["stages"][0]["draws"]][:40]

    def forged(change):
        made = copy.deepcopy(chosen)
        for one in made:
            stage = one["parts"][0]["stages"][0]
            change(stage, stage["draws"][0]["options"])
        return made

    def first(name, add):
        return lambda _, options: options[0].update({name: options[0][name] + add})

    def more_options(_, options):
        options.append({"site": "ZZZ", "seats": 1, "band": 1, "weight": 1})

    for what, change in (
        ("seats", first("seats", 1)), ("band", first("band", 1)), ("options", more_options),
        ("options", lambda stage, _: stage["sites"].append("ZZZ")), ("seats", lambda stage, _: stage.update(subject="no such subject")),
    ):  # fmt: skip
        answers = page.evaluate(CHECK_ALL, {"slips": forged(change), "published": published | digest, **files})
        for answer in answers:
            assert not answer[0]["ok"] and answer[0]["what"].startswith((what, "draw 1")), (what, answer[0])


def test_a_file_that_is_not_the_published_one_is_named_and_a_missing_one_is_no_fault(page, drawn, market) -> None:
    _, slips, published = drawn
    files, digest = market
    for name in ("sessions.csv", "points.csv", "districts.csv", "suspensions.csv"):
        changed = files | {"files": files["files"] | {name: files["files"][name] + "x"}}
        assert page.evaluate(CHECK_ALL, {"slips": slips[:1], "published": published | digest, **changed}) == name
        lacking = files | {"files": {other: text for other, text in files["files"].items() if other != name}}
        answers = page.evaluate(CHECK_ALL, {"slips": slips[:20], "published": published | digest, **lacking})
        assert all(part["ok"] and not any(stage["weighed"] for stage in part["stages"]) for answer in answers for part in answer)
    changed = files | {"transcript": files["transcript"].replace('"algorithm"', '"Algorithm"')}
    assert page.evaluate(CHECK_ALL, {"slips": slips[:1], "published": published | digest, **changed}) == "transcript.json"


def test_the_browser_agrees_with_the_python_verifier_on_a_thousand(page, drawn) -> None:
    files, slips, published = drawn
    instance = read(files)
    redraw = Redraw(instance, SEEDS[0])
    answers = page.evaluate(CHECK_ALL, {"slips": slips, "published": published})
    assert len(answers) == CANDIDATES
    draws = stages = 0
    for person, answer in zip(instance.people, answers, strict=True):
        assert [part["part"] for part in answer] == list(redraw.parts(person))
        for part in answer:
            assert part["ok"], part
            assert part["session"] == redraw.seat(person, part["part"])
            places = (stage[part["part"]][person.place] for stage in (redraw.home, redraw.away))
            tickets = [ticket for ticket in places if ticket is not None]
            assert [stage["lottery"] for stage in part["stages"]] == [ticket.digest[:8].hex() for ticket in tickets]
            assert [[draw["site"] for draw in stage["draws"]] for stage in part["stages"]] == [list(ticket.drawn) for ticket in tickets]
            stages += len(tickets)
            draws += sum(len(ticket.drawn) for ticket in tickets)
    assert draws > stages > CANDIDATES / 2


def test_any_change_of_a_slip_is_named(page, drawn) -> None:
    _, slips, published = drawn
    one = next(each for each in slips if each["parts"][0]["stages"] and len(each["parts"][0]["stages"][0]["draws"]) > 1)
    other = next(each for each in slips if each is not one)

    def changed(change) -> dict:
        made = copy.deepcopy(one)
        change(made, made["parts"][0])
        return made

    def swap_site(_, part) -> None:
        part["row"] = part["row"].replace('"seat"', '"full"', 1) if '"seat"' in part["row"] else part["row"].replace("K", "J", 1)

    cases = {
        "root": [
            changed(swap_site),
            changed(lambda _, part: part.update(row=part["row"] + " ")),
            changed(lambda _, part: part.update(place=part["place"] + 1)),
            changed(lambda _, part: part["path"].append("00" * 32)),
            changed(lambda _, part: part["path"].pop()),
            changed(lambda _, part: part["path"].reverse()),
            changed(lambda _, part: part.update(place=10**6)),
        ],
        "draw_id": [changed(lambda all_, _: all_.update(draw_id="another"))],
        "size": [changed(lambda all_, _: all_.update(size=all_["size"] + 1))],
        "format": [changed(lambda all_, _: all_.update(format="x")), {}, None, []],
        "draws": [changed(lambda _, part: part["stages"][0]["draws"].pop())],
        "stages": [changed(lambda _, part: part["stages"].pop())],
        "label": [changed(lambda _, part: part["stages"][0].update(label="Q"))],
        "options 2": [changed(lambda _, part: part["stages"][0]["draws"][1]["options"].pop(0))],
    }
    for what, given in cases.items():
        for answer in page.evaluate(CHECK_ALL, {"slips": given, "published": published}):
            assert (answer[0]["ok"], answer[0]["what"]) == (False, what)
    seed = hashlib.sha256(b"another").hexdigest()
    answer = page.evaluate(CHECK_ALL, {"slips": [other], "published": published | {"seed": seed}})[0]
    assert {part["what"] for part in answer if part["stages"]} == {"lottery"}


def test_weights_that_favour_a_site_do_not_give_the_same_draw(page, drawn) -> None:
    """Of a hundred slips with the other sites' weights turned up, those whose draw would differ are all named."""
    _, slips, published = drawn
    with_draws = [each for each in slips if each["parts"][0]["stages"] and each["parts"][0]["stages"][0]["draws"]]
    forged = []
    for each in with_draws[:100]:
        made = copy.deepcopy(each)
        first = made["parts"][0]["stages"][0]["draws"][0]
        for option in first["options"]:
            if option["site"] != first["site"]:
                option["band"] = 1 << 20
        forged.append((made, len(first["options"])))
    answers = page.evaluate(CHECK_ALL, {"slips": [made for made, _ in forged], "published": published})
    for (_, options), answer in zip(forged, answers, strict=True):
        assert options == 1 or answer[0]["what"].startswith("draw 1") or answer[0]["ok"]
    choices = sum(options > 1 for _, options in forged)
    assert choices > 30
    assert sum(not answer[0]["ok"] for answer in answers) >= choices * 0.95


def test_hashes_are_sha_256_for_all_lengths(page) -> None:
    texts = ["", "a", "考" * 40, *("x" * size for size in range(50, 130))]
    found = page.evaluate(
        """async (texts) => { const {sha256, hex} = await import("/mydraw.js");
        return texts.map((text) => hex(sha256(new TextEncoder().encode(text)))); }""",
        texts,
    )
    assert found == [hashlib.sha256(text.encode()).hexdigest() for text in texts]


def test_a_slip_names_no_more_than_its_rows(drawn) -> None:
    _, slips, _ = drawn
    assert set(slips[0]) == {"format", "draw_id", "size", "parts"}
    assert all(json.loads(part["row"])["cand"] == "K000" for part in slips[0]["parts"])
