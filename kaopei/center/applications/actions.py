"""What changes intakes and applications."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from kaopei.center.applications import decisions, filing
from kaopei.center.applications.models import Application, Batch, Decision, DecisionStep, Intake, PracticalEntry, Ruling, Unmasking
from kaopei.center.applications.pack import Delivery, Pack
from kaopei.center.applications.pseudonyms import pseudonym
from kaopei.center.registry import actions as registry
from kaopei.center.training.actions import syllabus as training
from kaopei.law.decision import SYSTEM as SYSTEM_NAME
from kaopei.law.decision import Decision as Decided
from kaopei.law.verdict import refuse
from kaopei.office import ids
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, nothing_changed, records
from kaopei.office.clock import CHINA
from kaopei.office.refused import Refused

REASON_LENGTH = 10


@records("applications.received", act="applications.intake")
def receive(delivery: Delivery | Pack, *, city: str = "", batch: str = "", by: Actor, at: dt.datetime) -> Intake:
    """二（六） N0.2: judge a pack and keep it with its verdicts; nothing else changes before it is confirmed.

    A pack that means the same as the latest one of its batch is that one. `batch` is named for a correction, which may bring only
    the workbooks that changed.
    """
    pack, judgement = filing.judged(delivery, city, batch, at)
    known = filing.same(filing.batch_number(judgement), pack.digest)
    if known is not None:
        nothing_changed()
        return known
    made = filing.store(pack, judgement, by, at)
    made.judgement = judgement  # so that one who confirms at once need not judge again
    event(
        obj=f"intake:{made.number}",
        city=made.city,
        digest=made.digest,
        counts=made.counts,
        files=dict(pack.digests()),
        rules=made.rules,
    )
    return made


@records("applications.confirmed", act="applications.intake")
def confirm(intake: Intake, *, by: Actor, at: dt.datetime) -> Intake:
    """二（六）: carry an intake out, all of it in one transaction: register, syllabus, applications. Frozen applications stay as they are."""
    batch = Batch.objects.select_for_update().get(pk=intake.batch_id)
    current = Intake.objects.select_for_update().get(pk=intake.pk)
    if current.status == Intake.Status.CONFIRMED:
        nothing_changed()
        return current
    if current.status != Intake.Status.JUDGED:
        raise Refused(refuse("N2.6.2", f"受理 {current.number} 已作废，请使用最新一次上传的表格。", "set_aside"))
    judgement = intake.judgement or filing.again(current)
    day = min(at.date(), batch.first_day)
    source = f"受理 {current.number}"
    lists = registry.Lists(judgement.institutions, judgement.sites, judgement.practical, judgement.ties, judgement.staff)
    registry.take_lists(lists, city=batch.city, day=day, source=source, by=by, at=at)
    hours_source = f"{batch.city} 大纲学时表（{source}）"
    training.enter_hours(judgement.syllabus, city=batch.city, day=day, source=hours_source, by=by, at=at)
    changed = filing.apply(batch, current, judgement)
    filing.close(batch, current, judgement, changed, by, at)
    event(obj=f"intake:{current.number}", city=batch.city, digest=current.digest, changed=changed)
    return current


@records("applications.set_aside", act="applications.intake")
def set_aside(intake: Intake, *, by: Actor, at: dt.datetime) -> None:
    """An intake that waits for confirmation is not wanted; it stays on record."""
    done = Intake.objects.filter(pk=intake.pk, status=Intake.Status.JUDGED).update(status=Intake.Status.SET_ASIDE)
    if not done:
        raise Refused(refuse("N2.6.2", f"受理 {intake.number} 已确认或已作废，不能再作废。", "status"))
    event(obj=f"intake:{intake.number}", city=intake.city, digest=intake.digest)


@records("applications.decided", act="applications.decide")
def decide(application: Application, decision: str, *, reason: str, by: Actor, at: dt.datetime) -> Ruling:
    """一（三） N1.3.11: a person decides a held row, with a reason; accepted ones go forward from here, refused ones do not."""
    row = Application.objects.select_for_update().select_related("batch", "row").get(pk=application.pk)
    if row.decision != Decision.HOLD:
        raise Refused(refuse("N1.3.11", f"序号 {row.serial} 目前是“{row.get_decision_display()}”，不是待定，不需要再决定。", "not_held"))
    if decision not in (Decision.ACCEPT, Decision.REFUSE):
        raise Refused(refuse("N1.3.11", "请选择“受理”或“不予受理”。", "decision"))
    if len(reason.strip()) < REASON_LENGTH:
        raise Refused(refuse("N1.3.11", f"请写明核实情况和理由（不少于 {REASON_LENGTH} 个字）。", "reason_short"))
    made = Ruling.objects.create(
        city=row.city,
        number=f"{row.city}-{at.year}-{ids.next_number('ruling', row.city, at.year):05d}",
        application=row,
        row=row.row,
        decision=decision,
        reason=reason.strip(),
        decided_by=by.username,
        decided_at=at,
    )
    row.decision = decision
    if decision == Decision.ACCEPT and not row.pseudonym:
        row.pseudonym = pseudonym(row.batch.number, row.serial)
    row.save(update_fields=["decision", "pseudonym"])
    event(obj=f"application:{row.batch.number}:{row.pk}", city=row.city, decision=decision, ruling=made.number, codes=row.row.codes)
    return made


@records("applications.step_recorded", act="applications.answer")
def record_step(
    application: Application, kind: str, *, on: dt.date, text: str, proof: str = "", upheld: bool | None = None, by: Actor, at: dt.datetime
) -> DecisionStep:
    """三 N3.0.7: what happened to the decision on an application: service with its proof, the person's statement, another person's review."""
    row = Application.objects.select_for_update().select_related("batch", "row__intake__batch").get(pk=application.pk)
    made = decisions.of(row)
    if made is None:
        raise Refused(refuse("N3.0.7", f"序号 {row.serial} 没有不予受理或待定的决定，不需要记录。", "no_decision"))
    if not text.strip() or (kind == DecisionStep.Kind.SERVICE and not proof.strip()):
        raise Refused(refuse("N3.0.7", "请写明内容；送达还须写明凭证编号。", "step_empty"))
    if not made.decided_on <= on <= at.astimezone(CHINA).date():
        raise Refused(refuse("N3.0.7", f"日期须在决定日 {made.decided_on} 和今日之间。", "step_day"))
    if row.steps.filter(number=made.number, kind=kind).exists():
        raise Refused(refuse("N3.0.7", f"决定 {made.number} 的{DecisionStep.Kind(kind).label}已经记录，不能改写。", "step_again"))
    if kind == DecisionStep.Kind.REVIEW:
        _may_review(made, on, upheld, by)
    step = DecisionStep.objects.create(
        city=row.city, application=row, number=made.number, kind=kind, on=on, text=text.strip(),
        proof=proof.strip() if kind == DecisionStep.Kind.SERVICE else "",
        upheld=upheld if kind == DecisionStep.Kind.REVIEW else None,
        recorded_by=by.username, recorded_at=at,
    )  # fmt: skip
    event(obj=f"application:{row.batch.number}:{row.pk}", city=row.city, decision=made.number, digest=made.digest, step=kind)
    return step


def _may_review(made: Decided, on: dt.date, upheld: bool | None, by: Actor) -> None:
    """Another human being than who decided, with a result, after the person has spoken or could have."""
    if by.username in (made.decided_by, SYSTEM_NAME):
        raise Refused(refuse("N3.0.7", f"复核须由作出决定的 {made.decided_by} 以外的人作出。", "own_review"))
    if upheld is None:
        raise Refused(refuse("N3.0.7", "请选择维持或不维持。", "no_result"))
    if made.statement is None and on <= made.answer_by:
        raise Refused(refuse("N3.0.7", f"本人尚未陈述，期限 {made.answer_by} 未过，不能复核。", "not_heard"))
    if made.statement is not None and on < made.statement.on:
        raise Refused(refuse("N3.0.7", f"复核日期早于陈述日期 {made.statement.on}。", "step_day"))


@records("applications.unmasked", act="applications.decide")
def unmask(application: Application, *, reason: str, by: Actor, at: dt.datetime) -> None:
    """Personal data is shown whole only to somebody who has said why; the reason stays encrypted beside the application."""
    if len(reason.strip()) < REASON_LENGTH:
        raise Refused(refuse("N1.3.11", f"查看完整信息须写明理由（不少于 {REASON_LENGTH} 个字）。", "reason_short"))
    made = Unmasking.objects.create(city=application.city, application=application, reason=reason.strip(), seen_by=by.username, seen_at=at)
    event(obj=f"application:{application.batch.number}:{application.pk}", city=application.city, unmasking=made.pk)


@records("applications.frozen", act="applications.freeze")
def freeze(number: str, pseudonyms: Collection[str], *, draw: str, by: Actor, at: dt.datetime) -> int:
    """二（三）: these applications now belong to a draw; corrections no longer change them."""
    wanted = set(pseudonyms)
    free = Application.objects.filter(batch__number=number, decision=Decision.ACCEPT, frozen_in="", pseudonym__in=wanted)
    done = free.update(frozen_in=draw)
    if done != len(wanted):
        raise Refused(refuse("N2.3.2", f"有 {len(wanted) - done} 份报名已改变或已属于另一次抽签，请重新生成抽签名单。", "changed"))
    event(obj=f"batch:{number}", draw=draw, applications=done)
    return done


@records("applications.released", act="applications.freeze")
def release(number: str, *, draw: str, by: Actor, at: dt.datetime) -> int:
    """二（三）: a freeze was withdrawn before its draw; its applications may be corrected again."""
    done = Application.objects.filter(batch__number=number, frozen_in=draw).update(frozen_in="")
    event(obj=f"batch:{number}", draw=draw, applications=done)
    return done


@dataclass(frozen=True, slots=True)
class Chance:
    """Who may sit the practical: the pseudonym of the result that leads there, why, and the theory it rests on."""

    attempt: str
    ground: str
    theory_on: dt.date
    counts_until: dt.date
    # Of somebody who comes on the list again
    reason: str = ""


@records("applications.practical_entered", act="applications.practical")
def enter_practical(chances: Collection[Chance], *, source: str, city: str, by: Actor, at: dt.datetime) -> list[PracticalEntry]:
    """二（六） N2.6.2: these may be drawn to a practical exam, each under a fresh pseudonym; the same result leads there once."""
    made = []
    for one in sorted(chances, key=lambda chance: chance.attempt):
        row = _application_of(one.attempt)
        before = list(row.practicals.values_list("status", "source", "attempt"))
        known = one.ground != PracticalEntry.Ground.AGAIN and any(came_by == [source, one.attempt] for _, *came_by in before)
        if known or any(status == PracticalEntry.Status.WAITING for status, *_ in before):
            continue
        made.append(
            PracticalEntry.objects.create(
                city=row.city, application=row, pseudonym=pseudonym(row.batch.number, f"{row.serial}#P{len(before) + 1}"),
                ground=one.ground, theory_on=one.theory_on, counts_until=one.counts_until, source=source, attempt=one.attempt, reason=one.reason,
                entered_by=by.username, entered_at=at,
            )
        )  # fmt: skip
    if not made:
        nothing_changed()
        return made
    event(obj=f"sitting:{source}", city=city, entered=len(made), grounds=sorted({one.ground for one in made}))
    return made


def _application_of(name: str) -> Application:
    """The application behind a pseudonym; locked, so that two releases at once enter nobody twice."""
    entry = PracticalEntry.objects.filter(pseudonym=name).first()
    rows = Application.objects.select_for_update(of=("self",)).select_related("batch")
    return rows.get(pk=entry.application_id) if entry else rows.get(pseudonym=name)


@records("applications.practical_closed", act="applications.practical")
def close_practical(pseudonyms: Collection[str], *, reason: str, city: str, by: Actor, at: dt.datetime) -> int:
    """二（六） N2.6.2: these wait no longer, with the reason; whom a draw has frozen leaves by a change of that draw."""
    if len(reason.strip()) < REASON_LENGTH:
        raise Refused(refuse("N2.6.2", f"请写明理由（不少于 {REASON_LENGTH} 个字）。", "reason_short"))
    wanted = set(pseudonyms)
    rows = list(PracticalEntry.objects.select_for_update().filter(city=city, pseudonym__in=wanted, status=PracticalEntry.Status.WAITING))
    if not wanted or len(rows) != len(wanted):
        text = f"有 {len(wanted) - len(rows)} 人不在待抽签的实操名单里：可能已进入抽签（退出须在增量抽签里登记），请刷新后再办。"
        raise Refused(refuse("N2.6.2", text, "changed"))
    for row in rows:
        row.status, row.reason = PracticalEntry.Status.CLOSED, reason.strip()
        row.save(update_fields=["status", "reason"])
    event(obj=f"city:{city}", city=city, closed=len(rows))
    return len(rows)


@records("applications.practical_frozen", act="applications.freeze")
def freeze_practical(pseudonyms: Collection[str], *, draw: str, city: str, by: Actor, at: dt.datetime) -> int:
    """二（三） N2.3.2: these of the practical list now belong to a draw."""
    wanted = set(pseudonyms)
    waiting = PracticalEntry.objects.filter(city=city, pseudonym__in=wanted, status=PracticalEntry.Status.WAITING)
    done = waiting.update(status=PracticalEntry.Status.FROZEN, frozen_in=draw)
    if done != len(wanted):
        raise Refused(refuse("N2.3.2", f"实操名单有 {len(wanted) - done} 人已改变或已属于另一次抽签，请重新申请冻结。", "changed"))
    event(obj=f"draw:{draw}", city=city, draw=draw, entries=done)
    return done
