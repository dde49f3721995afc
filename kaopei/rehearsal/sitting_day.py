"""The day of a sitting, hour by hour: the paper opens with two persons, candidates sit, the return parcel leaves the site."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kaopei.rehearsal.booklet import Booklet
from kaopei.rehearsal.browser import AtScreen
from kaopei.rehearsal.candidates import Sitter, sit_all
from kaopei.rehearsal.clock import CHINA
from kaopei.rehearsal.papers import Papers
from kaopei.rehearsal.person import Stuck
from kaopei.rehearsal.site import Site
from kaopei.rehearsal.stage import Stage

ABSENT, LATE, RELOADS = 0.04, 0.05, 0.08
OPENED_AT, RUNG_AT = timedelta(minutes=-14), timedelta(seconds=5)
TOO_LATE = timedelta(minutes=31)  # nobody may sign in any more, and a sitting may be closed


@dataclass
class Sitting:
    """One sitting that is held: where, when, who sat."""

    number: str
    site: Site
    starts_at: datetime
    sitters: dict[str, Sitter] = field(default_factory=dict)
    late: list[dict[str, Any]] = field(default_factory=list)
    absent: int = 0
    total: int = 0
    returned: Path | None = None


class SittingDay:
    """Sittings that start at the same moment, at one site or several."""

    def __init__(self, stage: Stage, papers: Papers, booklet: Booklet, sittings: Sequence[Sitting], *, browser: bool = False) -> None:
        self.stage, self.papers, self.booklet, self.sittings, self.browser = stage, papers, booklet, sittings, browser
        self.starts_at = sittings[0].starts_at
        self.closed = False

    def open(self) -> None:
        """From T−15: the site shows its challenge, two key officers release, the head and another person open."""
        self.stage.clock.go_to(self.starts_at + OPENED_AT)
        for one in self.sittings:
            one.site.unseal(one.number)
            challenge = one.site.challenge(one.number)
            self.papers.take_slip(one.site.gate_slip(one.number))
            said = {"challenge": challenge, "stage": "1", "cameras": "on"}
            self.stage.person("clerk").submit(f"/sittings/{one.number}/release/", said, having="challenge")
            for who in ("key1", "key2"):
                self.stage.must_sign(who, "")
            token = self.papers.fetch("clerk", one.number, "key_release")
            share = self.papers.share_of_head(one.number)
            one.site.open(one.number, share, token)

    def sign_in(self) -> None:
        """Everybody who comes in time gets his code; a few will be late, a few will not come at all."""
        for one in self.sittings:
            desk = one.site.desk(one.number)
            for row in desk["candidates"]:
                chance = self.stage.chance("comes", row["attempt"])
                if chance < ABSENT:
                    one.absent += 1
                elif chance < ABSENT + LATE:
                    one.late.append(row)
                else:
                    self._sign_in(one, row, desk["csrf"])
            one.total = len(desk["candidates"])
        if self.browser:
            next(iter(self.sittings[0].sitters.values())).at_screen = True

    def _sign_in(self, one: Sitting, row: dict[str, Any], csrf: str) -> Sitter:
        given = one.site.sign_in(one.number, row, csrf)
        reloads = self.stage.chance("reloads", row["attempt"]) < RELOADS
        one.sitters[row["attempt"]] = sitter = Sitter(row["attempt"], given["seat"], given["code"], reloads)
        return sitter

    def sit(self, also: dict[str, Any] | None = None) -> None:
        """The bell, the exam, the hand-in, at all sites at once. `also`: sitting → coroutine function run beside its candidates."""
        try:
            asyncio.run(self._sit(also or {}))
        except BaseExceptionGroup as several:
            raise _first(several) from several

    async def _sit(self, also: dict[str, Any]) -> None:
        bells = {one.number: asyncio.Event() for one in self.sittings}
        async with asyncio.TaskGroup() as group:
            for one in self.sittings:
                sitters, total = [sitter for sitter in one.sitters.values() if not sitter.at_screen], len(one.sitters) * 95
                for sitter in one.sitters.values():
                    if sitter.at_screen:
                        group.create_task(asyncio.to_thread(AtScreen(self.stage, self.booklet, sitter, one.site.base).sit_at_screen))
                beside = also.get(one.number)
                sat = sit_all(self.stage, one.site.base, self.booklet, sitters, bell=bells[one.number], total=total, also=beside)
                group.create_task(sat)
            await asyncio.to_thread(self.stage.clock.go_to, self.starts_at + RUNG_AT)
            for one in self.sittings:
                await asyncio.to_thread(one.site.ring, one.number)
                bells[one.number].set()
                group.create_task(self._late(one, bells[one.number]))

    async def _late(self, one: Sitting, bell: asyncio.Event) -> None:
        """Those who come after the bell sign in while the others are answering."""
        sitters = []
        for row in one.late:
            desk = await asyncio.to_thread(one.site.desk, one.number)
            sitters.append(await asyncio.to_thread(self._sign_in, one, row, desk["csrf"]))
        if sitters:
            await sit_all(self.stage, one.site.base, self.booklet, sitters, bell=bell)

    def close(self) -> None:
        """After the last hand-in: absent ones are written down, two persons sign the slip, the city takes it."""
        self.stage.clock.go_to(self.starts_at + TOO_LATE)
        slips = [one.site.close(one.number) for one in self.sittings]
        page = self.stage.person("clerk").submit("/sittings/upload/", ends="/upload/", files=[("files", path) for path in slips])
        taken = page.html.count('data-state="taken"')
        self.stage.report.check("closing_slips_taken", taken == len(slips), f"{taken}: {page.text[-300:] if taken < len(slips) else ''}")
        self.closed = True

    def hand_back(self) -> None:
        """When no sitting with the same items is left: the answer keys by a token of their own, scores, the parcel on both media."""
        if not self.closed:
            self.close()
        self.stage.clock.go_to(max(one.site.keys_from(one.number) for one in self.sittings))
        for one in self.sittings:
            self._score(one)
            one.returned = one.site.hand_back(one.number)
            self._count(one)

    def _score(self, one: Sitting) -> None:
        challenge = one.site.ask_keys(one.number)
        self.stage.person("clerk").submit(f"/sittings/{one.number}/release/", {"challenge": challenge, "stage": "2"}, having="challenge")
        for who in ("key1", "key2"):
            self.stage.must_sign(who, "")
        one.site.score(one.number, self.papers.fetch("clerk", one.number, "key_release"))

    def _count(self, one: Sitting) -> None:
        sat = list(one.sitters.values())
        answers = sum(one.acknowledged for one in sat)
        unknown = sum(one.unknown for one in sat)
        self.stage.report.facts["sittings"].append(
            {"id": one.number, "candidates": one.total, "present": len(sat), "absent": one.absent, "answers": answers, "returned": False}
        )
        self.stage.report.check("every_item_was_in_a_bank", unknown == 0, unknown)
        self.stage.report.check("every_candidate_has_a_receipt", all(one.receipt.get("code") for one in sat), len(sat))
        if screens := [one for one in sat if one.at_screen]:
            self.stage.report.check("browser", all(one.acknowledged for one in screens), [one.seat for one in screens])
        if len(sat) + one.absent != one.total:
            raise Stuck(f"{one.number}: {len(sat)} present and {one.absent} absent are not {one.total}")


def _first(several: BaseExceptionGroup) -> BaseException:
    """What went wrong first, out of nested groups."""
    found: BaseException = several
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found


def starts_of(stage: Stage, numbers: Sequence[str]) -> dict[str, datetime]:
    """Start of each sitting, as its page says."""
    found = {}
    for number in numbers:
        page = stage.person("clerk").get(f"/allocation/sittings/{number}/")
        said = re.search(r"(\d{4}-\d{2}-\d{2})[^0-9]{1,12}(\d{2}:\d{2})", page.text)
        if not said:
            raise Stuck(f"{number}: no date on its page: {page.text[:300]}")
        found[number] = datetime.fromisoformat(f"{said[1]}T{said[2]}").replace(tzinfo=CHINA)
    return found
