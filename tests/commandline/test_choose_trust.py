"""Whom the checking commands believe: --trust, else the data directory's list, else the one beside; pinned, or a rehearsal's."""

import shutil
from functools import cache

import pytest

from kaopei.commandline import parcel, trust_files
from kaopei.parcel import keyfile, trust
from kaopei.parcel.rejected import Rejected
from tests.commandline import laid
from tests.parcel import cast, records
from tests.parcel.cast import NOW
from tests.parcel.test_whole_chain import chain


def sources(*, given=None, root=None, data=None, data_given=False):
    return trust_files.Sources(given, root, data, data_given)


@cache
def real():
    """A list in earnest: bytes, root, the signer of certificates' status."""
    signer = keyfile.Signer(keyfile.generate_sign())
    row = trust.entry(keyfile.public(signer.key), "status", "status")
    data, root, _ = trust.found(deployment="粤正式", rehearsal=False, issued_at=NOW, keys=[row])
    listed = trust.load([data], root)
    from kaopei.parcel import status

    return data, root, status.sign(listed, signer, [], at=NOW, number=1, next_update=NOW + 1)


@pytest.fixture
def earnest(tmp_path):
    """A status list of a real deployment, its trust list beside."""
    folder = tmp_path / "earnest"
    folder.mkdir()
    (folder / "trust.json").write_bytes(real()[0])
    (folder / "status.json").write_bytes(real()[2])
    return folder / "status.json"


def test_a_real_list_counts_only_when_its_root_is_pinned(tmp_path, earnest):
    done = laid.run("parcel", "check", earnest)
    assert (done.status, done.lines[0][0], "--root" in done.lines[0][2]) == (1, "bad", True)
    done = laid.run("parcel", "check", "--root", real()[1], earnest)
    assert (done.status, done.lines[0][0]) == (0, "ok")
    assert not done.lines[0][2].startswith("演练样张")
    for wrong in ("0" * 64, "", real()[1].upper(), real()[1][:63], "x"):
        done = laid.run("parcel", "check", "--root", wrong, earnest) if wrong else laid.run("parcel", "check", "--root=", earnest)
        assert (done.status, done.lines[0][0]) == (1, "bad"), wrong


def test_the_installation_pins_its_own_root(tmp_path, earnest):
    data = tmp_path / "data"
    data.mkdir()
    (data / "root.txt").write_text(real()[1] + "\n")
    assert laid.run("parcel", "check", earnest, data=data).lines[0][0] == "ok"
    (data / "root.txt").write_text("0" * 64)
    assert laid.run("parcel", "check", earnest, data=data).lines[0][0] == "bad"


def test_a_root_that_lies_beside_the_files_pins_nothing(tmp_path, earnest):
    (earnest.parent / "root.txt").write_text(real()[1])
    assert laid.run("parcel", "check", earnest).lines[0][0] == "bad"


def test_a_rehearsal_beside_a_wrong_root_is_refused(tmp_path):
    [path] = laid.lay(tmp_path, "order.jws")
    (tmp_path / "root.txt").write_text(chain().p.root)
    assert laid.run("parcel", "check", path).status == 0
    (tmp_path / "root.txt").write_text("0" * 64)
    assert "root.txt" in laid.run("parcel", "check", path).lines[0][2]


def test_the_given_list_wins_over_all_others(tmp_path):
    [path] = laid.lay(tmp_path / "files", "order.jws")
    other = tmp_path / "other.json"
    other.write_bytes(cast.found().data)
    assert laid.run("parcel", "check", "--trust", other, path).lines[0][0] == "bad"
    good = tmp_path / "good.json"
    good.write_bytes(chain().p.data)
    (tmp_path / "files" / "trust.json").write_bytes(b"broken")
    assert laid.run("parcel", "check", "--trust", good, path).lines[0][0] == "ok"


def test_the_installations_list_wins_over_the_one_beside(tmp_path):
    """Files that bring a trust list of their own are not believed for that."""
    [path] = laid.lay(tmp_path / "files", "order.jws")
    data = tmp_path / "data"
    data.mkdir()
    (data / "trust.json").write_bytes(cast.found().data)
    assert parcel.judge(path, sources(data=data, data_given=True))[0] == "bad"
    assert parcel.judge(path, sources(data=data))[0] == "ok", "the demo of this machine says nothing about another rehearsal"
    assert laid.run("parcel", "check", "--data", data, path).status == 1


def with_machine(data, province, record):
    """A data folder with a province's pinned list and the record of an exam server."""
    (data / "enrolments").mkdir(parents=True)
    (data / "trust.json").write_bytes(province.data)
    (data / "root.txt").write_text(province.root)
    (data / "enrolments" / "EDGE-1.json").write_bytes(record)
    return data


