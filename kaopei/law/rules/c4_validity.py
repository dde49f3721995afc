"""末段 How long the notice holds, and which text goes before another."""

from datetime import date, timedelta

from kaopei.law import numbers, sources
from kaopei.law.calendar import years_later
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
