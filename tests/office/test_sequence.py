"""The tree of events: every committed event once, signed checkpoints, files that an outsider can verify."""

import hashlib

import pytest

from kaopei.ledger import checkpoint, proof, segment
from kaopei.office import keys, scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.audit import queries
from kaopei.office.audit import tree as office_tree
from kaopei.office.audit.models import Checkpoint, Event, Leaf
from kaopei.office.audit.record import event, records
from kaopei.office.audit.tasks import sequence, sequence_when_possible
from kaopei.office.refused import Refused
from kaopei.parcel import base64url
from tests.people import NOW, lay_trust


@records("accounts.assigned")
def happen(place, *, by, at):
    return event(obj=f"person:{place}", role="clerk")


@pytest.fixture
def signed(own_data, province):
    lay_trust(own_data, [])
    office_tree._grown.clear()
    return own_data


def verified(name, note):
    """As an outsider does: keys from the trust list only."""
    key = keys.trust().one("ledger")
    origin = note.split(b"\n", 1)[0].decode()
    public = base64url.decode(key.pub)
    return checkpoint.verify(note, {origin: public}, keys.trust().algorithms.verify)


def test_every_event_gets_one_place(signed):
    made = [happen(place, by=SYSTEM, at=NOW) for place in range(5)]
    assert sequence(NOW) == 5
    assert [queries.place(one)[1] for one in made] == [0, 1, 2, 3, 4]
    assert sequence(NOW) == 0
    assert Checkpoint.objects.count() == 1


def test_checkpoints_follow_each_other_and_segment_verifies(signed):
    for round in range(3):
        for place in range(100):
            happen(f"{round}-{place}", by=SYSTEM, at=NOW)
        sequence(NOW)
    ((origin, files),) = queries.segments().items()
    report = segment.verify(files, verified)
    assert (report.origin, report.size, report.checkpoints) == (origin, 300, 3)
    assert origin.endswith(".gd-test/2026")


def test_changed_entry_is_found_by_the_outsider(signed):
    for place in range(3):
        happen(place, by=SYSTEM, at=NOW)
    sequence(NOW)
    ((_, files),) = queries.segments().items()
    (name,) = [name for name in files if name.startswith("tile/entries")]
    files[name] = files[name].replace(b"person:1", b"person:9")
    with pytest.raises(segment.Broken, match="被改动"):
        segment.verify(files, verified)


def test_each_year_has_its_own_tree(signed):
    happen("old", by=SYSTEM, at=NOW)
    sequence(NOW)
    happen("new", by=SYSTEM, at=NOW)
    sequence(NOW.replace(year=2027))
    assert sorted(origin[-4:] for origin in queries.segments()) == ["2026", "2027"]


def test_inclusion_is_proved(signed):
    made = [happen(place, by=SYSTEM, at=NOW) for place in range(9)]
    sequence(NOW)
    evidence = queries.inclusion(made[6])
    assert proof.verify(evidence, lambda note: verified("", note))["obj"] == "person:6"
    assert queries.inclusion(happen("later", by=SYSTEM, at=NOW)) is None


def test_without_a_key_nothing_is_sequenced(own_data, province):
    happen("x", by=SYSTEM, at=NOW)
    with pytest.raises(Refused, match="信任名单"):
        sequence(NOW)
    sequence_when_possible(NOW)
    assert not Leaf.objects.exists()


def test_nothing_is_signed_over_a_tree_that_lost_a_leaf(signed, monkeypatch):
    happen("x", by=SYSTEM, at=NOW)
    sequence(NOW)
    forged = hashlib.sha256(b"forged").digest()
    real = Leaf.objects.filter
    monkeypatch.setattr(Leaf.objects, "filter", lambda **wanted: Forged(real(**wanted), forged))
    office_tree._grown.clear()
    happen("y", by=SYSTEM, at=NOW)
    with pytest.raises(office_tree.Mismatch):
        sequence(NOW)
    assert Checkpoint.objects.count() == 1


class Forged:
    """Leaves as somebody would have changed them in the database."""

    def __init__(self, rows, hashed):
        self.rows, self.hashed = rows, hashed

    def order_by(self, *words):
        return Forged(self.rows.order_by(*words), self.hashed)

    def values_list(self, *words, **options):
        return self

    def iterator(self, **_):
        return iter([self.hashed])


def test_nothing_is_signed_over_an_event_that_changed(signed, monkeypatch):
    happen("x", by=SYSTEM, at=NOW)
    monkeypatch.setattr(office_tree, "leaf", changing(office_tree.leaf))
    with pytest.raises(office_tree.Mismatch):
        sequence(NOW)
    assert not Leaf.objects.exists()


def changing(leaf):
    """The event reads otherwise the second time."""
    calls = []

    def read(one, seq):
        calls.append(seq)
        return leaf(one, seq) + b" " * (len(calls) > 1)

    return read


def test_cities_stand_in_one_tree(signed):
    for city in ("440600", "440100"):
        with scope.entered(city):
            happen(city, by=SYSTEM, at=NOW)
    assert sequence(NOW) == 2
    assert Event.objects.filter(leaf=None).count() == 0
