"""From the vault's file to the certificate in the hand, by the pages: upload, two signatures, list, issue, job, downloads."""

import csv
import io
import re
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from kaopei.center.certificates import actions, deciding
from kaopei.center.certificates.models import Certificate
from kaopei.center.results.models import Release
from kaopei.law import numbers
from kaopei.office import scope
from kaopei.parcel import certificate, status
from tests.center.allocation.test_pages import Desk
from tests.center.results.stage import Held
from tests.people import FOSHAN


def upload(desk, *files, expect=302):
    sent = [SimpleUploadedFile(f"{place}.outcomes", data) for place, data in enumerate(files)]
    return desk.send("clerk", "/results/upload/", expect=expect, file=sent)


def words(answer):
    return re.sub(r"<[^>]+>|\s+", " ", answer.content.decode())


@pytest.fixture
def desk(world, held):
    found = Desk(world.data)
    found.clock(held.at)
    return found


def test_upload_says_of_each_file_what_became_of_it(desk, held, another):
    other = another().hand_back()
    short = other.score(results=other.results()[1:])
    answer = upload(desk, held.score(), short, b"", expect=409)
    states = re.findall(r'data-file="(\d)\.outcomes" data-state="(\w+)"', answer.content.decode())
    assert states == [("0", "taken"), ("1", "quarantined"), ("2", "refused")]
    assert "没有评分" in words(answer) and "文件是空的" in words(answer)
    assert "没有评分" in desk.see("clerk", "/results/quarantine/")
    upload(desk, held.score(), expect=409)  # sealed anew, the same revision is another file
    answer = upload(desk, b"nonsense", expect=422)
    assert "不是完整的评分结果文件" in words(answer)
    desk.send("clerk", "/results/upload/", expect=422)


def test_the_list_masks_names_and_filters(desk, held):
    held.take()
    page = desk.see("clerk", f"/results/{held.number}/")
    for row in held.rows:
        assert row["name"] not in page
    assert f"{numbers.of('ex.pass', held.facts.day).value} 分" in page and "缺考" in page
    only = desk.see("clerk", f"/results/{held.number}/?outcome=absent")
    absent = next(row for row in held.rows if held.states[row["attempt"]] == "absent")
    present = next(row for row in held.rows if held.states[row["attempt"]] == "handed_in")
    assert absent["ticket_no"] in only and present["ticket_no"] not in only
    assert "没有符合条件" in desk.see("clerk", f"/results/{held.number}/?q=zzz")
    assert desk.browser("clerk").get("/results/no-such/").status_code == 404


def test_before_the_release_there_is_no_list_to_take_away_and_no_certificate(desk, held):
    held.take()
    assert desk.browser("clerk").get(f"/results/{held.number}/results.csv").status_code == 409
    assert desk.browser("clerk").get(f"/certificates/sittings/{held.number}/").status_code == 409
    assert desk.browser("clerk").get("/certificates/status.json").status_code == 404
    assert desk.browser("clerk").get("/certificates/certificates.zip").status_code == 409


def test_who_may_not(desk, held):
    held.take()
    for who in ("approver", "province"):
        assert desk.browser(who).get(f"/results/{held.number}/").status_code == 200
        assert desk.browser(who).get("/results/upload/").status_code == 403
        assert desk.browser(who).post(f"/results/{held.number}/release/").status_code == 403
        assert desk.browser(who).post(f"/certificates/sittings/{held.number}/issue/").status_code == 403
        assert desk.browser(who).get("/certificates/certificates.zip").status_code == 403
    for who in ("institution", "inspector"):
        assert desk.browser(who).get("/results/").status_code == 403
        assert desk.browser(who).get("/certificates/").status_code == 403


def test_a_certificate_whose_result_no_longer_passes_is_named(desk, held):
    held.release()
    with_certificate = deciding.prepared(held.number, at=held.at)
    one = next(one for one in with_certificate.people if one.allowed)
    row = actions.issue(one, ready=with_certificate, by=held.world.people["clerk"], at=held.at)
    held.scores[one.attempt] = 10
    held.rescore("第 3 题作废")
    held.ask()
    held.sign("approver")
    held.sign("approver2")
    page = desk.see("clerk", f"/certificates/sittings/{held.number}/")
    assert "须按撤销办理" in page and row.number in page


@pytest.mark.django_db(transaction=True)
def test_from_the_scoring_to_the_paper(ground, settings):
    settings.DATA, settings.HOME = ground.data, ground.data / "center"
    held = Held.__new__(Held)
    held.__dict__.update(ground.held.__dict__)
    desk = Desk(ground.data)
    desk.clock(held.at)
    upload(desk, held.score())
    assert "申请发布" in desk.see("clerk", f"/results/{held.number}/")
    desk.send("clerk", f"/results/{held.number}/release/")
    desk.sign("approver")
    desk.sign("approver2")
    with scope.entered(FOSHAN):
        assert Release.objects.count() == 1
    rows = list(csv.DictReader(io.StringIO(desk.take("clerk", "/results/results.csv").decode())))
    assert [row["cand_id"] for row in rows] == sorted(row["attempt"] for row in held.rows)
    assert set(rows[0]) == {"cand_id", "sitting", "subject", "score", "outcome"}
    assert {row["score"] for row in rows if row["outcome"] in ("absent", "refused")} == {""}
    assert "待发证" in desk.see("clerk", "/certificates/")
    answer = desk.send("clerk", f"/certificates/sittings/{held.number}/issue/")
    assert answer["Location"].startswith("/jobs/")
    desk.work()
    assert "已完成" in desk.see("clerk", answer["Location"])
    box = zipfile.ZipFile(io.BytesIO(desk.take("clerk", "/certificates/certificates.zip")))
    listed = status.read(desk.see("clerk", "/certificates/status.json"), held.world.trust)
    assert listed["number"] == 1
    with scope.entered(FOSHAN):
        made = list(Certificate.objects.order_by("number"))
    assert box.namelist() == [f"{one.number}.pdf" for one in made] and made
    for one in made:
        facts = certificate.check_pdf(box.read(f"{one.number}.pdf"), held.world.trust)
        assert status.judge(listed, facts["cert_id"], int(held.at.timestamp())) == "valid"
    page = desk.see("clerk", f"/certificates/{made[0].number}/")
    assert facts["name"] not in page and "已在签名的检查点内" in page
    assert b"%PDF" in desk.see("clerk", f"/certificates/{made[0].number}.pdf")
    answer = desk.send("clerk", f"/certificates/sittings/{held.number}/issue/")
    assert answer["Location"] == f"/certificates/sittings/{held.number}/"
