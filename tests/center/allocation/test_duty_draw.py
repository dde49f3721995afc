"""The draw of duties in the center: two commitments, a frozen input, a record that anybody runs again, replacements by the same seed."""

import datetime as dt
import json

import pytest

from kaopei.center import commands
from kaopei.center.allocation import actions, duty_record
from kaopei.center.allocation.models import DutyPlace, DutyRoster, Sitting
from kaopei.center.allocation.queries import duty as queries
from kaopei.center.applications import actions as intake
from kaopei.center.registry import taking
from kaopei.center.registry.entries import RelationEntry, StaffEntry
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.refused import Refused
from tests.center.packs import LOW, Pack, id_number
from tests.people import NOW, PEOPLE, Person, log_in

pytestmark = pytest.mark.django_db
CITY, DAY = "440600", dt.date(2026, 12, 7)
ROLES = {"监考": 9, "巡考": 3, "系统维护": 3, "考评": 1}


@pytest.fixture
def month(province):
    """Three sites, two sittings a day each, sixteen people; one invigilator is tied to the first site."""
    made = Pack()
    made.sheets["考试点"][1] |= {"类型": "校内考试点"}
    intake.confirm(intake.receive(made.files(), by=SYSTEM, at=NOW), by=SYSTEM, at=NOW)
    for site in ("440601", "440602", "440603"):
        for hour in (9, 14):
            Sitting.objects.create(
                city=CITY, number=f"{site}-1207-{hour:02d}", batch="440600-2026-12", site=site, day=DAY, start=dt.time(hour),
                end=dt.time(hour + 2), part="T", subjects=[LOW], seats=30,
            )  # fmt: skip
    posts = [post for post, count in ROLES.items() for _ in range(count)]
    numbers = [id_number("4406", dt.date(1980, 1, 1 + at), True, at) for at in range(len(posts))]
    staff = [
        StaffEntry(number, "曹新", post, True, "", dt.date(2026, 3, 1), "2025合格", True, True) for number, post in zip(numbers, posts, strict=True)
    ]
    taking.staff(staff, CITY, NOW.date(), "名册", NOW)
    taking.relations([RelationEntry(numbers[0], "任职", "440601", None, dt.date(2020, 1, 1), None, True)], CITY, "关系表", NOW)
    return {name: PEOPLE[name].make() for name in ("clerk", "approver")} | {"tied": taking.person_of(numbers[0])}


def announced(month, kind="staff", choose=None):
    return actions.announce_duties(kind, DAY, DAY, choose=choose, city=CITY, by=month["clerk"], at=NOW)


def drawn(month, *args):
    row = announced(month, *args)
    actions.commit_duties(row.number, by=month["approver"], at=NOW)
    actions.freeze_duties(row.number, by=month["clerk"], at=NOW)
    return actions.draw_duties(row.number, by=month["approver"], at=NOW)


def test_tied_person_serves_elsewhere_and_everything_is_filled(month):
    row = drawn(month)
    places = list(row.places.all())
    assert len(places) == 6 * 2 + 3 * 2 and not [one for one in places if not one.person]
    assert not [one for one in places if one.person == month["tied"] and one.site == "440601"]
    busy = [(one.person, one.day, one.start) for one in places]
    assert len(busy) == len(set(busy))
    (verdict,) = [one for one in queries.judged(CITY, "440601-1207-09", "监考") if one.grounds]
    assert verdict.person.id_number == month["tied"] and verdict.grounds[0].paths == ("任职>440601",)


