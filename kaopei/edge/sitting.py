"""A sitting and its attempts in memory. The store holds the same, durable; after a crash this is rebuilt from it."""

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kaopei.edge.store import Store

# A tick that comes later than this was a standstill of the server: it is credited to everybody, never charged.
STANDSTILL_SECONDS = 2.0
LOST_SECONDS = 10.0
# A lost terminal covers its item after this long; only covered time may be credited.
COVER_SECONDS = 3.0
LOST_CREDIT_CAP_SECONDS = 600.0
GRACE_SECONDS = 5.0

HOLDS_SEAT = ("signed_in", "seated", "open")
EVENT_KINDS = ("answer", "mark", "signal")


def chain_seed(attempt: str, salt: bytes) -> bytes:
    """The head of an attempt's chain before its first event; the salt is opened only in an appeal."""
    return hashlib.sha256(b"atm1|" + attempt.encode() + b"|" + salt).digest()


def chained(head: bytes, attempt: str, lease: int, seq: int, kind: str, item: int, value: str) -> bytes:
    """The chain head after one event; the terminal computes the same."""
    return hashlib.sha256(head + f"{attempt}|{lease}|{seq}|{kind}|{item}|{value}".encode()).digest()


@dataclass(slots=True)
class Attempt:
    """一次应考. Times of the sitting (`extra`, `paused_at`, …) in seconds.

    Boottime: `contact` of the last request, `seen` since when silence counts (contact, or the end of a pause), `acted` of
    the last act. `pulsed`: this terminal gives signs of life by itself, so that its silence means something.
    """

    no: int
    attempt: str
    sitting_id: str
    room: str
    seat: str
    state: str = "expected"
    late: bool = False
    reason: str = ""
    code: str | None = None
    code_wrong: int = 0
    lease: int = 0
    lease_hash: bytes | None = None
    salt: bytes = b""
    opened_at: int | None = None
    position: int = 1
    extra: float = 0.0
    lost_credit: float = 0.0
    paused_at: float | None = None
    pause_cause: str = ""
    ended_at: int | None = None
    ended_by: str | None = None
    ended_ran: float | None = None
    head: bytes = b""
    chains: list[bytes] = field(default_factory=list)
    count: int = 0
    answers: dict[int, str] = field(default_factory=dict)
    marked: set[int] = field(default_factory=set)
    signals: int = 0
    contact: float = 0.0
    seen: float = 0.0
    acted: float = 0.0
    pulsed: bool = False
    moved_position: bool = False
    pending: "asyncio.Future[None] | None" = None
    form: dict[str, Any] | None = None

    @property
    def label(self) -> str:
        """What stands on the seat."""
        return f"{self.room}-{self.seat}"

    def take(self, kind: str, item: int, value: str) -> None:
        """Let one event of the stream act."""
        self.count += 1
        if kind == "answer":
            if value:
                self.answers[item] = value
            else:
                self.answers.pop(item, None)
        elif kind == "mark":
            (self.marked.add if value == "1" else self.marked.discard)(item)
        else:
            self.signals += 1


@dataclass(slots=True)
class SittingClock:
    """Sitting time: the sum of boottime differences while it runs. `token_time` judges windows, `ran` candidates.

    What nobody is charged for gathers in `standstill`, with its cause, until an entry of the ledger says so.
    """

    boot_id: str
    boottime: float
    jump: float
    token_time: float
    ran: float = 0.0
    running: bool = False
    paused: bool = False
    standstill: float = 0.0
    cause: str = ""

    def advance(self, boottime: float, jump: float) -> float:
        """Count what passed since the last call; returns the seconds of it in which the server stood still."""
        delta = max(0.0, boottime - self.boottime)
        jumped = jump - self.jump
        self.boottime, self.jump = boottime, jump
        self.token_time += delta + jumped
        stood = delta if delta > STANDSTILL_SECONDS else 0.0
        if not self.running or self.paused:
            return stood
        if stood:
            self._stood(stood, "server_standstill")
        else:
            self.ran += delta
        # Under rehearsal trust a jump of the clock is time that passed; it never runs backwards for a candidate.
        self.ran += max(0.0, jumped)
        return stood

    def _stood(self, seconds: float, cause: str) -> None:
        self.standstill += seconds
        self.cause = cause

    def row(self) -> tuple[str, int, int, int, int, int, int, str]:
        """What is written down, in milliseconds: boot, boottime, jump, token time, ran, paused, standstill, cause."""
        # `ran` is rounded down: a crash may give a candidate a moment, and never takes one.
        at, jump, token, ran, stood = (int(1000 * one) for one in (self.boottime, self.jump, self.token_time, self.ran, self.standstill))
        return self.boot_id, at, jump, token, ran, int(self.paused), stood, self.cause

    @classmethod
    def restored(
        cls, row: tuple[str, int, int, int, int, int, int, str], *, running: bool, boot_id: str, boottime: float, jump: float, wall_gap: float
    ) -> "SittingClock":
        """After a death of the server: whatever passed since the row was written is nobody's time.

        In the same boot the gap is boottime's. Boottime of two boots may not be compared: then it is `wall_gap`, seconds by the
        wall clock, which moves the windows (flagged by its cause) and no candidate.
        """
        boot, at, old_jump, token_time, ran, paused, stood, cause = row
        clock = cls(boot_id, boottime, jump, token_time / 1000, ran / 1000, running, bool(paused), stood / 1000, cause)
        same = boot == boot_id
        gap = max(0.0, boottime - at / 1000 if same else wall_gap)
        jumped = jump - old_jump / 1000 if same else 0.0
        clock.token_time += gap + jumped
        if running and not paused:
            clock._stood(gap, "server_restart" if same else "server_reboot")
            clock.ran += max(0.0, jumped)
        return clock


