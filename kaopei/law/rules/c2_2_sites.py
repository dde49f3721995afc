"""二（二） Planning of sites: apart from training, not too many, none new on an institution."""

from datetime import date

from kaopei.law import numbers
from kaopei.law.exceptions import ExceptionFacts, stands
from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, refuse

STOP = "ep.new_on_institution_stop"


@rule("N2.2.7")
def may_add_hosted_site(site: str, accepted_on: date, exception: ExceptionFacts | None = None) -> Verdict:
    """二（二） From the day of the notice no site is added on an institution, as a rule (AMB1)."""
    stop = numbers.all_numbers()[STOP][0].value
    if accepted_on < stop:
        return allow("N2.2.7", f"{stop} 以前已设的考试点", "before_notice")
    if not numbers.of(STOP, accepted_on).may_refuse:
        return allow("N2.2.7", "依据已失效，只作提示", "lapsed")
    excepted = stands(exception, "N2.2.7", f"site:{site}", accepted_on)
    if excepted.allowed:
        return excepted
    return refuse("N2.2.7", f"{stop} 起原则上不再依托培训机构新增考试点；{excepted.text}", "new_hosted_site")


@rule("N2.2.6")
def may_add_site(present: int, cap: int | None, approved: bool) -> Verdict:
    """二（二） The city controls how many sites there are: above the figure it has entered an approval is needed."""
    if cap is None or present < cap or approved:
        return allow()
    return refuse("N2.2.6", f"本市已有 {present} 个考试点，达到市里设定的 {cap} 个，须经批准", "over_cap")