def test_steps_keep_their_order_and_their_people(month):
    row = announced(month)
    for act, who in ((actions.freeze_duties, "clerk"), (actions.draw_duties, "approver")):
        with pytest.raises(Refused, match="现在不能办"):
            act(row.number, by=month[who], at=NOW)
    both = Person("both", "兼任", ("clerk",)).make()
    with pytest.raises(Refused):
        actions.commit_duties(row.number, by=both, at=NOW)
    actions.commit_duties(row.number, by=month["approver"], at=NOW)
    with pytest.raises(Refused, match="没有岗位"):
        other = actions.announce_duties("staff", dt.date(2027, 1, 4), dt.date(2027, 1, 5), choose=None, city=CITY, by=month["clerk"], at=NOW)
        actions.commit_duties(other.number, by=month["approver"], at=NOW)
        actions.freeze_duties(other.number, by=month["clerk"], at=NOW)


def test_replacement_is_the_next_by_the_seed_and_never_a_tied_person(month):
    row = drawn(month)
    place = row.places.filter(role="监考", site="440601").first()
    gone = place.person
    seen = {gone}
    for _ in range(ROLES["监考"]):
        made = actions.replace_duty(place, reason="临时生病住院", by=month["clerk"], at=NOW)
        place.refresh_from_db()
        if not made.into:
            break
        assert made.into not in seen | {month["tied"]}
        seen.add(made.into)
    assert place.person == "" and queries.gaps(row)[0][0].pk == place.pk
    with pytest.raises(Refused, match="空缺"):
        actions.replace_duty(place, reason="临时生病住院", by=month["clerk"], at=NOW)


def test_school_sites_and_who_visits_them_come_from_one_seed(month):
    with pytest.raises(Refused, match="双随机"):
        announced(month, "patrol")
    row = drawn(month, "patrol", 1)
    (place,) = row.places.all()
    assert place.site == "440602" and place.role == "巡考" and place.person


def test_record_runs_again_and_any_change_is_found(month, client, tmp_path, capsys):
    row = drawn(month)
    log_in(client, PEOPLE["clerk"])
    content = client.get(f"/allocation/rosters/{row.number}/record.json").content
    file = tmp_path / "record.json"
    file.write_bytes(content)
    assert commands.roster_verify(file) == 0 and "一致" in capsys.readouterr().out
    said = json.loads(content)
    changes = {
        "结果第 1 条": {"result": [[said["result"][0][0], said["result"][0][1], "x"], *said["result"][1:]]},
        "种子不是": {"seed": "00" * 32},
        "承诺不符": {"secrets": said["secrets"] | {"first": "00" * 32}},
        "摘要不符": {"input": said["input"] | {"choose": 2}},
        "不是完整": {"secrets": {}},
    }
    for words, changed in changes.items():
        with pytest.raises(duty_record.BadRecord, match=words):
            duty_record.check(duty_record.encode(said | changed))
    with pytest.raises(duty_record.BadRecord, match="不是完整"):
        duty_record.check(content[:-40])


def test_pages_lead_through_the_steps(month, client):
    log_in(client, PEOPLE["clerk"])
    said = {"kind": "staff", "first": "2026-12-07", "last": "2026-12-07"}
    assert client.post("/allocation/rosters/", said).status_code == 302
    row = DutyRoster.objects.get()
    home = f"/allocation/rosters/{row.number}/"
    assert client.get(f"{home}record.json").status_code == 404
    assert client.post(f"{home}step/", {"what": "commit"}).status_code == 409
    client.logout()
    log_in(client, PEOPLE["approver"])
    client.post(f"{home}step/", {"what": "commit"})
    client.logout()
    log_in(client, PEOPLE["clerk"])
    client.post(f"{home}step/", {"what": "freeze"})
    client.logout()
    log_in(client, PEOPLE["approver"])
    client.post(f"{home}step/", {"what": "draw"})
    page = client.get(home).content.decode()
    assert "排班" in page and DutyPlace.objects.count() == 18 and "曹*" in page and "曹新" not in page
    verdicts = client.get(f"{home}judged/?sitting=440601-1207-09&role=监考").content.decode()
    assert "R1" in verdicts and "任职&gt;440601" in verdicts
    client.logout()
    log_in(client, PEOPLE["clerk_gz"])
    assert client.get(home).status_code == 404
