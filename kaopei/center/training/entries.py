"""What 大纲学时 says, as frozen values."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from kaopei.center.registry.reading import Line, Message, Read
from kaopei.law import reading
from kaopei.law.facts import SyllabusFacts

MOST_HOURS, STEP = Decimal(2000), Decimal("0.01")
COLUMNS = ("操作项目", "初次培训学时", "复审培训学时")


def syllabus(lines: Iterable[Line]) -> Read[SyllabusFacts]:
    """一（三） N1.3.2: hours by operation; a cell without a number leaves that kind of application without a threshold."""
    read: Read[SyllabusFacts] = Read()
    seen: dict[str, int] = {}
    for line in lines:
        facts = _sane(reading.syllabus(line.cells))
        if not facts.operation or facts.operation in seen:
            text = f"与第{seen[facts.operation]}行是同一操作项目，只用前一行" if facts.operation else "没有写操作项目，该行不用"
            read.messages.append(Message(line.file, text, line.row, "操作项目", "N1.3.2", is_loud=True))
            continue
        seen[facts.operation] = line.row
        for column, value in (("初次培训学时", facts.first), ("复审培训学时", facts.review)):
            if value is None:
                text = f"“{line.text(column)}”不是学时数，该类申请按国家最低学时或不按学时审核"
                read.messages.append(Message(line.file, text, line.row, column, "N1.3.2", is_loud=True))
        read.entries.append(facts)
    return read


def _sane(facts: SyllabusFacts) -> SyllabusFacts:
    """A year has about 2,000 working hours: more is a slip of the keyboard, not a syllabus."""
    return replace(facts, first=_hours(facts.first), review=_hours(facts.review))


def _hours(hours: Decimal | None) -> Decimal | None:
    if hours is None or hours > MOST_HOURS:
        return None
    return hours if hours == hours.to_integral_value() else hours.quantize(STEP)
