"""Identity data: numbers, names, codes, as people type them."""

from datetime import date

import pytest

from kaopei.law import identity
from kaopei.law.identity import Reading
from kaopei.law.rules.c1_3_identity import datum_is_right, is_gb18030

VALID = ["11010519491231002X", "440106198506151239", "440305199002284563", "441900199912310072", "442000200002290241"]


@pytest.mark.parametrize("number", VALID)
def test_real_looking_numbers_pass_whatever_their_region(number: str) -> None:
    assert identity.read_id_number(number) == Reading(number)


@pytest.mark.parametrize("place", range(18))
@pytest.mark.parametrize("number", VALID)
def test_any_one_changed_digit_is_found(number: str, place: int) -> None:
    other = "1" if number[place] != "1" else "2"
    assert identity.read_id_number(number[:place] + other + number[place + 1 :]).fault == "checksum"


@pytest.mark.parametrize(
    "written",
    [
        " 110105 19491231 002X ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "11010519491231002x",
        "'11010519491231002X",
        "110105-19491231-002X",
        "\ufeff11010519491231002X\u200b",
        "110105\u300019491231\u00a0002X\n",
    ],
)
def test_dirt_around_a_number_is_taken_off_and_said(written: str) -> None:
    assert identity.read_id_number(written) == Reading("11010519491231002X", changed=True)


@pytest.mark.parametrize(
    "written",
    ["", "4.31121E+17", "431121198612026000.0", "110105491231002", "11010519491231002", "1101051949123100211", "无"]
    + ["X1010519491231002X", "１１０１０５一九四九一二三一〇〇二X"],
)
def test_what_is_no_number_is_mangled(written: str) -> None:
    assert identity.read_id_number(written).fault == "mangled"


def test_number_stored_as_a_figure_is_mangled_even_if_it_looks_whole() -> None:
    assert identity.read_id_number("441900199912310072", stored_as_number=True).fault == "mangled"


@pytest.mark.parametrize("number", ["440106199002300012", "440106199013010018", "440106000000000014"])
def test_number_with_no_such_day_fails(number: str) -> None:
    right = number[:17] + identity.id_check_digit(number)
    assert identity.birth_date(right) is None
    assert identity.read_id_number(right).fault == "checksum"


def test_sex_is_the_seventeenth_digit() -> None:
    assert identity.id_sex("11010519491231002X") == "女"
    assert identity.id_sex("440106198506151239") == "男"


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2008, 12, 7), date(2026, 12, 6), 17),
        (date(2008, 12, 7), date(2026, 12, 7), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
    ],
)
def test_age_counts_completed_years(born: date, day: date, age: int) -> None:
    assert identity.age_on(born, day) == age


@pytest.mark.parametrize("code", ["91110000600037341L", "91440300708461136T", "91310000775785552L"])
def test_credit_codes_pass(code: str) -> None:
    assert identity.read_credit_code(code) == Reading(code)


@pytest.mark.parametrize(
    ("written", "value", "fault"),
    [
        ("91110000600037341A", "91110000600037341A", "checksum"),
        (" 91110000 600037341l", "91110000600037341L", ""),
        ("９１１１００００６０００３７３４１Ｌ", "91110000600037341L", ""),
        ("", "", "missing"),
        ("9111000060003734", "9111000060003734", "mangled"),
        ("9111000060003734IO", "9111000060003734IO", "mangled"),
    ],
)
def test_credit_codes_are_tidied_and_checked(written: str, value: str, fault: str) -> None:
    read = identity.read_credit_code(written)
    assert (read.value, read.fault) == (value, fault)


@pytest.mark.parametrize("name", ["李𠮷", "冯㵘", "秦㛃", "洪䶮", "王\ue001", "欧阳明月", "阿卜杜拉·买买提", "Anna Maria", "﨑山"])
def test_good_names_stay_as_they_are(name: str) -> None:
    assert identity.read_name(name) == Reading(name)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (" 张三 ", "张三"),
        ("张 三", "张三"),
        ("张\u3000三\ufeff", "张三"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉 ・ 买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉．买买提", "阿卜杜拉·买买提"),
        ("·张三", "张三"),
        ("Ａｎｎａ  Maria", "Anna Maria"),
        ("张三\u200b", "张三"),
    ],
)
def test_names_are_put_right_and_that_is_said(written: str, value: str) -> None:
    assert identity.read_name(written) == Reading(value, changed=True)


@pytest.mark.parametrize("written", ["", "  ", "-", "无", "不详", "null", "N/A", "123", "/"])
def test_no_name_is_missing(written: str) -> None:
    assert identity.read_name(written).fault == "missing"


@pytest.mark.parametrize("written", ["张?", "王\ufffd明", "李□", "陈*强", "赵〓"])
def test_lost_or_hidden_characters_are_seen(written: str) -> None:
    assert identity.read_name(written).fault == "mangled"


@pytest.mark.parametrize(
    ("written", "value", "fault"),
    [
        ("13800000000", "13800000000", ""),
        ("138-0000-0000", "13800000000", ""),
        ("+86 13800000000", "13800000000", ""),
        ("008613800000000", "13800000000", ""),
        ("13800000000.0", "13800000000", ""),
        ("", "", "missing"),
        ("0757-83118743", "075783118743", "mangled"),
        ("23800000000", "23800000000", "mangled"),
        ("1380000000一", "1380000000一", "mangled"),
    ],
)
def test_mobile_numbers(written: str, value: str, fault: str) -> None:
    read = identity.read_mobile(written)
    assert (read.value, read.fault) == (value, fault)


@pytest.mark.parametrize("text", ["李𠮷", "冯㵘", "王\ue001", "﨑山", "龘", "\U00031350"])
def test_every_character_of_a_card_can_be_written_in_gb18030(text: str) -> None:
    assert is_gb18030(text)
    assert text.encode("gb18030").decode("gb18030") == text


def test_half_of_a_pair_cannot_and_has_its_own_code() -> None:
    assert not is_gb18030("李\ud842")
    assert datum_is_right("name", "李\ud842").code == "name_charset"
