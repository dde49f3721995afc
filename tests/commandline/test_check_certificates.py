"""`./run certificate check`: PDF, QR text and JSON say the same, the status list counts, and any changed bit is found."""

import json
import random
import time

import pytest

from kaopei.__main__ import main
from kaopei.commandline import certificate as command
from kaopei.commandline import trust_files
from kaopei.parcel import certificate
from tests.commandline import laid
from tests.parcel import cast, records
from tests.parcel.cast import NOW
from tests.parcel.test_whole_chain import chain

FORMS = ("certificate.pdf", "certificate.qr", "certificate.json")


def check(*words, data):
    return laid.run("certificate", "check", *words, data=data)


@pytest.fixture
def here(tmp_path):
    """An installation whose clock stands a day after the cast's NOW."""
    return laid.installation(tmp_path / "data")


def issued(**changes) -> bytes:
    """A certificate of the cast's with other facts."""
    return certificate.sign({**chain().facts, **changes}, chain().p.signers["issuer"])


def answer(folder, item, status=None, data=None):
    """In this process."""
    found = trust_files.Sources(None, None, data or folder / "nowhere", data is not None)
    return command.judge(str(item), found, status)


def test_all_forms_of_a_certificate_give_one_answer(tmp_path, here):
    paths = laid.lay(tmp_path / "files", *FORMS)
    text = laid.artefacts()["certificate.qr"].decode()
    done = check(*paths, text, laid.artefacts()["certificate.json"].decode(), data=here)
    assert (done.status, done.said) == (0, "")
    assert len(done.lines) == 5 and len({tuple(line) for line in done.lines}) == 1
    word, holder, reason = done.lines[0]
    assert (word, holder) == ("valid", "𠮷*")
    assert reason.startswith("演练样张 440600-2026-000001 低压电工作业 有效期 2026-12-20 至 2032-12-19")
    assert "未核对状态名单" in reason


def test_json_gives_the_signed_fields_and_the_text_of_the_code(tmp_path, here):
    paths = laid.lay(tmp_path / "files", "certificate.pdf")
    done = check("--json", *paths, "KP1:nonsense", data=here)
    assert done.status == 1
    good, bad = json.loads(done.out)
    assert good["fields"] == chain().facts
    assert good["qr"].encode() == laid.artefacts()["certificate.qr"]
    assert (good["status"], good["file"], good["holder"]) == ("valid", str(paths[0]), "𠮷*")
    assert (bad["status"], bad["fields"], bad["qr"]) == ("bad", {}, "")


def test_any_changed_bit_of_any_form_is_found(tmp_path):
    """In one process for the PDF and the JSON; letters of the code as text."""
    folder, chance = tmp_path / "files", random.Random(3)
    for name in FORMS:
        [path] = laid.lay(folder, name)
        good = path.read_bytes()
        places = range(len(good)) if len(good) < 2500 else chance.sample(range(len(good)), 900)
        found = trust_files.Sources(None, None, folder / "nowhere", False)
        assert command.judge(str(path), found, None).status == "valid"
        for at in places:
            data = bytearray(good)
            data[at] ^= 1 << chance.randrange(8)
            path.write_bytes(data)
            given = command.judge(str(path), found, None)
            assert (given.status, given.holder, given.fields) == ("bad", "", {}), (name, at)


def test_changed_pdfs_as_a_process(tmp_path, here):
    [path] = laid.lay(tmp_path / "files", "certificate.pdf")
    good, paths = path.read_bytes(), []
    seal = good.rindex(b"%kaopei-seal")
    versions = {
        "empty": b"", "cut": good[:-1], "unsealed": good[:seal], "appended": good + b"\n", "page": good.replace(b"some page", b"some pagf"),
        "twice": good + good, "two seals": good + good[seal:], "moved": good[seal:] + good[:seal], "fresh": b"%PDF-1.7\n%%EOF\n",
        "letter": good[:seal] + b"%kaopei-seal \xff\n", "spaces": good[:seal] + good[seal:].replace(b"seal ", b"seal  "), "html": b"<html>",
    }
    for name, data in versions.items():
        paths.append(path.with_name(f"{name}.pdf"))
        paths[-1].write_bytes(data)
    done = check(*paths, data=here)
    assert done.status == 1
    assert [line[:2] for line in done.lines] == [["bad", ""]] * len(paths)
    assert all(len(line) == 3 for line in done.lines)


