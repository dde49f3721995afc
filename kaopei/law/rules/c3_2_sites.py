"""三（二） Measures against sites: suspension for three to six months, withdrawal; changes of time and place."""

from datetime import date, datetime

from kaopei.law import numbers
from kaopei.law.ambiguous import setting
from kaopei.law.calendar import ONE_DAY, months_later
from kaopei.law.rules import rule
from kaopei.law.verdict import Reason, Verdict, allow, refuse

# A measure under agreement, not an administrative penalty: a normative document may not set penalties.
MEASURE = Reason("N3.2.0b", "管理措施，依规定和考点协议，不是行政处罚", "measure")

SITE_ROLES = frozenset({"site_head", "keeper", "invigilator", "examiner", "patroller"})


@rule("N3.2.0b")
def may_suspend(first: date, last: date, reasons: str) -> Verdict:
    """三（二） A suspension lasts from three to six months, both included; its length is reasoned (AMB4).

    Both days are days of the suspension: a suspension of three months from 15 October lasts to 14 January.
    """
    least, most = numbers.of("ep.suspension_min", first), numbers.of("ep.suspension_max", first)
    if not reasons.strip():
        return refuse("N3.2.0b", "须写明情节和后果", "no_reasons")
    if last < months_later(first, least.value) - ONE_DAY:
        return refuse("N3.2.0b", f"暂停不得少于 {least.value} 个月", "too_short").with_notes((MEASURE,))
    if last > months_later(first, most.value) - ONE_DAY:
        return refuse("N3.2.0b", f"暂停不得多于 {most.value} 个月", "too_long").with_notes((MEASURE,))
    return allow("N3.2.0b", f"暂停 {first} 至 {last}", "suspended").with_notes((MEASURE,))


@rule("N3.2.0a", "N3.2.0c")
def may_withdraw(order_due_on: date | None, corrected: bool, today: date) -> Verdict:
    """三（二） A site is withdrawn when an order to correct has run out and was not met."""
    if order_due_on is None:
        return refuse("N3.2.0c", "须先责令限期整改", "no_order")
    if today <= order_due_on:
        return refuse("N3.2.0c", f"整改期限 {order_due_on} 未到", "not_due")
    if corrected:
        return refuse("N3.2.0c", "已整改到位", "corrected")
    return allow("N3.2.0c", f"整改期限 {order_due_on} 已过且未整改到位，可以取消考试点资格", "withdrawable")


@rule("N3.2.0c")
def may_change_standing(now: str, then: str) -> Verdict:
    """三（二） A withdrawn site never comes back by a change of its state: it is accepted anew as another site."""
    if now == "disqualified":
        return refuse("N3.2.0c", "已取消资格的考试点不能恢复，只能重新验收", "terminal")
    if now == then:
        return refuse("N3.2.0c", "状态没有变化", "no_change")
    return allow()


@rule("N3.2.1c")
def edge_is_of_site(edge_site: str, parcel_site: str, key_known: bool) -> Verdict:
    """三（二） A site's qualification is not lent: its server is bound to it by its key."""
    if not key_known:
        return refuse("N3.2.1c", "考试服务器的密钥没有登记", "key_unknown")
    if edge_site != parcel_site:
        return refuse("N3.2.1c", f"考试服务器登记在 {edge_site}，不能用于 {parcel_site}", "site_lending")
    return allow()


@rule("N3.2.6")
def may_start(
    now: datetime, earliest: datetime, latest: datetime, place: str, ordered_place: str, changed_by_order: bool = False
) -> Verdict:
    """三（二） Start and place are those of the signed order; another time or place needs a signed change."""
    if place != ordered_place:
        return refuse("N3.2.6", f"考试地点是 {ordered_place}，不是 {place}", "place_changed")
    if earliest <= now <= latest:
        return allow()
    if changed_by_order:
        return allow("N3.2.6", "按市级考试机构签署的变更开考", "change_order")
    return refuse("N3.2.6", f"开考时间须在 {earliest:%H:%M} 至 {latest:%H:%M}", "time_changed")


@rule("N3.2.5d")
def is_wide_cheating(upheld: int, present: int) -> Verdict:
    """三（二） From so many upheld cases in one room on, a case is proposed (AMB10, a setting); people decide."""
    few = upheld < setting("AMB10", "candidates")
    small = upheld * 100 < present * setting("AMB10", "room_percent")
    if not upheld or (few and small):
        return allow()
    return refuse("N3.2.5d", f"{present} 人中查实 {upheld} 人作弊，建议立案核查", "wide_cheating")


@rule("N3.2.1a")
def may_edit_application(role: str) -> Verdict:
    """三（二） Nobody of a site touches an application: eligibility is the exam body's to judge."""
    if role in SITE_ROLES:
        return refuse("N3.2.1a", "考试点人员不能修改报名资料或资格结论", "site_role")
    return allow()
