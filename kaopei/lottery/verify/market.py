"""Who may sit where: sites, sittings and weights of one part, as the rules say it."""

from bisect import bisect_left
from itertools import accumulate
from math import isqrt

from .reading import Instance, Person, Sitting, Unreadable

Moment = tuple[int, int]
# A site, its seats for the subject, its band factor.
Option = tuple[str, int, int]


class Market:
    """One part (T or P) of an instance."""

    def __init__(self, instance: Instance, part: str) -> None:
        self.instance = instance
        self.part = part
        # All rows of this part at a site, in the order in which they are used.
        self.rows: dict[str, list[Sitting]] = {site: [] for site in instance.sites}
        for sitting in sorted(instance.sittings.values()):
            if sitting.part == part:
                self.rows[sitting.site].append(sitting)
        self.qualified = {each: site.theory if part == "T" else site.practical for each, site in instance.sites.items()}
        self.sites_in: dict[str, list[str]] = {city: [] for city in instance.cities}
        for each, site in instance.sites.items():
            self.sites_in[site.city].append(each)
        # Sites that can be nobody's own.
        self.nobodys = {each for each, site in instance.sites.items() if not site.inst and not site.controller}
        self._offered: dict[tuple[str, str], list[Sitting]] = {}
        self._open: dict[tuple[object, ...], list[str]] = {}

    def offered(self, site: str, subject: str) -> list[Sitting]:
        """Sittings at a site that are usable for a subject if release is ignored."""
        key = site, subject
        if key not in self._offered:
            self._offered[key] = [
                sitting
                for sitting in self.rows[site]
                if subject in self.qualified[site]
                and (subject in sitting.subjects or "*" in sitting.subjects)
                and sitting.seats >= 1
                and not sitting.closed
            ]
        return self._offered[key]

    def usable(self, site: str, subject: str, release: Moment, barred: Moment | None) -> list[Sitting]:
        """Sittings after the release and not at the barred moment."""
        offered = self.offered(site, subject)
        later = offered[bisect_left(offered, (release[0], release[1] + 1)) :]
        return later if barred is None else [sitting for sitting in later if sitting[:2] != barred]

    def own(self, person: Person, site: str) -> bool:
        """The site is his institution's, or under the same control."""
        place, controller = self.instance.sites[site], self.instance.controllers.get(person.inst, "")
        same = bool(self.instance.rules["same_controller_own"]) and controller != "" and controller == place.controller
        return same or person.inst == place.inst != ""

    def school(self, person: Person, site: str) -> bool:
        """The site is the student's own school's and the city allows it."""
        place = self.instance.sites[site]
        allowed = self.instance.cities[place.city]["own_school"]
        return bool(person.student and allowed) and place.kind == "school" and person.inst == place.inst != ""

    def sole(self, city: str, subject: str) -> str | None:
        """The only site of the city for the subject, if there is just one."""
        sites = self.sites_in[city]
        if self.instance.rules["sole_point"] == "registered":
            found = [site for site in sites if subject in self.qualified[site]]
        else:
            found = [site for site in sites if self.offered(site, subject)]
        return found[0] if len(found) == 1 else None

    def home(self, person: Person) -> list[str]:
        """Sites of his city that are open to him, release ignored."""
        key = (person.city, person.subject, person.inst, person.student, person.avoid)
        if key not in self._open:
            sole = self.sole(person.city, person.subject)
            self._open[key] = [
                each
                for each in self.sites_in[person.city]
                if each not in person.avoid
                and self.offered(each, person.subject)
                and (not self.own(person, each) or each == sole or self.school(person, each))
            ]
        return self._open[key]

    def away(self, person: Person) -> list[str]:
        """Sites of other cities that are open to him, release ignored."""
        key = (person.city, person.subject, person.inst, person.avoid)
        if key not in self._open:
            crossings = self.instance.crossings
            self._open[key] = [
                each
                for each, site in self.instance.sites.items()
                if site.city != person.city
                and self.instance.cities[site.city]["accepts"]
                and (crossings is None or (person.city, site.city, person.subject) in crossings)
                and each not in person.avoid
                and self.offered(each, person.subject)
                and not self.own(person, each)
            ]
        return self._open[key]


class Scale:
    """Weights of sites in a draw."""

    def __init__(self, market: Market) -> None:
        self._market = market
        pairs = [pair.split(":") for pair in str(market.instance.rules["bands"]).split(";")]
        self._bands = [(int(limit) if limit else None, int(factor)) for limit, factor in pairs]
        self._near: dict[tuple[str, str], int] = {}
        self._menus: dict[tuple[tuple[str, ...], str], tuple[bool, list[tuple[str, int]], list[tuple[str, int]]]] = {}

    def options(self, sites: tuple[str, ...], subject: str, district: str, public: bool) -> list[Option]:
        """His allowed sites of a tier, in order, with what their weights depend on."""
        menu = self._menus.get((sites, subject))
        if menu is None:
            places = self._market.instance.sites
            seats = [(site, sum(sitting.seats for sitting in self._market.offered(site, subject))) for site in sites]
            bases = [one for one in seats if places[one[0]].kind == "public"]
            menu = all(places[site].x is not None for site in sites), bases, [one for one in seats if one not in bases]
            self._menus[sites, subject] = menu
        known, *tiers = menu
        x, y = self._market.instance.districts.get(district, (None, None))
        if not known or x is None or y is None:
            return [(site, seats, 1) for site, seats in tiers[not public]]
        near = self._near
        return [(site, seats, near.get((site, district)) or self._factor(site, district, x, y)) for site, seats in tiers[not public]]

    def _factor(self, site: str, district: str, x: int, y: int) -> int:
        place = self._market.instance.sites[site]
        metres = isqrt((x - (place.x or 0)) ** 2 + (y - (place.y or 0)) ** 2)
        factor = self._near[site, district] = [factor for limit, factor in self._bands if limit is None or limit >= metres][0]
        return factor


def weigh(left: list[Option]) -> list[int]:
    """The weights of the options left, each with all before it."""
    most = max([seats for _, seats, _ in left]) or 1
    ends = list(accumulate([factor * (seats * 255 // most or 1) for _, seats, factor in left]))
    if ends[-1] >= 1 << 22:
        raise Unreadable("meta.json 的 bands：一次抽取的权重之和过大，请核对文件。")
    return ends
