"""一（二） An institution reports in writing, is registered, and works within its scope."""

from collections.abc import Iterator
from datetime import date

from kaopei.law.facts import ApplicationFacts, InstitutionFacts, IntakeContext
from kaopei.law.rules import rule
from kaopei.law.verdict import Reason


@rule("N1.2.1", "N1.2.2", "N1.2.9")
def institution_reasons(application: ApplicationFacts, context: IntakeContext) -> Iterator[Reason]:
    """一（二） The institution is in this city's register, in good standing, the operation in its reported scope."""
    if not application.institution:
        yield Reason("N1.2.1", "没有填写培训机构信用代码，不知道由谁培训", "institution_unknown")
        return
    institution = context.institutions.get(application.institution)
    if institution is None:
        text = f"{context.city_name}的登记名单里没有信用代码为 {application.institution} 的培训机构"
        yield Reason("N1.2.1", text, "institution_unknown")
        return
    state = institution.standing.on(context.first_day)
    if state != "good":
        shown = institution.standing.text or "空白"
        text = f"{institution.name}的登记状态是“{shown}”，不能开展考前培训"
        yield Reason("N1.2.1", text, "institution_not_registered")
    elif _registered_after(institution, application.trained_until):
        text = f"{institution.name}到 {institution.registered_on} 才登记，培训在此前已结束"
        yield Reason("N1.2.1", text, "institution_not_registered")
    if application.operation not in institution.scope:
        shown = application.operation or "（未填写）"
        yield Reason("N1.2.2", f"{shown}不在{institution.name}书面报告的业务范围内", "institution_scope")


def _registered_after(institution: InstitutionFacts, day: date | None) -> bool:
    """Whether it was registered only after that day; unknown days say nothing."""
    return day is not None and institution.registered_on is not None and institution.registered_on > day