def test_a_seal_of_another_pdf_does_not_fit(tmp_path, here):
    c = chain()
    other = certificate.seal_pdf(b"%PDF-1.7\nanother page\n%%EOF", issued(name="别人"), c.p.signers["issuer"], c.p.trust, at=NOW)
    [path] = laid.lay(tmp_path / "files", "certificate.pdf")
    mixed = path.read_bytes()[: path.read_bytes().rindex(b"%kaopei")] + other[other.rindex(b"%kaopei") :]
    path.write_bytes(mixed)
    assert "不符" in check(path, data=here).lines[0][2]


def test_a_sealed_pdf_that_is_no_certificate_says_so(tmp_path, here):
    c = chain()
    path = tmp_path / "ticket.pdf"
    path.write_bytes(certificate.seal_pdf(b"%PDF-1.7\nticket\n%%EOF", None, c.p.signers["issuer"], c.p.trust, at=NOW))
    assert "不是证书" in check(path, data=here).lines[0][2]


@pytest.mark.parametrize("signer", ["center", "status", "outcomes", "province_release"])
def test_only_the_issuers_key_makes_a_certificate(tmp_path, signer):
    laid.lay(tmp_path / "files", "certificate.json")
    path = tmp_path / "files" / "certificate.json"
    path.write_bytes(certificate.sign(chain().facts, chain().p.signers[signer]))
    assert answer(tmp_path, path).status == "bad"


def test_an_expired_certificate_says_since_when(tmp_path, here):
    path = tmp_path / "old.json"
    path.write_bytes(issued(valid_from="2020-01-01", valid_to="2026-11-30"))
    [line] = check(path, data=here).lines
    assert line[0] == "expired" and "2026-11-30" in line[2]
    path.write_bytes(issued(valid_to="2026-12-01"))
    assert check(path, data=here).lines[0][0] == "valid", "the last day is a valid one: the clock stands on it"


def test_a_date_that_does_not_exist_is_bad(tmp_path, here):
    path = tmp_path / "odd.json"
    path.write_bytes(issued(valid_to="2032-02-30"))
    assert "不存在" in check(path, data=here).lines[0][2]


# ── the status list ───────────────────────────────────────────────────────────────────────────────────────────────────────


def entry(status="revoked", since=NOW - 5, cert="C1"):
    return {"cert_id": cert, "status": status, "since": since}


def listed(*entries, number=1, **more):
    return records.status_list(chain().p, number, *entries, **more)


@pytest.mark.parametrize(("status", "word"), [("revoked", "撤销"), ("suspended", "暂停"), ("annulled", "作废"), ("superseded", "新证")])
def test_a_listed_certificate_no_longer_holds(tmp_path, status, word):
    data = laid.installation(tmp_path / "data", status_json=listed(entry(status), entry("annulled", cert="C7")))
    paths = laid.lay(tmp_path / "files", *FORMS)
    done = check(*paths, data=data)
    assert done.status == 1
    assert [line[0] for line in done.lines] == ["revoked"] * 3
    assert word in done.lines[0][2] and "第 1 期" in done.lines[0][2]


def test_a_list_past_its_time_leaves_the_answer_open(tmp_path):
    [path] = laid.lay(tmp_path / "files", "certificate.pdf")
    data = laid.installation(tmp_path / "data", status_json=listed(term=3600))
    done = check(path, data=data)
    assert (done.status, done.lines[0][0]) == (1, "stale")
    revoked = laid.installation(tmp_path / "data", status_json=listed(entry(), term=3600))
    assert check(path, data=revoked).lines[0][0] == "revoked", "a revocation never goes stale"


def test_a_revoked_certificate_that_has_expired_stays_revoked(tmp_path):
    data = laid.installation(tmp_path / "data", status_json=listed(entry()))
    path = tmp_path / "old.json"
    path.write_bytes(issued(valid_to="2026-11-01"))
    assert check(path, data=data).lines[0][0] == "revoked"


def test_a_clock_set_back_revives_nothing(tmp_path):
    """The reader's clock is never earlier than the list in his hand."""
    data = laid.installation(tmp_path / "data", status_json=listed(entry(since=NOW - 5)))
    (data / "clock.json").write_text(f'{{"offset_seconds": {NOW - 10**7 - int(time.time())}}}')
    [path] = laid.lay(tmp_path / "files", "certificate.pdf")
    assert check(path, data=data).lines[0][0] == "revoked"


