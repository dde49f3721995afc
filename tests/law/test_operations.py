"""Operations: the catalogue, and lists whose names hold the separator."""

import pytest

from kaopei.law import operations


def test_catalogue_has_54_work_types_three_of_them_integrated() -> None:
    assert len(operations.catalogue()) == 54


@pytest.mark.parametrize(
    "written",
    ["高处安装、维护、拆除作业", "高处安装维护拆除作业", "高处安装，维护，拆除作业", " 高处安装、维护、拆除 ", "高处安装/维护/拆除作业"],
)
def test_spellings_of_one_name(written: str) -> None:
    assert operations.canonical(written) == "高处安装、维护、拆除作业"


def test_brackets_may_be_full_width() -> None:
    assert operations.canonical("裂解（裂化）工艺作业") == "裂解(裂化)工艺作业"
    assert operations.canonical("裂解工艺作业") == "裂解工艺作业"


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("低压电工作业、高处安装、维护、拆除作业、登高架设作业", ("低压电工作业", "高处安装、维护、拆除作业", "登高架设作业")),
        ("高处安装、维护、拆除作业", ("高处安装、维护、拆除作业",)),
        ("低压电工,高压电工；登高架设", ("低压电工作业", "高压电工作业", "登高架设作业")),
        ("低压电工作业 高压电工作业", ("低压电工作业", "高压电工作业")),
        ("低压电工作业\n高压电工作业", ("低压电工作业", "高压电工作业")),
        ("低压电工作业、低压电工作业", ("低压电工作业",)),
        ("叉车司机、低压电工作业", ("叉车司机", "低压电工作业")),
        ("低压电工作业、叉车司机", ("低压电工作业", "叉车司机")),
        ("、、低压电工作业、", ("低压电工作业",)),
        ("", ()),
    ],
)
def test_lists_are_read_by_known_names(written: str, names: tuple[str, ...]) -> None:
    assert operations.split(written) == names


def test_a_city_may_know_more_names() -> None:
    assert operations.split("吊装、捆绑、指挥作业、低压电工作业", ["吊装、捆绑、指挥作业"]) == ("吊装、捆绑、指挥作业", "低压电工作业")


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("低压电工作业", "1"),
        ("氯化工艺作业", "9"),
        ("化工自动化控制仪表作业", "9"),
        ("电石生产工艺作业", "9"),
        ("煤气作业", "8"),
        ("叉车司机", ""),
    ],
)
def test_category(name: str, number: str) -> None:
    assert operations.category_no(name) == number
