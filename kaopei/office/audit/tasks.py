"""The sequencer: committed events into the tree, then a signed checkpoint; a minute's work for a timer, repeatable at will."""

import logging
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from kaopei.ledger import checkpoint
from kaopei.office import database, database_files, environment, keys, scope, trusted
from kaopei.office.audit import queries, statements, tree
from kaopei.office.audit.models import Checkpoint, Event, Leaf
from kaopei.office.refused import Refused
from kaopei.office.tasks.registry import every
from kaopei.parcel import base64url, keyfile
from kaopei.parcel.keyfile import Signer

logger = logging.getLogger(__name__)
LOCK = 0x6B70_7365_7175  # one sequencer at a time, whatever the number of programs


class NoteKey:
    """Our ledger key, as notes want it."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer

    def public(self) -> bytes:
        """The raw public key."""
        return base64url.decode(keyfile.public(self.signer.key, self.signer.suite.name))

    def sign_note(self, text: bytes) -> bytes:
        """The bare signature."""
        return self.signer.sign_note(text)


def sequence(at: datetime) -> int:
    """Put all committed events that are in no tree yet into the tree and sign; how many. Refused without a ledger key."""
    signer = keys.signer("ledger", at)
    named = tree.origin(keys.trust(), at)
    with scope.entered(scope.PROVINCE), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        grown = tree.frontier(named)
        first = grown.size
        waiting = Event.objects.filter(leaf=None).order_by("id")
        rows = [_leaf(named, first + place, one) for place, one in enumerate(waiting)]
        if not rows:
            return 0
        Leaf.objects.bulk_create(rows, batch_size=2000)
        # Read back and hashed again before the signature: what is signed is what stands in the database.
        for hashed in tree.recompute(named, first):
            grown.append(hashed)
        if grown.size != first + len(rows):
            raise tree.Mismatch(f"{named}：写入 {len(rows)} 条，读回 {grown.size - first} 条")
        note = checkpoint.sign(checkpoint.body(named, grown.size, grown.root()), NoteKey(signer))
        Checkpoint.objects.create(origin=named, size=grown.size, root=grown.root(), at=at, note=note.decode())
    tree.keep(named, grown)
    return len(rows)


def proved(ulid: str, at: datetime) -> dict[str, Any]:
    """Put an event into the signed tree at once, in the running transaction, and prove its place (the form of `ledger.proof`).

    Should the transaction be rolled back, neither event nor checkpoint has ever been.
    """
    sequence(at)
    with scope.entered(scope.PROVINCE):
        found = queries.inclusion(ulid)
    if found is None:
        raise tree.Mismatch(f"事件 {ulid} 没有进入台账")
    return found


def _leaf(named: str, seq: int, one: Event) -> Leaf:
    return Leaf(origin=named, seq=seq, event=one, leaf_hash=tree.hash_of(one, seq))


@every(60)
def sequence_when_possible(at: datetime) -> None:
    """The timer's call: an installation without a ledger key is told so in the log, and works on."""
    if trusted.current(settings.DATA) is None:
        return
    try:
        sequence(at)
    except Refused as refused:
        logger.warning("台账没有签署检查点：%s", refused)


@every(60)
def take_refused_statements(at: datetime) -> None:
    """What the private database refused goes into the record; a server that somebody else runs has a log of its own."""
    log = database_files.log_of(database.private(environment.program(), settings.DATA))
    if log is not None:
        _reader(log).take(at)


@cache
def _reader(log: Path) -> statements.LogReader:
    return statements.LogReader(log)