@dataclass
class Sitting:
    """One sitting: what its parcels say, who sits where, and where it stands."""

    sitting_id: str
    state: str = "imported"
    package_id: str | None = None
    token: bytes | None = None
    bell_at: int | None = None
    closed_at: int | None = None
    closing_size: int | None = None
    manifest: dict[str, Any] = field(default_factory=dict)
    seating: dict[str, Any] = field(default_factory=dict)
    clock: SittingClock | None = None
    pause_cause: str = ""
    late_noted: bool = False
    opener: Any = None
    # From the opening on the content keys, in memory only; None before it, and after a reboot until two persons bring them back.
    secrets: Any = None
    half: Any = None
    wait_until: float = 0.0
    stopped_at: float | None = None
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    attempts: dict[str, Attempt] = field(default_factory=dict)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def practical(self) -> bool:
        """实操: examiners mark tasks on tablets; there are no terminals and no answer keys."""
        return "practical" in self.manifest.get("policy", {})

    def by_seat(self) -> list[Attempt]:
        """Attempts in the order of the room."""
        return sorted(self.attempts.values(), key=lambda one: (one.room, one.seat))

    def at(self, label: str) -> Attempt | None:
        """Who holds this seat now: the one whose terminal stands there, else the one who is expected."""
        here = [one for one in self.attempts.values() if one.label == label]
        return next((one for one in here if one.state in HOLDS_SEAT), here[0] if here else None)

    def person(self, attempt: Attempt) -> dict[str, Any]:
        """The roster row: name, ticket number, subject."""
        return self.people[attempt.attempt]

    def allowed(self, attempt: Attempt) -> float:
        """Seconds of sitting time that this attempt may use, without credits."""
        minutes = attempt.form["duration_minutes"] if attempt.form else self.manifest["policy"]["duration_minutes"]
        more = self.person(attempt).get("accommodations", {}).get("extra_minutes", 0)
        return 60.0 * float(minutes + (more if isinstance(more, int) else 0))

    def remaining(self, attempt: Attempt, boottime: float) -> float:
        """Seconds left; may be negative during the grace."""
        ran = self.clock.ran if self.clock else 0.0
        if attempt.paused_at is not None:
            ran = attempt.paused_at
        return self.allowed(attempt) + attempt.extra + self.lost_time(attempt, boottime) - ran

    def lost_time(self, attempt: Attempt, boottime: float) -> float:
        """What a terminal that is lost just now will be credited: covered time, once an attempt, up to the cap."""
        silent = boottime - attempt.seen
        if attempt.state != "open" or silent < LOST_SECONDS or attempt.lost_credit or attempt.paused_at is not None:
            return 0.0
        if self.clock is None or self.clock.paused:
            return 0.0
        return min(silent - COVER_SECONDS, self.loss_cap())

    def loss_cap(self) -> float:
        """Seconds that one loss of a terminal gives back by itself (setting of the seating `pause_cap_minutes`); more is for two persons."""
        minutes = self.seating.get("numbers", {}).get("pause_cap_minutes")
        return 60.0 * minutes if isinstance(minutes, int) and minutes >= 0 else LOST_CREDIT_CAP_SECONDS

    def phase(self, attempt: Attempt) -> str:
        """What the terminal shows: waiting, open, paused, handed_in."""
        if attempt.state == "handed_in":
            return "handed_in"
        if attempt.state != "open":
            return "waiting"
        return "paused" if attempt.paused_at is not None or (self.clock and self.clock.paused) else "open"

    def roster_counts(self) -> dict[str, int]:
        """The numbers of the completeness equation."""
        states = [one.state for one in self.attempts.values()]
        present = [one for one in self.attempts.values() if one.state in ("signed_in", "seated", "open", "handed_in")]
        return {
            "roster": len(states),
            "present": len(present),
            "absent": states.count("absent"),
            "refused": states.count("refused"),
            "expected": states.count("expected"),
            "opened": sum(one.opened_at is not None for one in present),
            "closed": states.count("handed_in"),
            "events": sum(one.count for one in self.attempts.values()),
        }


