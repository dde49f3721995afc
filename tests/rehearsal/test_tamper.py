"""Every checking command holds on what a rehearsal leaves, and fails with a reason after one changed byte."""

import shutil

import pytest

from tests.rehearsal import small

PARCELS = ("*.xpk", "*.xrb", "*.seal_order.jws", "*.seating.jws", "*.key_release.jws", "*.receipt.jws", "*.outcomes.jws", "draw.protocol.jws")


@pytest.fixture
def copy(held, tmp_path):
    """What an outsider was given: everything but the data directory."""
    return shutil.copytree(held.out, tmp_path / "copy", ignore=shutil.ignore_patterns("data"))


def spoil(path, place=0.5):
    data = bytearray(path.read_bytes())
    data[int(len(data) * place)] ^= 1
    path.write_bytes(data)


def bad(done):
    """The lines of what does not hold; the command says so with its status too."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    found = [line.split("\t") for line in done.stdout.splitlines() if line.startswith("bad\t")]
    assert found and all(len(line[-1].removeprefix("演练样张 ")) > 5 for line in found), done.stdout
    return found


def test_everything_holds_untouched_and_says_that_it_is_a_rehearsal(copy):
    given = {"parcel": copy.glob("parcels/*"), "ledger": [copy / "ledger"], "certificate": copy.glob("certificates/*.pdf")}
    for word, files in given.items():
        words = [word, "verify" if word == "ledger" else "check", *files]
        done = small.run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert all("\t演练样张 " in line for line in done.stdout.splitlines())
    done = small.run("lottery", "verify", copy / "draw" / "instance", copy / "draw" / "result")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("kind", PARCELS)
def test_parcel_check_finds_one_bit(copy, kind):
    path = next(copy.glob(f"parcels/{kind}"))
    spoil(path)
    (line,) = bad(small.run("parcel", "check", path))
    assert line[1] == str(path)


@pytest.mark.parametrize("place", [0.02, 0.5, 0.98])
def test_certificate_check_finds_one_bit(copy, place):
    path = next(copy.glob("certificates/*.pdf"))
    spoil(path, place)
    bad(small.run("certificate", "check", path))


def test_ledger_verify_finds_one_bit_of_any_file(copy):
    """Tiles, entries and checkpoints alike, of each ledger."""
    files = sorted(path for path in (copy / "ledger").rglob("*") if path.is_file())
    chosen = {path.parent: path for path in files}
    for path in chosen.values():
        good = path.read_bytes()
        spoil(path)
        bad(small.run("ledger", "verify", copy / "ledger"))
        path.write_bytes(good)
    assert small.run("ledger", "verify", copy / "ledger").returncode == 0


@pytest.mark.parametrize(("name", "old", "new"), [
    ("result/allocation.csv", b"-1207-", b"-1208-"), ("result/rows.jsonl", b'"how":"draw"', b'"how":"drew"'),
    ("instance/candidates.csv", b",T,", b",P,"),
])  # fmt: skip
def test_lottery_verify_names_the_first_difference(copy, name, old, new):
    path = copy / "draw" / name
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))
    done = small.run("lottery", "verify", copy / "draw" / "instance", copy / "draw" / "result")
    assert done.returncode == 1 and "Traceback" not in done.stderr and len((done.stdout + done.stderr).strip()) > 10


def test_a_trust_list_that_was_changed_makes_everything_bad(copy):
    spoil(copy / "trust.json")
    bad(small.run("parcel", "check", *copy.glob("parcels/*.xpk")))
    bad(small.run("certificate", "check", *copy.glob("certificates/*.pdf")))


def test_another_root_makes_everything_bad(copy):
    bad(small.run("parcel", "check", "--root", "0" * 64, *copy.glob("parcels/*.xpk")))
