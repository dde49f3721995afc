"""二（二） What a new site must satisfy: no new one on an institution without an exception, not more than the city wants."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

from kaopei.center.registry.entries import SiteEntry
from kaopei.center.registry.models import Institution, Site, SiteCap
from kaopei.center.registry.versioning import on
from kaopei.law.exceptions import ExceptionFacts
from kaopei.law.rules.c2_2_sites import may_add_hosted_site, may_add_site
from kaopei.law.verdict import Verdict, refuse

ASK = "registry.accept_site"
# Stands for whoever will sign, when a request is judged before anybody has.
SECOND = "（待第二人签署）"
DAYS = ("accepted_on", "agreement_from", "agreement_to", "exception_to")
PLACES = ("longitude", "latitude")


@dataclass(frozen=True, slots=True)
class SitePlan:
    """A site as it is to be accepted; the exception is empty where none is asked for."""

    number: str
    name: str
    kind: str
    host_code: str
    district: str
    theory_seats: int
    accepted_on: dt.date
    theory: tuple[str, ...] = ()
    practical: tuple[str, ...] = ()
    longitude: Decimal | None = None
    latitude: Decimal | None = None
    agreement: str = ""
    agreement_from: dt.date | None = None
    agreement_to: dt.date | None = None
    exception_code: str = ""
    exception_text: str = ""
    exception_to: dt.date | None = None
    attachment: str = ""
    over_cap: str = ""

    @property
    def wants_exception(self) -> bool:
        """Whether a reason for an exception is given."""
        return bool(self.exception_text.strip())

    def proved(self, digest: str) -> "SitePlan":
        """With the digest of the proof."""
        return replace(self, attachment=digest)

    def wanted(self) -> set[tuple[str, str]]:
        """(part, operation) of everything it is accepted for."""
        return {("T", one) for one in self.theory} | {("P", one) for one in self.practical}

    def as_json(self) -> dict[str, Any]:
        """What the second person reads."""
        said = asdict(self)
        return said | {name: str(said[name]) if said[name] is not None else "" for name in (*DAYS, *PLACES)}


def from_json(said: Mapping[str, Any]) -> SitePlan:
    """What the second person read, again as a plan."""
    facts = {name: value for name, value in said.items() if name != "city"}
    facts |= {name: dt.date.fromisoformat(facts[name]) if facts[name] else None for name in DAYS}
    facts |= {name: Decimal(facts[name]) if facts[name] else None for name in PLACES}
    return SitePlan(**facts | {name: tuple(facts[name]) for name in ("theory", "practical")})


def judge(plan: SitePlan, city: str, *, asked_by: str, approved_by: str) -> Verdict:
    """二（二） N2.2.6–7 Whether this site may be added now; the refusal says which road is open."""
    if not plan.number.isalnum() or len(plan.number) > 20:
        return refuse("N2.2.5", "考试点编号应为字母数字，不超过 20 位。", "number")
    if Site.objects.filter(city=city, number=plan.number).exists():
        return refuse("N2.2.5", f"考试点 {plan.number} 已在登记，不能重复设置。", "site_known")
    if not plan.theory and not plan.practical:
        return refuse("N2.3.4", "请至少选择一个验收可考的项目。", "no_subject")
    if plan.kind == Site.Kind.ATTACHED and not plan.host_code:
        return refuse("N2.2.5", "依托培训机构的考试点须写明依托单位信用代码，否则交叉考试无法避开其学员。", "no_host")
    if is_hosted(plan.kind, plan.host_code, city):
        verdict = may_add_hosted_site(plan.number, plan.accepted_on, _exception(plan, asked_by, approved_by))
        if not verdict.allowed:
            road = "办法：改设在公共考试基地或院校；确需设置的，在下面填写例外理由（20 字以上）、有效期并上传证明材料，由第二人批准。"
            return refuse(verdict.clause, f"{verdict.text}。{road}", verdict.code)
    present = Site.objects.filter(city=city).count()
    return may_add_site(present, cap(city, plan.accepted_on), bool(plan.over_cap.strip()))


def is_hosted(kind: str, host_code: str, city: str) -> bool:
    """Whether a site leans on a training institution, whatever the sheet calls it. A school's own site is its campus site."""
    if kind in (Site.Kind.ATTACHED, Site.Kind.CAMPUS) or not host_code:
        return kind == Site.Kind.ATTACHED
    return Institution.objects.filter(city=city, code=host_code, kind=Institution.Kind.INSTITUTION).exists()


def stopped(rows: Iterable[SiteEntry], city: str) -> set[str]:
    """二（二） N2.2.7: numbers of sites on institutions that a list would add to a register that has sites already."""
    known = set(Site.objects.filter(city=city).values_list("number", flat=True))
    if not known:
        return set()
    return {row.number for row in rows if row.number not in known and is_hosted(row.kind, row.host_code, city)}


def cap(city: str, day: dt.date) -> int | None:
    """How many sites the city wants at most on that day; none where it has not said."""
    row = SiteCap.objects.filter(on(day), city=city).order_by("-from_day", "-pk").first()
    return row.most if row else None


def _exception(plan: SitePlan, asked_by: str, approved_by: str) -> ExceptionFacts | None:
    if not plan.wants_exception:
        return None
    return ExceptionFacts(
        clause="N2.2.7",
        reason_code=plan.exception_code,
        text=plan.exception_text,
        attachment=plan.attachment,
        scope=f"site:{plan.number}",
        first=plan.accepted_on,
        last=plan.exception_to or plan.accepted_on,
        requested_by=asked_by,
        approved_by=approved_by,
    )
