"""The published probabilities of one candidate's sites, before there is a seed."""

from kaopei.lottery.eligibility import Eligibility
from kaopei.lottery.odds import Odds, Wheel
from kaopei.lottery.pool import Pool
from kaopei.lottery.table import BadInstance


def chance(pool: Pool, cand: str) -> dict[str, object]:
    """The first draw of each tier at home: of 2⁴⁰ draws, how many mean each site. BadInstance: nobody has this id."""
    people = pool.candidates
    if cand not in people.id:
        raise BadInstance(f"candidates.csv 里没有考生“{cand}”：请核对编号。")
    number = people.id.index(cand)
    subject, parts = people.subject[number], people.parts[number]
    if parts == "TP" and not pool.subjects[subject].has_practical:
        parts = "T"
    found: dict[str, object] = {"cand": cand}
    for part in parts:
        eligibility = Eligibility(pool, part)
        sites = eligibility.home_sites(people.city[number], subject, people.inst[number], people.student[number], people.avoid[number])
        # The theory sitting is not known yet, so a practical is released by the earliest day alone.
        kind = eligibility.kind(sites, subject, (people.earliest[number], -1))
        odds, district = Odds(pool, eligibility), people.district[number]
        tiers = {"public": odds.wheel(kind, district, 0), "other": odds.wheel(kind, district, 1)}
        found[part] = {tier: _shares(pool, wheel) for tier, wheel in tiers.items()}
    return found


def _shares(pool: Pool, wheel: Wheel | None) -> dict[str, str]:
    if wheel is None:
        return {}
    return {pool.sites[site].id: f"{share}/2^40" for site, share in zip(wheel.options.sites, wheel.shares(), strict=True)}
