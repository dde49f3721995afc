"""Candidates at their terminals: start code, one item at a time, every answer saved before the next, hand-in, receipt.

They know what stands on the screen and what they learned; how well they learned follows from the seed. No back door.
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kaopei.rehearsal.booklet import Booklet
from kaopei.rehearsal.person import Stuck
from kaopei.rehearsal.stage import Stage
from kaopei.rehearsal.wire import Line

PREPARED = 0.7  # so many have learned well; the others will mostly fail
KNOWS_WELL, KNOWS_BADLY = 0.93, 0.66
WAIT, RETRIES = 0.25, 240
# Answers that only say "not now": the server is busy, restarting, or the clock has not come so far.
NOT_NOW = {423, 425, 429, 503}


@dataclass
class Sitter:
    """One candidate with the seat and the code that the desk gave him, and what he remembers afterwards."""

    attempt: str
    seat: str
    code: str
    reloads: bool = False
    at_screen: bool = False
    sent: dict[int, str] = field(default_factory=dict)
    acknowledged: int = 0
    unknown: int = 0
    receipt: dict[str, Any] = field(default_factory=dict)


class Terminal:
    """The terminal's side of the protocol: numbers, hash chain, retries."""

    def __init__(self, base: str, sitter: Sitter, key: str) -> None:
        self.line, self.sitter = Line(base, key), sitter
        self.key = key
        self.attempt, self.lease, self.seq, self.count, self.head = "", 0, 0, 0, b""
        self.total = 0

    async def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """One call, said again while the server is away or says `not now`. Stuck at any other refusal."""
        for _ in range(RETRIES):
            try:
                status, answer = await self.line.ask(method, path, body)
            except ConnectionError:
                await asyncio.sleep(WAIT)
                continue
            if status == 200:
                return dict(answer)
            if status not in NOT_NOW:
                raise Stuck(f"{self.sitter.seat}: {method} {path} answered {status}: {answer!r:.300}")
            await asyncio.sleep(WAIT)
        raise Stuck(f"{self.sitter.seat}: {method} {path} was not answered for {WAIT * RETRIES:.0f} s")

    async def start(self) -> None:
        """Redeem the start code at the seat."""
        body = {"seat": self.sitter.seat, "code": self.sitter.code, "key": self.key}
        answer = await self.call("POST", "/api/start", body)
        self.attempt, self.lease = str(answer["attempt"]), int(answer["lease"])

    async def begin(self) -> None:
        """After the bell."""
        await self.call("POST", "/api/begin", {})
        await self.reload()

    async def reload(self) -> None:
        """Stand exactly where the server says that this attempt stands."""
        state = await self.call("GET", "/api/state")
        self.seq, self.count, self.head = int(state["seq"]), int(state["count"]), bytes.fromhex(state["head"])
        self.attempt, self.lease, self.total = str(state["attempt"]), int(state["lease"]), int(state["exam"]["total"])

    async def save(self, kind: str, item: int, value: str) -> None:
        """One event, acknowledged only when it is on the server's disk."""
        seq = self.seq + 1
        chain = hashlib.sha256(self.head + f"{self.attempt}|{self.lease}|{seq}|{kind}|{item}|{value}".encode()).digest()
        event = {"seq": seq, "kind": kind, "item": item, "value": value, "chain": chain.hex()}
        answer = await self.call("POST", "/api/events", {"lease": self.lease, "events": [event]})
        if int(answer["saved"]) < seq:
            raise Stuck(f"{self.sitter.seat}: event {seq} was answered with saved={answer['saved']}")
        self.seq, self.count, self.head = seq, self.count + 1, chain
        self.sitter.acknowledged += 1
        if kind == "answer":
            self.sitter.sent[item] = value

    async def hand_in(self) -> dict[str, Any]:
        """Both sides agree on count and head."""
        return await self.call("POST", "/api/hand-in", {"count": self.count, "head": self.head.hex()})


class Candidate:
    """How this person answers: he looks at the text and remembers, or does not."""

    def __init__(self, stage: Stage, booklet: Booklet, sitter: Sitter) -> None:
        self.stage, self.booklet, self.sitter = stage, booklet, sitter
        self.knows = KNOWS_WELL if stage.chance("prepared", sitter.attempt) < PREPARED else KNOWS_BADLY

    def answer(self, item: dict[str, Any]) -> str:
        """Letters as shown: right with his own probability, else something else; a guess when he never saw the item."""
        options = [(option["letter"], option["text"]) for option in item["options"]]
        right = self.booklet.letters(item["stem"], options)
        if right is None:
            self.sitter.unknown += 1
            return str(options[0][0])
        if self.stage.chance("answer", self.sitter.attempt, item["stem"]) < self.knows:
            return right
        if item["kind"] == "multiple":
            return "".join(letter for letter, _text in options if letter not in right) or right[:1]
        return str(next(letter for letter, _text in options if letter != right))

    async def sit(self, base: str, bell: asyncio.Event, told: Callable[[], None]) -> None:
        """From the start code to the receipt."""
        terminal = Terminal(base, self.sitter, _key(self.stage, self.sitter))
        try:
            await terminal.start()
            await bell.wait()
            await terminal.begin()
            for number in range(1, terminal.total + 1):
                item = await terminal.call("GET", f"/api/item/{number}")
                await terminal.save("answer", number, self.answer(item))
                if self.sitter.reloads and number == terminal.total // 2:
                    await terminal.reload()
                told()
            self.sitter.receipt = await terminal.hand_in()
        finally:
            terminal.line.close()


def _key(stage: Stage, sitter: Sitter) -> str:
    """The terminal's own secret for this attempt; never shown, 64 letters."""
    return stage.secret("terminal", sitter.attempt, sitter.code).hex()


async def sit_all(
    stage: Stage, base: str, booklet: Booklet, sitters: list[Sitter], *, bell: asyncio.Event, total: int = 0,
    also: Callable[[], Any] | None = None,
) -> None:  # fmt: skip
    """All candidates of a sitting at once; the first trouble of one ends the rehearsal with his seat named.

    `also` is an awaitable run beside them: the people at the desk, a power cut.
    """
    saved = 0

    def told() -> None:
        nonlocal saved
        saved += 1
        if saved % 50 == 0:
            stage.report.progress(saved, max(saved, total), "已作答")

    async with asyncio.TaskGroup() as group:
        for sitter in sitters:
            group.create_task(Candidate(stage, booklet, sitter).sit(base, bell, told))
        if also is not None:
            group.create_task(also())
