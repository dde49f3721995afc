"""The ledger laid down for outsiders: whole, continued, and never replaced by another history."""

import shutil
from urllib.parse import quote

import pytest

from kaopei.ledger import checkpoint, segment, tree
from kaopei.office import keys
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.audit import export, queries
from kaopei.office.audit import tree as office_tree
from kaopei.office.audit.record import event, records
from kaopei.office.audit.tasks import NoteKey, sequence
from kaopei.office.refused import Refused
from kaopei.parcel import base64url, container
from tests.people import NOW, PEOPLE, Person, lay_trust, log_in


@records("accounts.assigned")
def happen(place, *, by, at):
    return event(obj=f"person:{place}", role="clerk")


@pytest.fixture
def out(own_data, province, tmp_path):
    lay_trust(own_data, [])
    office_tree._grown.clear()
    return tmp_path / "out"


def verified(name, note):
    origin = note.split(b"\n", 1)[0].decode()
    public = base64url.decode(keys.trust().one("ledger").pub)
    return checkpoint.verify(note, {origin: public}, keys.trust().algorithms.verify)


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def grow(count):
    for place in range(count):
        happen(place, by=SYSTEM, at=NOW)


def test_what_waits_is_taken_in_and_the_folder_holds(out):
    grow(3)
    (laid,) = export.lay(out, NOW)
    report = segment.verify(files(laid.folder), verified)
    assert (report.size, report.root) == (3, laid.root)
    assert (laid.folder.name, queries.unsequenced()) == ("2026", 0)


def test_a_later_export_continues_the_earlier_one(out):
    grow(3)
    export.lay(out, NOW)
    grow(300)
    (laid,) = export.lay(out, NOW)
    assert segment.verify(files(laid.folder), verified).size == 303
    assert [path.name for path in laid.folder.parent.iterdir()] == ["2026"]


def test_the_same_ledger_again_changes_nothing(out):
    grow(3)
    (laid,) = export.lay(out, NOW)
    before = files(laid.folder)
    export.lay(out, NOW)
    assert files(laid.folder) == before


def test_two_years_lie_in_two_folders(out):
    grow(2)
    export.lay(out, NOW)
    grow(2)
    laid = export.lay(out, NOW.replace(year=2027))
    assert [one.folder.name for one in laid] == ["2026", "2027"]
    assert all(segment.verify(files(one.folder), verified).size == 2 for one in laid)


def note(size, seed):
    """A checkpoint of the same log that its own key signed over another history."""
    root = tree.root([tree.leaf_hash(bytes([seed, place])) for place in range(size)])
    named = office_tree.origin(keys.trust(), NOW)
    return checkpoint.sign(checkpoint.body(named, size, root), NoteKey(keys.signer("ledger", NOW)))


@pytest.mark.parametrize(("size", "words"), [(2, "续写"), (3, "两个不同的根"), (9, "被截断，或恢复了旧盘")])
def test_another_history_is_never_overwritten(out, size, words):
    grow(3)
    (laid,) = export.lay(out, NOW)
    (laid.folder / "checkpoint").write_bytes(note(size, 7))
    before = files(laid.folder)
    with pytest.raises(export.Forked, match=words):
        export.lay(out, NOW)
    assert files(laid.folder) == before


def test_a_broken_checkpoint_that_lies_there_is_kept_as_evidence(out):
    grow(3)
    (laid,) = export.lay(out, NOW)
    (laid.folder / "checkpoint").write_bytes(b"scratched")
    with pytest.raises(export.Forked, match="保留原件"):
        export.lay(out, NOW)
    assert (laid.folder / "checkpoint").read_bytes() == b"scratched"


def test_an_export_killed_between_its_renames_is_continued(out):
    grow(3)
    (laid,) = export.lay(out, NOW)
    laid.folder.rename(laid.folder.with_name(".2026.old"))
    (laid.folder.with_name(".2026.new")).mkdir()
    (laid.folder.with_name(".2026.new") / "half").write_text("half")
    grow(1)
    export.lay(out, NOW)
    assert segment.verify(files(laid.folder), verified).size == 4
    assert [path.name for path in laid.folder.parent.iterdir()] == ["2026"]


def test_the_history_that_a_killed_export_left_beside_is_compared_as_well(out):
    grow(3)
    (laid,) = export.lay(out, NOW)
    (laid.folder / "checkpoint").write_bytes(note(2, 7))
    laid.folder.rename(laid.folder.with_name(".2026.old"))
    with pytest.raises(export.Forked):
        export.lay(out, NOW)


def test_a_folder_with_other_files_is_left_alone(out):
    grow(1)
    (laid,) = export.lay(out, NOW)
    shutil.rmtree(laid.folder)
    laid.folder.mkdir()
    (laid.folder / "letter.txt").write_text("mine")
    with pytest.raises(export.BadExport, match="不是台账"):
        export.lay(out, NOW)
    assert (laid.folder / "letter.txt").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_said_in_one_line(out):
    grow(1)
    out.write_text("a file, no folder")
    with pytest.raises(export.BadExport, match="写不进去") as problem:
        export.lay(out, NOW)
    assert problem.value.exit_status == 2


def test_an_empty_ledger_is_not_exported(out):
    with pytest.raises(export.BadExport, match="还没有任何条目"):
        export.lay(out, NOW)
    assert not out.exists()


def test_without_a_trust_list_nothing_is_exported(own_data, province, tmp_path):
    grow(1)
    with pytest.raises(Refused, match="信任名单"):
        export.lay(tmp_path / "out", NOW)


def test_the_auditor_fetches_one_file_that_holds(out, client):
    grow(2)
    sequence(NOW)
    log_in(client, PEOPLE["auditor"])
    named = office_tree.origin(keys.trust(), NOW)
    address = f"/events/export/?origin={quote(named, safe='')}"
    assert address.replace("%2F", "/") in client.get("/events/").content.decode()
    answer = client.get(address)
    assert answer.headers["Content-Disposition"].endswith('-2026.zip"')
    assert segment.verify(dict(container.read(answer.content)), verified).origin == named
    assert client.get("/events/export/?origin=other/2026").status_code == 404


def test_a_clerk_may_not_fetch_the_ledger(out, client):
    grow(1)
    sequence(NOW)
    log_in(client, PEOPLE["clerk"])
    assert client.get("/events/export/").status_code == 403
    assert "/events/export/" not in client.get("/events/").content.decode()


def test_an_auditor_of_one_city_is_told_who_can_export_it(out, client):
    grow(1)
    sequence(NOW)
    log_in(client, Person("auditor_fs", "严查", ("auditor",)))
    assert "/events/export/" not in client.get("/events/").content.decode()
    refused = client.get("/events/export/?origin=x")
    assert (refused.status_code, "全省的审计员" in refused.content.decode()) == (409, True)
