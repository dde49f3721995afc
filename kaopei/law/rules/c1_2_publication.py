"""一（二） What the public list says of an institution, so that people can compare and choose."""

from collections.abc import Mapping

from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, refuse

# Columns of the public list; without one of them nobody can compare.
COMPARED = {"scope": "业务范围", "place": "培训地点", "teachers": "教师", "standing": "登记状态", "as_of": "截至日期"}


@rule("N1.2.6")
def entry_can_be_compared(entry: Mapping[str, str]) -> Verdict:
    """一（二） A published entry says scope, place, teachers, standing and as of which day."""
    missing = [label for column, label in COMPARED.items() if not entry.get(column, "").strip()]
    if missing:
        return refuse("N1.2.6", f"公布的内容缺少：{'、'.join(missing)}", "not_comparable")
    return allow()
