"""Writes of publications: publish what was previewed, withdraw one statement."""

import hashlib
from datetime import datetime

from kaopei.center.publication import masking
from kaopei.center.publication.difference import Change, Difference, difference
from kaopei.center.publication.drafts import GROUPS
from kaopei.center.publication.models import Publication, PublicationRound, PublishedFile
from kaopei.law.verdict import refuse
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, nothing_changed, records
from kaopei.office.clock import CHINA
from kaopei.office.refused import Refused
from kaopei.office.scope import PROVINCE
from kaopei.parcel import canonical

Status = Publication.Status
SHORTEST_REASON = 10


@records("publication.published", act="publication.publish")
def publish(group: str, *, city: str, digest: str = "", by: Actor, at: datetime) -> Difference:
    """一（二） N1.2.5: make public what the group's preview shows, in one transaction; `digest` is that of the preview, if one was read.

    What is replaced keeps its row with the moment until which it was public. Statements whose time is over lapse on the way.
    """
    if group not in GROUPS:
        raise Refused(refuse("N1.2.5", f"没有可公布的类别“{group}”。", "kind"))
    if city in ("", PROVINCE):
        raise Refused(refuse("N1.2.5", "请先选定城市：名单由各市公布。", "city"))
    kinds = GROUPS[group].kinds
    held = list(Publication.objects.select_for_update().filter(city=city, kind__in=kinds, status=Status.PUBLIC))
    lapsed = [row for row in held if row.until is not None and row.until <= at]
    for row in lapsed:
        _end(row, Status.LAPSED)
    found = difference(group, city, at)
    if digest and digest != found.digest:
        raise Refused(refuse("N1.2.5", "预览以后内容又有变动，没有公布。请重新打开预览，核对后再公布。", "changed"))
    if not found.changes and not lapsed and _published_on(group, city, at):
        nothing_changed()
        return found
    verdict = masking.judge(change.draft for change in found.changes if change.draft)
    if not verdict.allowed:
        raise Refused(verdict)
    for change in found.changes:
        _carry_out(change, city, at)
    _close_round(group, city, at)
    counted = {what: found.count(what) for what in ("new", "changed", "gone")}
    event(obj=f"publication:{city}:{group}", city=city, kind=group, digest=found.digest, lapsed=len(lapsed), **counted)
    return found


def _carry_out(change: Change, city: str, at: datetime) -> None:
    before, draft = change.before, change.draft
    if before is not None:
        before.until = max(at, before.since)
        _end(before, Status.SUPERSEDED)
    if draft is None:
        return
    latest = Publication.objects.filter(city=city, kind=draft.kind, object=draft.object).order_by("-version").first()
    Publication.objects.create(
        city=city,
        kind=draft.kind,
        object=draft.object,
        version=latest.version + 1 if latest else 1,
        content=draft.content,
        digest=draft.digest,
        ground=draft.ground,
        since=at,
        until=draft.until,
    )
    known = set(PublishedFile.objects.filter(city=city, draw=draft.object).values_list("name", flat=True)) if draft.files else set()
    for name, content in draft.files.items():
        if name not in known:
            made = hashlib.sha256(content).hexdigest()
            PublishedFile.objects.create(
                city=city, draw=draft.object, name=name, digest=made, size=len(content), since=at, content=content
            )  # fmt: skip


def _published_on(group: str, city: str, at: datetime) -> bool:
    """Whether this very day has its round already."""
    newest = PublicationRound.objects.filter(city=city, group=group).order_by("-at").first()
    return newest is not None and newest.at.astimezone(CHINA).date() == at.astimezone(CHINA).date()


def _close_round(group: str, city: str, at: datetime) -> None:
    rows = Publication.objects.filter(city=city, kind__in=GROUPS[group].kinds, status=Status.PUBLIC).order_by("kind", "object")
    listed = [list(row) for row in rows.values_list("kind", "object", "digest")]
    digest = hashlib.sha256(canonical.encode(listed)).hexdigest()
    PublicationRound.objects.create(city=city, group=group, at=at, digest=digest, objects_public=len(listed))


def _end(row: Publication, status: Publication.Status) -> None:
    row.status = status
    row.save(update_fields=["status", "until"])


@records("publication.lapsed", act="publication.publish")
def lapse(*, city: str, by: Actor, at: datetime) -> int:
    """What was public for a time and is over disappears; how many."""
    over = list(Publication.objects.select_for_update().filter(city=city, status=Status.PUBLIC, until__lte=at))
    for row in over:
        _end(row, Status.LAPSED)
    if over:
        event(obj=f"publication:{city}", city=city, lapsed=len(over))
    else:
        nothing_changed()
    return len(over)


@records("publication.withdrawn", act="publication.publish")
def withdraw(row: Publication, *, reason: str, by: Actor, at: datetime) -> Publication:
    """This version disappears from the portal at once and is not offered again as it was; the reason stays in the record."""
    held = Publication.objects.select_for_update().get(pk=row.pk)
    if held.status not in (Status.PUBLIC, Status.SUPERSEDED):
        raise Refused(refuse("", f"该条{held.get_status_display()}，不需要撤回。", "state"))
    reason = " ".join(reason.split())
    if len(reason) < SHORTEST_REASON:
        raise Refused(refuse("", f"请写明撤回的理由（不少于 {SHORTEST_REASON} 个字）。", "reason"))
    held.status, held.withdrawn_because = Status.WITHDRAWN, reason[:300]
    held.until = min(held.until or at, at) if held.since <= at else held.since
    held.save(update_fields=["status", "until", "withdrawn_because"])
    event(obj=f"publication:{held.city}:{held.kind}:{held.object}", city=held.city, kind=held.kind, version=held.version, digest=held.digest)
    return held
