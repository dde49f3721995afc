"""Pages of the vault: who sees what, files by upload, refusals."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from kaopei.office import scope
from kaopei.office.accounts.actions import create_person
from kaopei.office.accounts.roles import SYSTEM
from kaopei.vault.bank import queries
from kaopei.vault.bank.models import ItemBank
from kaopei.vault.custody.sealroom import seal_all
from tests.parcel.cast import Province
from tests.vault.sealing import fill_bank, kids, order
from tests.vault.test_import import take
from tests.vault.workbooks import PLAN, SUBJECT, bank, blueprint, rows

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
PASSWORD = "一把很长的口令-2026"
Login = Callable[[str], Client]


@pytest.fixture(autouse=True)
def province(db: None) -> Iterator[None]:
    with scope.entered(scope.PROVINCE):
        yield


@pytest.fixture
def as_role(db: None) -> Login:
    def login(role: str) -> Client:
        create_person(username=role, name=f"某{role}", password=PASSWORD, held=(role,), city="*", by=SYSTEM, at=AT)
        client = Client()
        answer = client.post("/login/", {"username": role, "password": PASSWORD})
        assert answer.status_code == 302
        return client

    return login


def upload(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def test_send_strangers_to_the_log_in() -> None:
    assert Client().get("/banks/").url == "/login/?next=/banks/"


def test_say_what_to_do_first_without_banks(as_role: Login) -> None:
    assert "还没有题库" in as_role("author").get("/banks/").content.decode()


def test_take_a_bank_in_by_upload_and_show_each_verdict(as_role: Login) -> None:
    client = as_role("author")
    lines = rows()
    lines[0]["答案"] = ""
    files = {"bank": upload("库.xlsx", bank(lines)), "blueprint": upload("蓝图.xlsx", blueprint((SUBJECT, PLAN)))}
    answer = client.post("/banks/import/", files, follow=True)
    page = answer.content.decode()
    assert "40 行，接收 39，拒收 1" in page
    found = ItemBank.objects.get()
    taken = queries.imports(found)[0]
    page = client.get(f"/banks/{found.pk}/imports/{taken.pk}/?decision=refuse").content.decode()
    assert "QZ-0001" in page and "没有答案，请补填" in page and "QZ-0002" not in page
    listing = client.get("/banks/").content.decode()
    assert SUBJECT in listing
    assert "金丝雀" not in page + listing


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "请同时选择题库和蓝图"),
        (
            {"bank": upload("库.xlsx", b"PK"), "blueprint": upload("蓝图.xlsx", blueprint((SUBJECT, PLAN)))},
            "库.xlsx：不是完整的",
        ),
        (
            {"bank": upload("库.xlsx", bank(rows())), "blueprint": upload("蓝图.xlsx", bank(rows()))},
            "标题中没有蓝图里的科目",
        ),
    ],
)
def test_say_what_is_wrong_with_an_upload(as_role: Login, files: dict[str, SimpleUploadedFile], said: str) -> None:
    answer = as_role("author").post("/banks/import/", files)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert ItemBank.objects.count() == 0


def test_let_authors_import_and_reviewers_retire(as_role: Login, tmp_path: Path) -> None:
    take(tmp_path, rows())
    found = ItemBank.objects.get()
    author, reviewer = as_role("author"), as_role("reviewer")
    assert reviewer.get("/banks/import/").status_code == 403
    assert author.post(f"/banks/{found.pk}/retire", {"number": "QZ-0001"}).status_code == 403
    answer = reviewer.post(f"/banks/{found.pk}/retire", {"number": " QZ-0001 "}, follow=True)
    assert "QZ-0001 已停用" in answer.content.decode()
    assert [item.number for item in queries.items(SUBJECT) if item.retired] == ["QZ-0001"]
    again = reviewer.post(f"/banks/{found.pk}/retire", {"number": "QZ-0001"})
    assert (again.status_code, "已经停用" in again.content.decode()) == (409, True)
    assert reviewer.post(f"/banks/{found.pk}/retire", {"number": "无"}).status_code == 409


def test_compare_assembled_papers(as_role: Login, tmp_path: Path) -> None:
    take(tmp_path, rows())
    client = as_role("assembler")
    page = client.post("/assemblies/new", {"subject": SUBJECT, "forms": "2", "seed": "00FF"}, follow=True).content.decode()
    assert "平均难度极差" in page and "1 – 2" in page
    assert client.get("/assemblies/").content.decode().count("00ff") == 1
    for wrong in ({"forms": "x"}, {"seed": "0"}, {"subject": "焊接"}, {"forms": "0"}):
        answer = client.post("/assemblies/new", {"subject": SUBJECT, "forms": "2", "seed": "00", **wrong})
        assert answer.status_code == 409, wrong


@pytest.mark.parametrize("address", ["/banks/99/", "/banks/99/imports/1/", "/assemblies/99/"])
def test_know_no_page_for_what_does_not_exist(as_role: Login, address: str) -> None:
    assert as_role("reviewer").get(address).status_code == 404


def test_show_packages_and_sign_shares_over(as_role: Login, vault: Province, tmp_path: Path) -> None:
    fill_bank(tmp_path)
    client = as_role("custodian")
    assert "没有待登记的交接" in client.get("/").content.decode()
    assert "还没有密封过试卷" in client.get("/custody/").content.decode()
    [row] = seal_all([order(vault)], kids(vault), tmp_path / "out", "00", AT)["sealed"]
    address = f"/custody/{row['package_id']}/"
    assert address in client.get("/custody/").content.decode()
    assert row["sitting_id"] in client.get("/").content.decode()
    page = client.get(address).content.decode()
    assert page.count("登记交接") == 4 and SUBJECT in page
    assert "金丝雀" not in page and "QZ-0" not in page
    fields = {"number": f"{row['package_id']}-1-1", "receiver": "考点负责人", "receipt": "R-1"}
    assert "R-1" in client.post(f"{address}handover", fields, follow=True).content.decode()
    assert client.post(f"{address}handover", fields).status_code == 409
    assert client.post(f"{address}handover", fields | {"number": "x"}).status_code == 409
    assert as_role("author").post(f"{address}handover", fields).status_code == 403
    assert client.get("/custody/none/").status_code == 404
