"""Which session is usable, which site is allowed, and with what weight a site is drawn (draw.md §3 and §4)."""

import hashlib
from math import isqrt

FIRST = -1


def digest(*fields):
    """SHA-256 over fields with their lengths in front."""
    state = hashlib.sha256()
    for item in fields:
        data = str(item).encode()
        state.update(len(data).to_bytes(4, "big") + data)
    return state.digest()


class Rules:
    """The rule table applied to one instance."""

    def __init__(self, instance):
        self.instance = instance
        self.table = instance.rules
        self.bands = [(int(limit) if limit else None, int(factor))
                      for limit, factor in (band.split(":") for band in self.table["bands"].split(";"))]
        self.after_theory = self.table["practical_after_theory"] == 1
        self.open = {}
        self.column = {}
        for session in sorted(instance.sessions.values(), key=lambda session: session.order):
            self._enter(session)
        self.city_sites = {city: [] for city in instance.cities}
        for site in sorted(instance.sites):
            self.city_sites[instance.sites[site].city].append(site)

    def _enter(self, session):
        """Enter a session under every subject for which it is open."""
        site = self.instance.sites[session.site]
        if session.closed or any(first <= session.day <= last for first, last in site.suspended):
            return
        for subject in site.subjects[session.part]:
            if session.subjects is None or subject in session.subjects:
                key = (site.id, subject, session.part)
                self.column[key] = self.column.get(key, 0) + session.seats
                if session.seats >= 1:
                    self.open.setdefault(key, []).append(session)

    def usable(self, site, subject, part, release):
        """The usable sessions of a site in their order."""
        after, never = release
        return [session for session in self.open.get((site, subject, part), ())
                if (session.day, session.slot) > after and (session.day, session.slot) != never]

    def parts(self, candidate):
        """The parts for which the candidate is drawn."""
        if candidate.parts == "TP" and self.instance.subjects[candidate.subject]["has_practical"] != "1":
            return "T"
        return candidate.parts

    def release(self, candidate, theory):
        """After which (day, slot) he can sit, and at which one he cannot; `theory` is the session of his theory."""
        earliest = (candidate.earliest, FIRST)
        if theory is None:
            return earliest, None
        taken = (theory.day, theory.slot)
        return (max(earliest, taken), None) if self.after_theory else (earliest, taken)

    def is_own(self, candidate, site):
        """Whether the site is tied to the institution of the candidate."""
        if candidate.institution and candidate.institution == site.institution:
            return True
        controller = self.instance.controllers.get(candidate.institution, "")
        return self.table["same_controller_own"] == 1 and controller != "" and controller == site.controller

    def is_own_school(self, candidate, site):
        """Whether exemption (b) opens the site."""
        return (candidate.student and site.kind == "school" and candidate.institution == site.institution
                and candidate.institution != "" and self.instance.cities[candidate.city]["own_school_allowed"] == "1")

    def is_sole(self, candidate, site, part):
        """Whether exemption (a) opens the site: the only one of the city for the subject and part."""
        sites = [self.instance.sites[other] for other in self.city_sites[candidate.city]]
        if self.table["sole_point"] == "registered":
            counted = [other.id for other in sites if candidate.subject in other.subjects[part]]
        else:
            counted = [other.id for other in sites if self.open.get((other.id, candidate.subject, part))]
        return counted == [site.id]

    def allowed_home(self, candidate, part, release):
        """The allowed sites of his city, each with the exemption that opened it or an empty text."""
        found = {}
        for name in self.city_sites[candidate.city]:
            site = self.instance.sites[name]
            if name in candidate.avoid or not self.usable(name, candidate.subject, part, release):
                continue
            if not self.is_own(candidate, site):
                found[name] = ""
            elif self.is_own_school(candidate, site):
                found[name] = "own_school"
            elif self.is_sole(candidate, site, part):
                found[name] = "sole_site"
        return found

    def may_cross(self, candidate):
        """Whether the candidate takes part in the cross-city draw."""
        return candidate.cross and self.instance.subjects[candidate.subject]["cross_city"] == "1"

    def accepting(self):
        """The cities that accept candidates of others."""
        return [city for city, row in sorted(self.instance.cities.items()) if row["accepts_cross"] == "1"]

    def allowed_across(self, candidate, part, release):
        """The allowed sites of other cities; no exemption applies."""
        found = {}
        for city in self.accepting() if self.may_cross(candidate) else ():
            crossings = self.instance.crossings
            if city == candidate.city:
                continue
            if crossings is not None and (candidate.city, city, candidate.subject) not in crossings:
                continue
            for name in self.city_sites[city]:
                if (name not in candidate.avoid and not self.is_own(candidate, self.instance.sites[name])
                        and self.usable(name, candidate.subject, part, release)):
                    found[name] = ""
        return found

    def factors(self, candidate, allowed):
        """The band factor of each allowed site."""
        home = self.instance.districts.get(candidate.district)
        places = {name: self.instance.sites[name].at for name in allowed}
        if home is None or None in places.values():
            return dict.fromkeys(places, 1)
        return {name: self._factor(isqrt((x - home[0]) ** 2 + (y - home[1]) ** 2)) for name, (x, y) in places.items()}

    def _factor(self, metres):
        """The factor of the first limit that is not below the distance."""
        return next(factor for limit, factor in self.bands if limit is None or metres <= limit)

    def weights(self, subject, part, options, factors):
        """The weights of the options left."""
        seats = {name: self.column.get((name, subject, part), 0) for name in options}
        most = max(seats.values()) or 1
        return {name: factors[name] * max(1, seats[name] * 255 // most) for name in options}