ATTEMPT_COLUMNS = (
    "no, attempt, sitting_id, room, seat, state, late, reason, code, code_wrong, lease, lease_hash, lease_head, salt,"
    " opened_at, position, extra, lost_credit, paused_at, pause_cause, pulsed, ended_at, ended_by, ended_ran"
)


def load_attempt(store: Store, row: tuple[Any, ...]) -> Attempt:
    """One attempt with its whole stream, as last committed."""
    (no, name, sitting_id, room, seat, state, late, reason, code, wrong, lease, lease_hash, lease_head, salt, opened,
     position, extra, lost, paused, cause, pulsed, ended_at, ended_by, ended_ran) = row  # fmt: skip
    attempt = Attempt(
        no, name, sitting_id, room, seat, state, bool(late), reason, code, wrong, lease, lease_hash, salt or b"", opened,
        position, extra / 1000, lost / 1000, None if paused is None else paused / 1000, cause, ended_at, ended_by,
        None if ended_ran is None else ended_ran / 1000,
    )  # fmt: skip
    attempt.pulsed = bool(pulsed)
    attempt.head = lease_head or (chain_seed(name, salt) if salt else b"")
    for event_lease, kind, item, value, chain in stream(store, no):
        attempt.take(kind, item, value)
        if event_lease == lease:
            attempt.chains.append(chain)
            attempt.head = chain
    marked = marks_head(store, no)
    if marked:
        attempt.count, attempt.head = marked
    return attempt


def marks_seed(attempt: str, examiner: str, salt: bytes) -> bytes:
    """The head of an examiner's chain of marks before the first one."""
    return hashlib.sha256(b"pmk1|" + attempt.encode() + b"|" + examiner.encode() + b"|" + salt).digest()


def mark_chained(head: bytes, attempt: str, examiner: str, mark: tuple[int, int, str, int, int, int]) -> bytes:
    """The chain head after one mark (seq, version, kind, task, step, value)."""
    line = "|".join(str(one) for one in (attempt, examiner, *mark))
    return hashlib.sha256(head + line.encode()).digest()


def marks_head(store: Store, attempt_no: int) -> tuple[int, bytes] | None:
    """(how many marks, one digest over the last links of all examiners' chains) of a practical attempt that has any."""
    rows = store.read(
        "SELECT examiner, count(*), max(seq), chain FROM mark_event WHERE attempt_no = ? GROUP BY examiner ORDER BY examiner", (attempt_no,)
    )
    if not rows:
        return None
    lines = "".join(f"{examiner}|{bytes(chain).hex()}\n" for examiner, _, _, chain in rows)
    return sum(row[1] for row in rows), hashlib.sha256(lines.encode()).digest()


def stream(store: Store, attempt_no: int) -> Iterable[tuple[int, str, int, str, bytes]]:
    """(lease, kind, item, value, chain) in the order in which they were accepted."""
    rows = store.read(
        "SELECT lease, kind, item, value, chain FROM answer_event WHERE attempt_no = ? ORDER BY lease, seq", (attempt_no,)
    )
    return [(row[0], row[1], row[2], row[3], bytes(row[4])) for row in rows]


def reload(store: Store, attempt: Attempt) -> None:
    """Forget what was accepted in memory but never reached the disk."""
    row = store.read(f"SELECT {ATTEMPT_COLUMNS} FROM attempt WHERE no = ?", (attempt.no,))[0]
    fresh = load_attempt(store, row)
    fresh.form, fresh.contact, fresh.seen, fresh.acted = attempt.form, attempt.contact, attempt.seen, attempt.acted
    for name in Attempt.__slots__:
        setattr(attempt, name, getattr(fresh, name))
