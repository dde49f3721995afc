"""Cities of the province, and what people write for one: 广东省佛山市, 佛山, 佛山市禅城区, 顺德区."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from kaopei.law.identity import tidy
from kaopei.law.tables import table

HOME_PROVINCE = ("广东省", "广东")
OTHER_PROVINCES = (
    *("北京", "天津", "上海", "重庆", "河北", "山西", "内蒙古", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽"),
    *("福建", "江西"),
    *("山东", "河南", "湖北", "湖南", "广西", "海南", "四川", "贵州", "云南", "西藏", "陕西", "甘肃", "青海"),
    *("宁夏", "新疆", "香港", "澳门", "台湾"),
)
# After a short city name these make another word: 中山区 of Dalian is not 中山市.
OTHER_WORD = tuple("区县镇乡村路街")


@dataclass(frozen=True, slots=True)
class City:
    """A city at prefecture level; `code` has 6 digits (440600), `name` ends in 市."""

    code: str
    name: str
    districts: tuple[str, ...]
    lng: float
    lat: float
    population: int

    @property
    def short(self) -> str:
        """佛山 for 佛山市."""
        return self.name.removesuffix("市")


@cache
def cities() -> dict[str, City]:
    """All cities by code."""
    return {
        row["code"]: City(
            row["code"], row["name"], tuple(row["districts"]), row["lng"], row["lat"], row["population_2020"]
        )
        for row in table("places")["city"]
    }


@cache
def _by_name() -> dict[str, str]:
    return {city.name: code for code, city in cities().items()}


@cache
def _by_district() -> dict[str, str]:
    """Names of districts with the city; a district that was a city or county before keeps its old name too (顺德市)."""
    found: dict[str, str] = {}
    for code, city in cities().items():
        for district in city.districts:
            stem = district.removesuffix("区")
            former = (stem + "市", stem + "县") if district.endswith("区") and len(stem) > 1 else ()
            for name in (district, *former):
                found.setdefault(name, code)
    return found


@cache
def _district_stems() -> dict[str, str]:
    return {name[:-1]: code for name, code in _by_district().items() if len(name) > 2}


@lru_cache(maxsize=4096)
def city_code(text: str) -> str:
    """The code of the city that the text names, empty if blank, unknown or outside the province."""
    rest = tidy(text).removeprefix("中华人民共和国").removeprefix("中国")
    at_home = False
    for province in HOME_PROVINCE:
        if rest.startswith(province):
            rest, at_home = rest[len(province) :], True
            break
    if not rest or (not at_home and rest.startswith(OTHER_PROVINCES)):
        return ""
    for name, code in _by_name().items():
        short = name[:-1]
        if rest.startswith(name) or (rest.startswith(short) and not rest.startswith(OTHER_WORD, len(short))):
            return code
    for name, code in _by_district().items():
        if rest.startswith(name):
            return code
    return _district_stems().get(rest, "")


def find_city(titles: Iterable[str], site_codes: Iterable[str] = (), districts: Iterable[str] = ()) -> City | None:
    """The city that a pack of files is about: by its titles, else the first digits of its sites, else its districts."""
    for votes in (_titled(titles), _numbered(site_codes), _named(districts)):
        if votes:
            (code, count), *others = votes.most_common(2)
            if not others or others[0][1] < count:
                return cities()[code]
    return None


def _titled(titles: Iterable[str]) -> Counter[str]:
    return Counter(code for title in titles for name, code in _by_name().items() if name[:-1] in tidy(title))


def _numbered(site_codes: Iterable[str]) -> Counter[str]:
    return Counter(code for text in site_codes if (code := tidy(text)[:4] + "00") in cities())


def _named(districts: Iterable[str]) -> Counter[str]:
    return Counter(code for text in districts if (code := city_code(text)))
