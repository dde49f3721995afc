"""二（六） Exams in another city: listed work types only, by an order of both exam bodies."""

from dataclasses import dataclass
from datetime import date

from kaopei.law import numbers, operations
from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, refuse


@dataclass(frozen=True, slots=True)
class CrossCityOrder:
    """Approved by the exam body of the home city and of the receiving city, for one operation and some days."""

    home_city: str
    receiving_city: str
    operation: str
    first: date
    last: date
    approved_by_home: bool
    approved_by_receiving: bool


@rule("N2.6.3")
def operation_may_cross(operation: str, day: date) -> Verdict:
    """二（六） Only listed categories may be examined elsewhere; the list is open and kept as data (AMB12, AMB18)."""
    listed = numbers.of("crosscity.worktypes", day)
    if operations.category_no(operation) in listed.value:
        return allow("N2.6.3", "属于可跨地市考试的作业类别", "listed")
    return refuse("N2.6.3", f"{operation}不在可跨地市考试的作业类别内", "not_listed")


@rule("N2.6.3", "N3.2.1b")
def may_sit_in_other_city(
    home_city: str, site_city: str, operation: str, day: date, order: CrossCityOrder | None
) -> Verdict:
    """二（六） A candidate of another city sits only by an order that both exam bodies approved."""
    if home_city == site_city:
        return allow()
    listed = operation_may_cross(operation, day)
    if not listed.allowed:
        return listed
    if order is None or (order.home_city, order.receiving_city, order.operation) != (home_city, site_city, operation):
        return refuse("N3.2.1b", "没有这两市对该操作项目的跨地市考试安排", "no_order")
    if not (order.approved_by_home and order.approved_by_receiving):
        return refuse("N2.6.3", "跨地市考试须两市考试机构都批准", "not_approved")
    if not order.first <= day <= order.last:
        return refuse("N2.6.3", f"跨地市安排只在 {order.first} 至 {order.last} 有效", "order_days")
    return allow("N2.6.3", "两市考试机构批准的跨地市考试", "ordered")