def test_an_older_list_than_the_one_at_hand_is_refused(tmp_path):
    """Whoever hands an old list over may be hiding a revocation."""
    old, new = listed(number=3), listed(entry(), number=4, previous=listed(number=3))
    data = laid.installation(tmp_path / "data", status_json=new)
    [path] = laid.lay(tmp_path / "files", "certificate.pdf")
    (tmp_path / "files" / "status.json").write_bytes(old)
    assert check(path, data=data).lines[0][0] == "revoked", "the higher number counts, wherever it lies"
    done = check("--status", tmp_path / "files" / "status.json", path, data=data)
    assert (done.status, done.lines[0][0], "第 3 期" in done.lines[0][2]) == (1, "bad", True)
    (tmp_path / "newest.json").write_bytes(listed(number=5))
    assert check("--status", tmp_path / "newest.json", path, data=data).lines[0][0] == "valid"


def test_two_lists_of_one_number_are_a_fork(tmp_path):
    data = laid.installation(tmp_path / "data", status_json=listed(entry(), number=2))
    [path] = laid.lay(tmp_path / "files", "certificate.pdf")
    (tmp_path / "files" / "status.json").write_bytes(listed(number=2))
    assert "两个不同的版本" in check(path, data=data).lines[0][2]


def test_a_broken_or_foreign_or_missing_list_is_bad_not_passed_over(tmp_path):
    [path] = laid.lay(tmp_path / "files", "certificate.pdf")
    good = listed()
    for content in (good[:-1], b"", b"{}", cast_status(), laid.artefacts()["certificate.json"]):
        data = laid.installation(tmp_path / "data", status_json=content)
        assert answer(tmp_path, path, data=data).status == "bad"
    done = check("--status", tmp_path / "none", path, data=laid.installation(tmp_path / "clean"))
    assert (done.status, done.lines[0][0]) == (1, "bad")


def cast_status() -> bytes:
    """A list of another province."""
    return records.status_list(cast.found(), 1)


def test_a_list_signed_by_the_issuer_is_refused(tmp_path):
    """Whoever issues must not be able to withhold a revocation alone."""
    from kaopei.parcel import status

    forged = status.sign(chain().p.trust, chain().p.signers["issuer"], [], at=NOW, number=1, next_update=NOW + 10**6)
    data = laid.installation(tmp_path / "data", status_json=forged)
    [path] = laid.lay(tmp_path / "files", "certificate.pdf")
    assert answer(tmp_path, path, data=data).status == "bad"


def test_a_status_list_of_other_roots_says_nothing_about_these_certificates(tmp_path):
    """The demo province of this machine has a list too; it is not looked at for the files of another rehearsal."""
    other = tmp_path / "var"
    other.mkdir()
    (other / "trust.json").write_bytes(cast.found().data)
    (other / "status.json").write_bytes(b"whatever")
    [path, _] = laid.lay(tmp_path / "files", "certificate.pdf", "status.json")
    found = trust_files.Sources(None, None, other, False)
    assert command.judge(str(path), found, None).status == "valid"


def test_a_broken_rehearsal_clock_is_said(tmp_path, here):
    [path] = laid.lay(tmp_path / "files", "certificate.pdf")
    for text in ("", "{}", '{"offset_seconds": "x"}', '{"offset_seconds": 99999999999999999999}', "[]"):
        (here / "clock.json").write_text(text)
        assert "演练时钟" in answer(tmp_path, path, data=here).reason, text


def test_names_are_masked():
    assert [certificate.masked(name) for name in ("", "王", "王小", "王小明", "欧阳小明")] == ["", "王", "王*", "王*明", "欧**明"]


def test_what_is_no_certificate_is_bad(tmp_path, here):
    laid.lay(tmp_path / "files", "order.jws", "paper.xpk", "status.json")
    items = [tmp_path / "files" / name for name in ("order.jws", "paper.xpk", "status.json", "none", ".")]
    texts = ["KP1:", "KP1:a.b", "KP1:a.b.c", "{", '{"payload":1}', "x" * 5000, "440600-2026-000001"]
    done = check(*items, *texts, data=here)
    assert done.status == 1
    assert [(line[0], len(line)) for line in done.lines] == [("bad", 3)] * (len(items) + len(texts))


def test_a_name_that_is_no_text_is_still_json(tmp_path, here):
    done = check("--json", b"\xff\n", data=here)
    assert (done.status, json.loads(done.out)[0]["file"]) == (1, "??")


def test_arguments_that_do_not_fit_are_one_line_and_status_two(capsys):
    assert main(["certificate", "check"]) == 2
    assert "--help" in capsys.readouterr().err
