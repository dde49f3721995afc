"""总则: which exams the notice is about."""

from datetime import date

from kaopei.law import operations, sources
from kaopei.law.rules import rule
from kaopei.law.verdict import Reason, Verdict, allow, refuse

# Industries whose principal officers and safety managers are examined under the notice; codes are ours.
INDUSTRIES = {
    "hazchem_production": "危险化学品生产",
    "hazchem_trade": "危险化学品经营（含仓储经营）",
    "hazchem_use": "取得危险化学品安全使用许可的化工",
    "fireworks_trade": "烟花爆竹经营",
    "non_coal_mine": "非煤矿山",
    "metal_smelting": "金属冶炼",
}
MANAGER_POSTS = ("principal_officer", "safety_manager")


@rule("N0.1")
def manager_exam_takes(industry: str, post: str) -> Verdict:
    """总则 The managers' exam takes principal officers and safety managers of the named industries only."""
    if post not in MANAGER_POSTS:
        return refuse("N0.1", "只考核主要负责人和安全生产管理人员", "post_out_of_scope")
    if industry not in INDUSTRIES:
        return refuse("N0.1", f"该行业不在考核范围（{'、'.join(INDUSTRIES.values())}）", "industry_out_of_scope")
    return allow()


@rule("N0.2")
def operation_is_examined(name: str, day: date) -> Verdict:
    """总则 A special-operation exam needs a work type of the catalogue in force; coal mines are examined elsewhere."""
    operation = operations.find(name)
    if operation is None:
        return refuse("N0.2", f"{name or '（空白）'}不在特种作业目录内", "not_in_catalogue")
    if operation.category_no == operations.COAL_MINES:
        return refuse("N0.2", "煤矿特种作业由煤矿安全监管系统考核", "coal_mine")
    if sources.get("O30").on(day) == "replaced":
        note = Reason("N0.2", "新目录文本尚未录入，沿用原目录的名称", "carried_over")
        return allow().with_notes((note,))
    return allow()
