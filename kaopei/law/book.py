"""The law as pages: docs/clauses.md, docs/glossary.md, and the answer of `./run law clause`. Text in, text out."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from kaopei.law import ambiguous, numbers, sources, terms
from kaopei.law.duties import Duty, all_duties, case_table, rules_of
from kaopei.law.numbers import Number
from kaopei.law.rules import Bound

KINDS = {"rule": "规则", "record": "记录", "organisational": "组织工作", "missing": "尚未实现"}
FORCES = {
    "must": "必须",
    "must-not": "不得",
    "principle": "原则上",
    "should": "应当",
    "may": "可以",
    "sanction": "处置",
}
CONFIDENCE = {
    "verified-in-text": "见过原文",
    "verified-secondary": "见过转述",
    "general-knowledge-unverified": "未核实",
    "not-found": "未找到",
}
NO_ADVICE = "本文件不是法律意见。每项只写出处、条号、日期和核实程度；文字是我们自己的，条文以原文为准。"
GENERATED = "<!-- 由 `./run law docs` 生成，请改 kaopei/law 下的表，不要改这里。 -->"


class UnknownClause(LookupError):
    """There is no such clause or duty."""

    exit_status = 2


def find(query: str) -> list[Duty]:
    """Duties of a clause (`2.4`, `N2.4`, 二（四）) or one duty (`N2.4.13`)."""
    wanted = query.strip()
    number = wanted if wanted[:1] in ("N", "n") else f"N{wanted}"
    number = "N" + number[1:]
    found = [duty for duty in all_duties().values() if number in (duty.id, duty.clause)]
    plain = wanted.replace("(", "（").replace(")", "）")
    found = found or [duty for duty in all_duties().values() if terms.place(duty.id) == plain]
    # N3.2.0 stands for N3.2.0a to N3.2.0d.
    found = found or [duty for duty in all_duties().values() if duty.id.rstrip("abcd") == number]
    if not found:
        clauses = "、".join(key.removeprefix("N") for key in terms.clauses())
        raise UnknownClause(f"没有条款“{query}”。可用：{clauses}，或要求编号如 N2.4.13。")
    return found


def duty_text(duty: Duty, cited: Iterable[str] = (), of_rule: Callable[[Bound], Iterable[str]] = lambda bound: ()) -> Iterator[str]:
    """One duty as lines for a terminal.

    What lies outside this room is found by the caller: `cited` are places of the program that name the duty, `of_rule` gives
    the cases of a rule and who asks it.
    """
    who = "、".join(terms.actors()[actor] for actor in duty.who)
    yield f"{terms.cite(duty.id)}  {duty.text}"
    yield f"  责任主体：{who}（{FORCES[duty.force]}）    落实方式：{KINDS[duty.kind]}"
    for bound in rules_of(duty.id):
        yield f"  规则：{bound.where}    {bound.summary}"
        yield f"  测试：{case_table(bound)}"
        yield from (f"    {line}" for line in of_rule(bound))
    yield from (f"  {'待建' if duty.kind == 'missing' else '位置'}：{place}" for place in duty.where)
    yield from (f"  待建：{app}（规则已有，办理页面尚无）" for app in duty.awaits)
    yield from (f"  测试：{test}" for test in duty.tests)
    if duty.reason:
        yield f"  理由：{duty.reason}"
    for key in duty.numbers:
        yield from (f"  数值：{line}" for line in number_lines(key))
    for word in duty.ambiguous:
        meaning = ambiguous.all_ambiguous()[word]
        yield f"  用词：{word} {meaning.term}——{meaning.reading}；{meaning.default}"
    yield from (f"  引用：{place}" for place in cited)


def number_lines(key: str) -> Iterator[str]:
    """Every value of a number with its days, source and confidence."""
    for number in numbers.all_numbers()[key]:
        yield f"{key} {number.title}：{value_text(number)}（{days_text(number)}，{source_text(number)}）"


def value_text(number: Number) -> str:
    """The value with its unit, or that it is not entered."""
    if number.value is None:
        return "尚未录入"
    value = number.value
    shown = "、".join(str(part) for part in value) if isinstance(value, list) else str(value)
    bare = number.unit in ("rule", "list", "date", "org", "format", "level")
    return shown if bare else f"{shown} {number.unit}"


def days_text(number: Number) -> str:
    """From when to when it counts."""
    if number.first is None and number.last is None:
        return "起止日未知"
    return f"{number.first or '……'} 起" + (f"至 {number.last}" if number.last else "")


def source_text(number: Number) -> str:
    """Source, article, confidence, and what is special about its standing."""
    article = f" {number.article}" if number.article else ""
    special = f"，沿用 {number.carried_from}" if number.carried_from else ""
    special += "，假定值" if number.assumption else ""
    return f"{number.source}{article}，{CONFIDENCE[number.confidence]}{special}"


def clauses_page() -> str:
    """docs/clauses.md: every clause with its duties, then numbers, ambiguous words and sources."""
    lines = ["# 条款与落实", "", GENERATED, "", NO_ADVICE, ""]
    counts = {kind: sum(duty.kind == kind for duty in all_duties().values()) for kind in KINDS}
    each = "，".join(f"{KINDS[kind]} {count}" for kind, count in counts.items())
    lines += [f"共 {sum(counts.values())} 项要求：{each}。", ""]
    for clause, duties in groupby(all_duties().values(), key=lambda duty: duty.clause):
        place, title = terms.clauses()[clause]
        lines += [f"## {place} {title}（{clause}）", ""]
        lines += ["| 编号 | 主体 | 要求（我们的话） | 落实 | 在哪里 |", "|---|---|---|---|---|"]
        lines += [_duty_row(duty) for duty in duties]
        lines.append("")
    return "\n".join([*lines, *_numbers_section(), *_words_section(), *_sources_section()]) + "\n"


def _duty_row(duty: Duty) -> str:
    who = "、".join(terms.actors()[actor] for actor in duty.who)
    rules = [f"`{bound.where.removeprefix('kaopei.law.')}`" for bound in rules_of(duty.id)]
    places = rules + [f"`{place}`" for place in duty.where] + ([duty.reason] if duty.reason else [])
    places += [f"待建 `{app}`" for app in duty.awaits]
    return f"| {duty.id} | {who}（{FORCES[duty.force]}） | {duty.text} | {KINDS[duty.kind]} | {'<br>'.join(places)} |"


def _numbers_section() -> Iterator[str]:
    yield from ("## 数值", "", "| 键 | 名称 | 值 | 日期 | 来源 | 核实 | 说明 |", "|---|---|---|---|---|---|---|")
    for key, values in numbers.all_numbers().items():
        for number in values:
            carried = f"沿用 {number.carried_from} " if number.carried_from else ""
            source = f"{number.source} {number.article}".strip()
            cells = (f"`{key}`", number.title, carried + value_text(number), days_text(number), source)
            yield f"| {' | '.join(cells)} | {CONFIDENCE[number.confidence]} | {number.note} |"
    yield ""


def _words_section() -> Iterator[str]:
    yield from ("## 没有数字的用词", "", "数字都是建议的设置，不是法定值。", "")
    yield from ("| 编号 | 用词 | 理解 | 默认 | 例外 | 统计 |", "|---|---|---|---|---|---|")
    for word in ambiguous.all_ambiguous().values():
        yield f"| {word.id} | {word.term} | {word.reading} | {word.default} | {word.exception} | {word.counted} |"
    yield ""


def _sources_section() -> Iterator[str]:
    yield from ("## 来源", "")
    yield from ("| 代号 | 文件 | 文号 | 施行 | 失效 | 状态 | 核实 | 说明 |", "|---|---|---|---|---|---|---|---|")
    for source in sources.all_sources().values():
        first, last = source.first or "", source.last or ""
        state = sources.STATE_NAMES[source.standing]
        text = CONFIDENCE[source.confidence] + ("" if source.text else "，文本不在手头")
        yield (
            f"| {source.id} | {source.title} | {source.doc_no} | {first} | {last} | {state} | {text} | {source.note} |"
        )


def glossary_page() -> str:
    """docs/glossary.md: the words of the house."""
    lines = ["# 用词表", "", GENERATED, "", "一个词只指一件事；改词先改这里，再改全部代码。拼写用美式英语。"]
    for section, words in groupby(terms.glossary(), key=lambda term: term.section):
        lines += ["", f"## {section}", "", "| 中文 | 标识符 | 说明 |", "|---|---|---|"]
        lines += [f"| {term.zh} | {term.identifier} | {term.note} |" for term in words]
    lines += ["", "## 责任主体", "", "| 代号 | 名称 |", "|---|---|"]
    lines += [f"| {code} | {name} |" for code, name in terms.actors().items()]
    return "\n".join(lines) + "\n"
