"""末段 How long the notice holds, and which text goes before another."""

from datetime import date, timedelta

from kaopei.law import numbers, sources
from kaopei.law.calendar import years_later
from kaopei.law.numbers import Number
from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, hold, refuse

WARN_DAYS = 180


@rule("N4.1")
def notice_on(day: date) -> Verdict:
    """末段 The notice holds for five years from its issue; the last half year carries a warning."""
    first, last = first_day(), last_day()
    if day < first:
        return refuse("N4.1", f"通知 {first} 起施行", "not_yet")
    if day > last:
        return refuse("N4.1", f"通知 {last} 届满，依据已失效；以前的记录仍可查阅", "lapsed")
    if day > last - timedelta(days=WARN_DAYS):
        return allow("N4.1", f"通知 {last} 届满，还有 {(last - day).days} 天", "ending")
    return allow()


def first_day() -> date:
    """The day on which the notice began to hold."""
    day: date = numbers.all_numbers()["notice.effective_from"][0].value
    return day


def last_day() -> date:
    """The corresponding day, five years later; the day of issue is not counted."""
    return years_later(first_day(), numbers.all_numbers()["notice.validity_years"][0].value)


@rule("N4.2")
def which_prevails(one: str, other: str, day: date) -> Verdict:
    """末段 Of two texts about one thing the higher prevails; of equal rank a person says which, both are shown.

    Allowed means: `one` prevails. A text that is not in force never prevails.
    """
    first, second = sources.get(one), sources.get(other)
    states = first.on(day), second.on(day)
    ranks = sources.PRECEDENCE.get(first.rank, 0), sources.PRECEDENCE.get(second.rank, 0)
    if states[0] in ("lapsed", "replaced", "not-yet"):
        return refuse("N4.2", f"《{first.title}》{sources.STATE_NAMES[states[0]]}", "not_in_force")
    if states[1] in ("lapsed", "replaced", "not-yet"):
        return allow("N4.2", f"《{second.title}》{sources.STATE_NAMES[states[1]]}", "other_not_in_force")
    if 0 in ranks or ranks[0] == ranks[1]:
        return hold("N4.2", "两个文本没有高低之分，都要列出并由人说明取舍", "equal")
    higher = ranks[0] < ranks[1]
    winner = first if higher else second
    return (allow if higher else refuse)("N4.2", f"适用《{winner.title}》", "higher" if higher else "lower")


@rule("N4.2")
def may_enter_number(number: Number, entered_by: str, approved_by: str, day: date) -> Verdict:
    """末段 A number entered beside those of the law: by two persons, with a citation; a city's only stricter.

    Without a city it is the province's, and fills only what is not entered, carried over or assumed.
    """
    if not entered_by or not approved_by or entered_by == approved_by:
        return refuse("N4.2", "录入数值须两人，录入人不能批准自己", "two_persons")
    if number.source not in sources.all_sources() or not number.article.strip():
        return refuse("N4.2", "录入数值须写明文件和条号", "no_citation")
    if number.key not in numbers.all_numbers():
        return refuse("N4.2", f"没有数值 {number.key}", "no_number")
    base = numbers.of(number.key, day)
    if number.value is None:
        return refuse("N4.2", "没有填写数值", "no_value")
    if not number.city:
        if base.is_verified and not base.carried_from:
            return refuse("N4.2", f"{base.title}已有核实的数值，不能改写", "settled")
        return allow("N4.2", f"{base.title}由省里录入", "filled")
    if base.stricter == "fixed":
        return refuse("N4.2", f"{base.title}不由市里另定", "fixed")
    if base.value is None:
        return refuse("N4.2", f"{base.title}省里尚未录入，无从比较宽严", "nothing_to_compare")
    if not numbers.is_stricter(base, number.value):
        return refuse("N4.2", f"{base.title}是 {base.value}，市里只能更严，不能是 {number.value}", "looser")
    return allow("N4.2", f"{base.title}由 {base.value} 从严为 {number.value}", "stricter")