def test_the_machines_of_a_demo_are_none_of_another_rehearsals(tmp_path):
    [path] = laid.lay(tmp_path / "files", "order.jws")
    other = cast.found()
    data = with_machine(tmp_path / "demo", other, other.edge.record)
    assert parcel.judge(path, sources(data=data))[0] == "ok"


def test_a_strange_machine_in_ones_own_installation_is_refused(tmp_path):
    [path] = laid.lay(tmp_path / "files", "order.jws")
    data = with_machine(tmp_path / "own", chain().p, cast.found().edge.record)
    found = parcel.judge(path, sources(data=data))
    assert found[0] == "bad" and "EDGE-1.json" in found[1]


def test_a_real_installation_never_takes_a_rehearsals_word(tmp_path):
    [path] = laid.lay(tmp_path / "files", "order.jws")
    data = tmp_path / "data"
    data.mkdir()
    (data / "trust.json").write_bytes(real()[0])
    (data / "root.txt").write_text(real()[1])
    for given in (False, True):
        assert parcel.judge(path, sources(data=data, data_given=given))[0] == "bad"


def test_a_spoiled_list_beside_the_files_is_never_passed_over(tmp_path):
    [path] = laid.lay(tmp_path / "files", "order.jws")
    data = laid.installation(tmp_path / "data")
    assert parcel.judge(path, sources(data=data, data_given=True))[0] == "ok"
    (tmp_path / "files" / "trust.json").write_bytes(chain().p.data[:-1])
    assert parcel.judge(path, sources(data=data, data_given=True))[0] == "bad"


def test_without_any_list_everything_is_bad(tmp_path):
    path = tmp_path / "order.jws"
    path.write_bytes(laid.artefacts()["order.jws"])
    done = laid.run("parcel", "check", path)
    assert (done.status, done.lines[0][0], "--trust" in done.lines[0][2]) == (1, "bad", True)
    assert laid.run("parcel", "check", "--trust", tmp_path / "none", path).lines[0][0] == "bad"
    assert laid.run("certificate", "check", "KP1:a.b.c").lines[0][0] == "bad"


def test_the_list_is_found_three_folders_up_and_no_further(tmp_path):
    laid.lay(tmp_path, "order.jws")
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    for folder, word in ((deep.parent, "ok"), (deep, "bad")):
        shutil.copy(tmp_path / "order.jws", folder)
        assert parcel.judge(folder / "order.jws", sources(data=tmp_path / "nowhere"))[0] == word


# ── chains ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def founded(tmp_path):
    """A founded data folder with two versions of its list, checked by commands."""
    data = tmp_path / "data"
    assert laid.run("trust", "found", "--rehearsal", "--deployment", "粤链", "--out", data).status == 0
    assert laid.run("trust", "person", "--holder", "chen", "--duty", "approver", "--pin-stdin", "--data", data, given=b"135790\n").status == 0
    return data


def test_the_whole_chain_beside_the_newest_list_is_verified(tmp_path):
    data = founded(tmp_path)
    assert sources(data=data).of(None).version == 2
    kept = {path: path.read_bytes() for path in [data / "trust.json", *sorted((data / "trust").glob("*.json"))]}
    (data / "trust" / "notes.json").write_text("{}")
    (data / "trust" / "².json").write_text("{}")
    assert sources(data=data).of(None).version == 2, "other files in the folder are no versions"
    for path, spoiled in ((data / "trust.json", kept[data / "trust" / "1.json"]), (data / "trust" / "1.json", kept[data / "trust.json"])):
        path.write_bytes(spoiled)
        with pytest.raises(Rejected):
            sources(data=data).of(None)
        path.write_bytes(kept[path])
    (data / "trust" / "1.json").unlink()
    assert sources(data=data).of(None).version == 2, "a chain may begin at any version of the pinned roots"
    (data / "root.txt").write_text("1" * 64)
    with pytest.raises(Rejected, match="root.txt"):
        sources(data=data).of(None)


def test_a_status_list_beside_is_named_once_and_only_of_the_same_roots(tmp_path):
    data = laid.installation(tmp_path / "data", status_json=records.status_list(chain().p))
    [path] = laid.lay(tmp_path / "files", "certificate.pdf")
    found = sources(given=data / "trust.json", data=data)
    listed = found.of(path)
    assert found.beside(path, "status.json", listed) == [data / "status.json"]
    assert found.beside(None, "status.json", listed) == [data / "status.json"]
    (tmp_path / "files" / "status.json").write_bytes(b"x")
    (tmp_path / "files" / "trust.json").write_bytes(b"broken")
    assert found.beside(path, "status.json", listed) == [data / "status.json"]


def test_a_refusal_is_remembered_for_the_files_beside(tmp_path):
    first, second = laid.lay(tmp_path, "order.jws", "token.jws")
    (tmp_path / "trust.json").write_bytes(b"{}")
    found = sources(data=tmp_path / "nowhere")
    for path in (first, second):
        with pytest.raises(Rejected):
            found.of(path)
    assert len(found.known) == 1
