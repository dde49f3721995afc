"""二（二） Demand is estimated every year, and the sites planned by it."""

from collections.abc import Mapping
from datetime import date

from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, refuse


@rule("N2.2.1")
def demand_was_estimated(estimated_on: date | None, reproduced: bool, today: date) -> Verdict:
    """二（二） This year's demand has been estimated, and the figures come out again from the raw data."""
    if estimated_on is None or estimated_on.year != today.year or estimated_on > today:
        return refuse("N2.2.1", f"{today.year} 年没有考试需求估算", "not_estimated")
    if not reproduced:
        return refuse("N2.2.1", "需求估算不能由原始数据重算", "not_reproduced")
    return allow()


@rule("N2.2.2")
def plan_meets_demand(demand: Mapping[str, int], seats: Mapping[str, int], reasons: Mapping[str, str]) -> Verdict:
    """二（二） Every operation that people apply for has seats enough in the plan, or a reason why not."""
    short = [
        operation
        for operation, wanted in demand.items()
        if seats.get(operation, 0) < wanted and not reasons.get(operation, "").strip()
    ]
    if short:
        return refuse("N2.2.2", f"规划的座位不够，也没有说明：{'、'.join(short)}", "demand_unmet")
    return allow()
