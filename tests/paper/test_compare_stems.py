"""When two stems are the same."""

import pytest

from kaopei.paper.item import half_width, stem_key, trim


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("停电检修结束后，应先拆除接地线，再送电。", "停电检修结束后,应先拆除接地线;再送电"),
        ("电压为（ ）V。", "电压为()Ｖ"),
        ("“禁止合闸”标示牌", '"禁止合闸"标示牌'),
        ("额定电流为５０Ａ", "额定电流为 50 A"),
        ("可选1、2、3档", "可选1，2，3档"),
        ("先断电——后验电", "先断电-后验电"),
        ("步骤：一断二验", "步骤一断二验：\u200b"),
    ],
)
def test_find_stems_that_differ_in_signs_only(one: str, two: str) -> None:
    assert stem_key(one) == stem_key(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("间距为1.5米", "间距为15米"),
        ("气温为-5℃时", "气温为5℃时"),
        ("含氧量低于18%", "含氧量低于18"),
        ("相距3—5米", "相距35米"),
        ("电阻为10²欧", "电阻为102欧"),
        ("电压高于36V", "电压低于36V"),
        ("比例为1:3", "比例为13"),
    ],
)
def test_keep_stems_apart_that_mean_something_else(one: str, two: str) -> None:
    assert stem_key(one) != stem_key(two)


def test_change_width_and_nothing_else() -> None:
    assert half_width("Ａ１（％）\u3000㎡²①") == "A1(%) ㎡²①"


def test_trim_blanks_that_nobody_sees() -> None:
    assert trim("\ufeff\u3000 题干\u200b\xa0") == "题干"
