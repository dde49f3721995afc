"""二（五） The draw of duties: two commitments, the input frozen, the seed, and replacements by the same seed."""

import datetime as dt
import json
import secrets

from kaopei.center.allocation import duty_record
from kaopei.center.allocation.models import DutyPlace, DutyReplacement, DutyRoster
from kaopei.center.allocation.queries import duty as queries
from kaopei.law.verdict import refuse
from kaopei.lottery import duty as core
from kaopei.lottery import seed as lots
from kaopei.office import ids
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.office.clock import CHINA
from kaopei.office.refused import Refused

CLAUSE = "N2.5.1"
Kind, Status = DutyRoster.Kind, DutyRoster.Status


@records("allocation.duty_announced", act="allocation.duty")
def announce_duties(kind: str, first: dt.date, last: dt.date, *, choose: int | None, city: str, by: Actor, at: dt.datetime) -> DutyRoster:
    """Announce a draw of duties with the first commitment; its secret is made here and kept encrypted."""
    if last < first or (last - first).days > 92:
        raise Refused(refuse(CLAUSE, "止日不得早于起日，一次至多三个月。", "days"))
    if (kind == Kind.PATROL) != bool(choose):
        raise Refused(refuse("N2.3.8", "双随机巡查请填写抽取几个校内考试点；派员不填。", "choose"))
    year = at.astimezone(CHINA).year
    number = f"{city}-{year}-PB{ids.next_number('duty', city, year):04d}"
    secret = secrets.token_hex(32)
    row = DutyRoster.objects.create(
        city=city, number=number, kind=kind, first_day=first, last_day=last, choose=choose, first_secret=secret,
        first_commitment=lots.commitment(duty_record.FIRST, number, secret), first_by=by.username, announced_at=at,
    )  # fmt: skip
    event(obj=f"duty:{number}", city=city, kind=kind, commitment=row.first_commitment)
    return row


@records("allocation.duty_committed", act="allocation.duty_second")
def commit_duties(number: str, *, by: Actor, at: dt.datetime) -> DutyRoster:
    """Another person commits, before anything is frozen."""
    row = _at(number, Status.ANNOUNCED)
    if by.username == row.first_by:
        raise Refused(refuse(CLAUSE, "第二份承诺须由公告人以外的人作出。", "self"))
    row.second_secret = secrets.token_hex(32)
    row.second_commitment = lots.commitment(duty_record.SECOND, number, row.second_secret)
    row.second_by, row.status = by.username, Status.COMMITTED
    row.save()
    event(obj=f"duty:{number}", city=row.city, commitment=row.second_commitment)
    return row


@records("allocation.duty_frozen", act="allocation.duty")
def freeze_duties(number: str, *, by: Actor, at: dt.datetime) -> DutyRoster:
    """Posts, people and recusal stand as they are now; the digest is what the seed is bound to."""
    row = _at(number, Status.COMMITTED)
    frozen = queries.frozen(row)
    if not frozen["roles"]:
        what = "校内考试点没有场次" if row.kind == Kind.PATROL else "这些日子没有场次"
        raise Refused(refuse(CLAUSE, f"{what}，没有岗位可以抽签。请先按考试计划生成场次。", "no_posts"))
    row.input = duty_record.encode(frozen)
    row.input_digest, row.status, row.frozen_at = duty_record.digest(bytes(row.input)), Status.FROZEN, at
    row.save()
    event(obj=f"duty:{number}", city=row.city, digest=row.input_digest, posts=sum(len(one["posts"]) for one in frozen["roles"].values()))
    return row


@records("allocation.duty_drawn", act="allocation.duty_second")
def draw_duties(number: str, *, by: Actor, at: dt.datetime) -> DutyRoster:
    """Both secrets are opened, the seed follows, and the places are filled; what nobody may fill stays empty."""
    row = _at(number, Status.FROZEN)
    content = bytes(row.input)
    row.seed = duty_record.seed_of(number, row.input_digest, row.first_secret, row.second_secret)
    rows = duty_record.draw(json.loads(content), row.seed)
    DutyPlace.objects.bulk_create(
        DutyPlace(
            city=row.city, roster=row, position=at_, sitting=post[0], site=post[1], day=dt.date.fromisoformat(post[2]),
            start=dt.time.fromisoformat(post[3]), end=dt.time.fromisoformat(post[4]), role=role, person=person,
        )
        for at_, (role, post, person) in enumerate(rows, start=1)
    )  # fmt: skip
    row.status, row.drawn_at = Status.DRAWN, at
    row.save()
    event(obj=f"duty:{number}", city=row.city, seed=row.seed, digest=row.input_digest, places=len(rows), unfilled=sum(not one[2] for one in rows))
    return row


@records("allocation.duty_replaced", act="allocation.duty")
def replace_duty(place: DutyPlace, *, reason: str, by: Actor, at: dt.datetime) -> DutyReplacement:
    """Somebody cannot come: the next by load and seed among those who may serve now and are free at that hour; else the place is empty."""
    row = DutyRoster.objects.select_for_update().get(pk=place.roster_id)
    place = DutyPlace.objects.get(pk=place.pk)
    if not place.person:
        raise Refused(refuse(CLAUSE, "这个岗位本来就空缺，没有人可以替换。", "empty"))
    if len(reason.strip()) < 5:
        raise Refused(refuse(CLAUSE, "请写明不能到岗的原因（不少于 5 个字）。", "reason"))
    gone = {place.person, *place.replacements.values_list("out", flat=True)}
    mine = list(DutyPlace.objects.filter(roster=row, role=place.role).exclude(person=""))
    busy = {one.person for one in mine if one.day == place.day and one.start < place.end and place.start < one.end}
    load = {one.person: sum(other.person == one.person for other in mine) for one in mine}
    able = [one.person.id_number for one in queries.judged(row.city, place.sitting, place.role) if not one.grounds]
    free = sorted(set(able) - busy - gone, key=lambda person: (load.get(person, 0), core.order_key(row.seed, place.role, person)))
    into = free[0] if free else ""
    made = DutyReplacement.objects.create(city=row.city, place=place, out=place.person, into=into, reason=reason.strip()[:300], by=by.username, at=at)
    place.person = into
    place.save(update_fields=["person"])
    event(obj=f"duty:{row.number}", city=row.city, place=place.position, filled=bool(into))
    return made


def _at(number: str, status: str) -> DutyRoster:
    row = DutyRoster.objects.select_for_update().filter(number=number).first()
    if row is None or row.status != status:
        state = row.get_status_display() if row else "没有这次排班抽签"
        raise Refused(refuse(CLAUSE, f"{number}：{state}，现在不能办这一步。请刷新后按步骤条办理。", "state"))
    return row
