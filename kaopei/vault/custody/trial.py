"""The paper of a trial package: it opens like a real one and asks nothing that is in any bank."""

from kaopei.paper.item import FALSE, JUDGE, JUDGE_TEXTS, MULTIPLE, SINGLE, TRUE, Item
from kaopei.paper.paper import Paper

MINUTES = 10
_JUDGES = (
    ("试机题：本题用于检查设备，不计成绩。", TRUE),
    ("试机题：交卷前可以检查和修改答案。", TRUE),
    ("试机题：本题的答案是“正确”。", FALSE),
)
_CHOICES = (
    (SINGLE, "试机题：请选择“甲”。", ("甲", "乙", "丙", "丁"), ("a",)),
    (SINGLE, "试机题：三加四等于（ ）。", ("五", "六", "七", "八"), ("c",)),
    (MULTIPLE, "试机题：请选择“甲”和“丙”。", ("甲", "乙", "丙", "丁"), ("a", "c")),
)


def paper(subject: str) -> Paper:
    """Six dummy items under the subject's name."""
    judges = [_item(JUDGE, place, stem, tuple(JUDGE_TEXTS.items()), (key,)) for place, (stem, key) in enumerate(_JUDGES)]
    choices = [_item(kind, place, stem, tuple(zip("abcd", texts, strict=True)), key) for place, (kind, stem, texts, key) in enumerate(_CHOICES)]
    items = (*judges, *choices)
    return Paper(subject, items, tuple(1 for _ in items), MINUTES, pass_mark=0)


def _item(kind: str, place: int, stem: str, options: tuple[tuple[str, str], ...], key: tuple[str, ...]) -> Item:
    return Item(
        number=f"TRIAL-{kind}-{place}",
        kind=kind,
        point="TRIAL",
        point_name="试机",
        level="",
        difficulty=100,
        stem=stem,
        options=options,
        key=key,
        explanation="",
        author="",
        retired=False,
        enemy="",
    )
