"""二（三） Cross examination: nobody sits where he was trained, public bases first, exemptions stated."""

from collections.abc import Collection
from datetime import date

from kaopei.law.exceptions import ExceptionFacts, stands
from kaopei.law.facts import SiteFacts, TraineeFacts
from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, hold, refuse

# Roles that act for an exam body in the draw; no other role may assign, whatever it may see.
EXAM_BODY_ROLES = frozenset({"clerk", "approver", "province", "draw_announcer", "draw_freezer", "system"})


@rule("N2.3.2", "N2.3.4", "N2.3.5", "N2.3.6", "N2.2.5")
def may_sit_at(
    trainee: TraineeFacts,
    site: SiteFacts,
    registered: Collection[SiteFacts],
    day: date,
    avoid: Collection[str] = (),
    own_school_allowed: bool = True,
) -> Verdict:
    """二（三） Who may sit where: never at a site of, or tied to, his own institution, except the two exemptions.

    `registered` are the sites that could make it a sole site: all of the city whose list names the operation,
    suspended ones included, so that suspending a rival opens no exemption. `avoid` is the candidate's approved list;
    it beats both exemptions.
    """
    able = may_examine(site, trainee.operation, trainee.city, day)
    if not able.allowed:
        return able
    if site.code in avoid:
        return refuse("N2.3.2", "该考试点在考生经批准的回避名单上", "avoid")
    if not is_own(trainee, site):
        return allow()
    rivals = {other.code for other in registered if other.city == site.city and trainee.operation in other.operations}
    if rivals == {site.code}:
        return allow("N2.3.5", f"本市只有这一个考试点能考{trainee.operation}，免交叉", "sole_site")
    if own_school_allowed and is_own_student(trainee, site, day):
        return allow("N2.3.6", "全日制在校学生在本校考试点考试，免交叉", "own_school")
    return refuse("N2.3.2", "该考试点属于考生的培训机构，或与之由同一方控制", "own_site")


@rule("N2.3.4")
def may_examine(site: SiteFacts, operation: str, city: str, day: date) -> Verdict:
    """二（三） A site of the city, accepted for the operation, in service and not suspended that day."""
    if site.city != city:
        return refuse("N2.3.4", "该考试点不在考生报考的城市", "other_city")
    if operation not in site.operations:
        return refuse("N2.3.4", f"该考试点未经验收可考{operation}", "not_accepted")
    state = site.standing.on(day)
    if state != "good":
        return refuse("N2.3.4", f"该考试点 {day} 的状态是“{site.standing.text}”，不能安排考试", state)
    return allow()


def is_own(trainee: TraineeFacts, site: SiteFacts) -> bool:
    """Own: hosted by his institution, or both under one controller (a connected component of ties)."""
    if trainee.institution and trainee.institution == site.host:
        return True
    return bool(trainee.controller) and trainee.controller == site.controller


def is_own_student(trainee: TraineeFacts, site: SiteFacts, day: date) -> bool:
    """A full-time student on that day, at his own school's campus site. A graduate is none."""
    if not trainee.is_student or (trainee.student_until and day > trainee.student_until):
        return False
    own = trainee.school or trainee.institution
    return site.is_campus and bool(own) and own == site.host


@rule("N2.3.1", "N2.2.4")
def tier(site: SiteFacts) -> int:
    """二（三） Public bases are filled first (tier 0), all others after them (tier 1)."""
    return 0 if site.is_public else 1


@rule("N2.3.3")
def may_assign(role: str) -> Verdict:
    """二（三） The exam body assigns; no institution and no site assigns, swaps or edits."""
    if role in EXAM_BODY_ROLES:
        return allow()
    return refuse("N2.3.3", "考试安排只由考试机构作出，培训机构和考试点不能指定或调换", "not_exam_body")


@rule("N2.4.2")
def host_may_host(site: SiteFacts, host_state: str, day: date, exception: ExceptionFacts | None = None) -> Verdict:
    """二（四） A site hosted by an institution that is no longer registered waits for a two-person exception."""
    if site.is_public or not site.host or host_state == "good":
        return allow()
    excepted = stands(exception, "N2.4.2", f"site:{site.code}", day)
    if excepted.allowed:
        return excepted
    ground = excepted.text if exception else "须两人批准的例外才能安排"
    return hold("N2.4.2", f"依托单位已不在登记名单（{host_state}），{ground}", "host_not_registered")


@rule("N2.3.7")
def campus_sitting_is_watched(exempt: int, outside_invigilators: int, live_patrol: bool) -> Verdict:
    """二（三） A campus sitting with exempt students has an invigilator from outside or a live patrol."""
    if not exempt or outside_invigilators or live_patrol:
        return allow()
    return refuse("N2.3.7", f"本场有 {exempt} 名免交叉的本校学生，须有校外监考或实时巡考", "not_watched")


@rule("N2.3.9")
def draw_names_rules(rule_version: str, published_on: date | None, frozen_on: date) -> Verdict:
    """二（三） A draw names the city's published cross-exam rules that were in force at the freeze."""
    if not rule_version or published_on is None:
        return refuse("N2.3.9", "没有写明所用的交叉考试实施办法版本", "no_rules")
    if published_on > frozen_on:
        return refuse("N2.3.9", f"实施办法 {published_on} 才公布，晚于冻结 {frozen_on}", "rules_late")
    return allow()


@rule("N2.3.8")
def may_see_patrol(role: str, visited: bool) -> Verdict:
    """二（三） Irregular visits of campus sites (AMB7): before the visit only the patrol of the province knows the day."""
    if visited or role in ("province", "patroller"):
        return allow()
    return refuse("N2.3.8", "巡查计划在到访以前只有巡查组可见", "patrol_sealed")
