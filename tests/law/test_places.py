"""Places: what people write for a city, and which city a pack is about."""

import pytest

from kaopei.law import places


def test_there_are_21_cities_with_their_counties() -> None:
    assert len(places.cities()) == 21
    assert sum(len(city.districts) for city in places.cities().values()) == 122
    assert places.cities()["440600"].short == "佛山"


@pytest.mark.parametrize(
    "written",
    [
        "广东省佛山市",
        "佛山市",
        "佛山",
        "广东佛山",
        "广东省 佛山市",
        " 佛山市\n",
        "佛山市禅城区",
        "佛山顺德",
        "禅城区",
        "禅城",
        "顺德区大良街道",
        "广东省南海区",
        "顺德市",
        "中国广东省佛山市三水区",
    ],
)
def test_many_ways_to_write_one_city(written: str) -> None:
    assert places.city_code(written) == "440600"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("东莞", "441900"),
        ("广东省中山市石岐街道", "442000"),
        ("中山区", ""),
        ("辽宁省大连市中山区", ""),
        ("湖南省永州市", ""),
        ("广西壮族自治区梧州市", ""),
        ("吉林省吉林市", ""),
        ("", ""),
        ("广东省", ""),
        ("火星", ""),
        ("番禺区", "440100"),
        ("惠阳市", "441300"),
        ("和平县", "441600"),
        ("和平区", ""),
        ("汕尾市城区", "441500"),
    ],
)
def test_cities_are_not_mixed_up(written: str, code: str) -> None:
    assert places.city_code(written) == code


@pytest.mark.parametrize(
    ("titles", "sites", "districts", "code"),
    [
        (["佛山市安全生产培训机构登记表", "佛山市2026年12月考试计划"], ["440101"], [], "440600"),
        (["培训机构登记表"], ["440601", "440602"], [], "440600"),
        (["培训机构登记表"], ["44190101", "44190102", "440601"], [], "441900"),
        ([], ["A1"], ["南海区", "顺德区", "番禺区"], "440600"),
        (["佛山市与广州市"], ["440101"], [], "440100"),
    ],
)
def test_city_of_a_pack(titles: list[str], sites: list[str], districts: list[str], code: str) -> None:
    city = places.find_city(titles, sites, districts)
    assert city is not None
    assert city.code == code


def test_pack_that_names_no_city_has_none() -> None:
    assert places.find_city(["报名表"], ["X1"], ["某区"]) is None
    assert places.find_city([], [], ["南海区", "番禺区"]) is None
