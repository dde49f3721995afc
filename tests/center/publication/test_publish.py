"""Publishing: exactly what was previewed, by whom, once; what it replaces stays as history."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from kaopei.center.publication import actions, queries
from kaopei.center.publication.difference import difference
from kaopei.center.publication.models import Publication, PublicationRound
from kaopei.center.registry import actions as registry
from kaopei.office import scope
from kaopei.office.append_only import Frozen
from kaopei.office.audit.models import Event
from kaopei.office.refused import Refused
from tests.center.allocation.city import BASE, BODIES, OWNER, SITES, id_number
from tests.people import FOSHAN, NOW, PEOPLE, log_in

LATER = NOW + timedelta(days=1)


@pytest.fixture
def published(register, clerk):
    actions.publish("register", city=FOSHAN, by=clerk, at=NOW)
    return register


def suspend(number=BASE):
    days = {"from_day": LATER.date(), "to_day": LATER.date() + timedelta(days=100)}
    registry.suspend_site(number, city=FOSHAN, reason="经查考场监控多日不能使用，暂停考试业务整改。", by=PEOPLE["approver"].make(), at=LATER, **days)


def test_register_is_public_with_its_digest_and_one_event(published):
    at = NOW
    assert {row.object for row in queries.public("institution", at)} == set(BODIES)
    assert {row.object for row in queries.public("site", at)} == set(SITES)
    newest = queries.newest_round("register", at)
    assert newest.objects_public == len(BODIES) + len(SITES)
    events = Event.objects.filter(code="publication.published")
    assert [event.facts["new"] for event in events] == [len(BODIES) + len(SITES)]
    assert all(row.ground and row.since == at for row in queries.public("site", at))


def test_nothing_is_public_before_it_was_published(register):
    assert queries.public("institution", NOW) == []
    assert queries.counts(NOW) == {}


def test_same_register_again_changes_nothing_that_day_and_is_noted_the_next(published, clerk):
    again = actions.publish("register", city=FOSHAN, by=clerk, at=NOW + timedelta(hours=1))
    assert not again.changes and PublicationRound.objects.count() == 1
    actions.publish("register", city=FOSHAN, by=clerk, at=LATER)
    first, second = PublicationRound.objects.order_by("at")
    assert first.digest == second.digest
    assert Publication.objects.filter(version__gt=1).count() == 0


def test_change_is_a_new_version_and_the_old_one_stays_readable_as_of_its_day(published, clerk):
    suspend()
    found = difference("register", FOSHAN, LATER)
    assert [(change.object, change.what) for change in found.changes] == [(BASE, "changed")]
    actions.publish("register", city=FOSHAN, digest=found.digest, by=clerk, at=LATER)
    now, before = (queries.one("site", BASE, at) for at in (LATER, NOW))
    assert (now.version, len(now.content["measures"])) == (2, 1)
    assert (before.version, before.content["measures"], before.until) == (1, [], LATER)
    assert [row.version for row in queries.versions("site", BASE, LATER, city=FOSHAN)] == [2, 1]


def test_preview_that_has_grown_old_is_refused_and_nothing_is_published(published, clerk):
    seen = difference("register", FOSHAN, NOW).digest
    suspend()
    with pytest.raises(Refused, match="预览以后内容又有变动"):
        actions.publish("register", city=FOSHAN, digest=seen, by=clerk, at=LATER)
    assert queries.one("site", BASE, LATER).version == 1


def test_why_a_site_is_suspended_and_mobile_numbers_are_not_public(register, clerk):
    suspend()
    actions.publish("register", city=FOSHAN, by=clerk, at=LATER)
    text = str([row.content for row in queries.public("site", LATER)])
    assert "监控多日" not in text and LATER.date().isoformat() in text


@pytest.mark.parametrize(("phone", "shown"), [("0757-83118743", "0757-83118743"), ("13800138000", ""), ("83118743", "83118743"), ("", "")])
def test_only_office_telephones_are_public(register, clerk, phone, shown):
    from kaopei.center.registry.models import Registration

    Registration.objects.filter(institution__code=OWNER).update(phone=phone)
    actions.publish("register", city=FOSHAN, by=clerk, at=NOW)
    assert queries.one("institution", OWNER, NOW).content["phone"] == shown


def test_two_publications_differ_word_for_word(published, clerk, client):
    suspend()
    actions.publish("register", city=FOSHAN, by=clerk, at=LATER)
    (one,) = queries.between(("institution", "site"), NOW, LATER, FOSHAN)
    assert (one.what, one.object, [name for name, *_ in one.words]) == ("changed", BASE, ["measures"])
    log_in(client, PEOPLE["clerk"])
    page = client.get("/publication/register/changes/").content.decode()
    assert BASE in page and "暂停等措施" in page
    assert client.get("/publication/nonsense/changes/").status_code == 404


def test_calendar_names_no_candidate_and_a_sitting_that_is_dropped_is_gone(register, clerk):
    from kaopei.center.allocation.models import Sitting

    actions.publish("calendar", city=FOSHAN, by=clerk, at=NOW)
    rows = queries.public("sitting", NOW)
    assert rows and set(rows[0].content) >= {"day", "start", "end", "seats", "site_name", "operations"}
    assert not any(key == "name" or "placed" in key for key in rows[0].content)
    dropped = rows[0].object
    Sitting.objects.filter(number=dropped).delete()
    actions.publish("calendar", city=FOSHAN, by=clerk, at=LATER)
    assert queries.one("sitting", dropped, LATER) is None
    assert queries.one("sitting", dropped, NOW) is not None


@pytest.mark.parametrize("who", ["approver", "institution", "province", "auditor"])
def test_only_a_clerk_publishes(register, who):
    with pytest.raises(Refused):
        actions.publish("register", city=FOSHAN, by=PEOPLE[who].make(), at=NOW)
    assert Publication.objects.count() == 0


@pytest.mark.parametrize("where", ["", "*"])
def test_publishing_needs_a_city(register, clerk, where):
    with pytest.raises(Refused, match="请先选定城市"):
        actions.publish("register", city=where, by=clerk, at=NOW)


def test_another_citys_clerk_can_neither_see_nor_write_them(published, clerk):
    with scope.entered("440100"):
        assert queries.listed().count() == 0
        actions.publish("register", city="440100", by=PEOPLE["clerk_gz"].make(), at=NOW)
        assert queries.listed().count() == 0
    with scope.entered("440100"), pytest.raises(DatabaseError), transaction.atomic():
        Publication.objects.create(city=FOSHAN, kind="site", object="x", version=1, content={}, digest="", ground="N1.2.5", since=NOW)


def test_published_words_never_change(published):
    row = Publication.objects.filter(kind="site").first()
    for change in ({"content": {}}, {"digest": "0" * 64}, {"since": LATER}, {"version": 9}, {"ground": "N9"}, {"status": "lapsed", "object": "x"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Publication.objects.filter(pk=row.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        row.delete()
    with pytest.raises(Frozen):
        PublicationRound.objects.all().delete()


def test_a_step_back_is_refused(published, clerk):
    row = actions.withdraw(Publication.objects.filter(kind="site").first(), reason="该考试点地址登记有误，先行撤下核实。", by=clerk, at=LATER)
    for status in ("public", "superseded", "lapsed"):
        with pytest.raises(DatabaseError), transaction.atomic():
            Publication.objects.filter(pk=row.pk).update(status=status, withdrawn_because="")


def test_withdrawn_disappears_with_a_reason_and_is_not_offered_again(published, clerk):
    row = Publication.objects.get(kind="site", object=BASE)
    with pytest.raises(Refused, match="理由"):
        actions.withdraw(row, reason="不妥", by=clerk, at=LATER)
    actions.withdraw(row, reason="该考试点地址登记有误，先行撤下核实。", by=clerk, at=LATER)
    assert queries.one("site", BASE, NOW) is None and queries.one("site", BASE, LATER) is None
    found = difference("register", FOSHAN, LATER)
    assert not found.changes and [draft.object for draft in found.held_back] == [BASE]
    with pytest.raises(Refused, match="不需要撤回"):
        actions.withdraw(row, reason="该考试点地址登记有误，再次撤下核实。", by=clerk, at=LATER)
    suspend()
    assert [change.object for change in difference("register", FOSHAN, LATER).changes] == [BASE]
    actions.publish("register", city=FOSHAN, by=clerk, at=LATER)
    assert queries.one("site", BASE, LATER).version == 2


@pytest.mark.parametrize(("field", "value"), [("address", id_number(7)), ("name", "13800138000"), ("district", "138 0013 8000")])
def test_number_of_a_person_in_any_field_stops_the_whole_round(register, clerk, field, value):
    """Somebody typed it into the wrong column of the register."""
    from kaopei.center.registry.models import Registration

    Registration.objects.filter(institution__code=OWNER).update(**{field: value})
    with pytest.raises(Refused, match=f"培训机构 {OWNER}.*遮盖个人信息") as refused:
        actions.publish("register", city=FOSHAN, by=clerk, at=NOW)
    assert value not in str(refused.value)
    assert Publication.objects.count() == 0 and Event.objects.filter(code="publication.published").count() == 0


def test_preview_says_what_nobody_can_compare_by_yet(register):
    from kaopei.center.publication import masking

    found = difference("register", FOSHAN, NOW)
    told = dict(masking.lacking(found.drafts, NOW.date()))
    registered = sum(state == "已登记" for _, state in BODIES.values())
    assert told == {"公布的内容缺少：教师": registered}
