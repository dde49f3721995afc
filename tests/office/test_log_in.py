"""Ways in: passkey first, password and code, recovery by two; what ends a log-in; nobody is locked out by others."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from kaopei.office import clock
from kaopei.office.accounts import actions, passkeys, queries, totp
from kaopei.office.accounts.models import FailedLogin, LogIn, OneTimeCode
from kaopei.office.audit.models import Event
from kaopei.office.refused import Refused
from tests.office.authenticator import PRESENT, Authenticator, enrol, enter
from tests.people import NOW, PASSWORD, PEOPLE, PIN, lay_trust, log_in

pytestmark = pytest.mark.django_db
SECRET = b"12345678901234567890"


@pytest.fixture
def clerk(client):
    return log_in(client, PEOPLE["clerk"])


@pytest.fixture
def device(clerk):
    made = Authenticator()
    assert enrol(clerk, made).status_code == 302
    return made


@pytest.fixture
def in_service(own_data):
    """A trust list that is no rehearsal's."""
    lay_trust(own_data, rehearsal=False)


def secret_of(page):
    words = page.content.decode().split("<code>")[1].split("</code>")[0].replace(" ", "")
    import base64

    return base64.b32decode(words + "=" * (-len(words) % 8))


def set_up_code(client):
    secret = secret_of(client.get("/me/code/"))
    step = int(clock.now().timestamp()) // totp.PERIOD
    assert client.post("/me/code/", {"code": totp.code(secret, step)}).status_code == 302
    return secret, step


@pytest.mark.parametrize(("seconds", "shown"), [(59, "94287082"), (1111111109, "07081804"), (20000000000, "65353130")])
def test_codes_are_those_of_the_standard(seconds, shown):
    """RFC 6238, appendix B (its eight digits end with our six)."""
    assert totp.code(SECRET, seconds // 30) == shown[-6:]


def test_passkey_lets_in_without_name_and_password(device, province):
    fresh = Client()
    assert enter(fresh, device, "/jobs/").headers["Location"] == "/jobs/"
    assert "林秀兰" in fresh.get("/").content.decode()
    last = Event.objects.filter(code="accounts.logged_in").order_by("-id").first()
    assert (last.actor, last.facts["how"]) == ("clerk", "passkey")


def test_answer_counts_once(device):
    fresh = Client()
    answer = device.answer(fresh.post("/login/passkey/options").json())
    assert fresh.post("/login/passkey/", {"answer": answer}).status_code == 302
    other = Client()
    assert other.post("/login/passkey/", {"answer": answer}).status_code == 409
    other.post("/login/passkey/options")
    assert other.post("/login/passkey/", {"answer": answer}).status_code == 409
    assert other.get("/").status_code == 302


@pytest.mark.parametrize("lie", ["origin", "domain", "unverified", "signature", "unknown", "nonsense", "list", "empty"])
def test_forged_answer_lets_nobody_in(device, lie):
    fresh = Client()
    options = fresh.post("/login/passkey/options").json()
    if lie == "origin":
        device.origin = "http://evil.example"
    if lie == "domain":
        device.domain = "evil.example"
    if lie == "unverified":
        device.flags = PRESENT
    if lie in ("signature", "unknown"):
        other = Authenticator()
        device.key, device.number = other.key, other.number if lie == "unknown" else device.number
    answer = {"nonsense": "{", "list": "[]", "empty": ""}.get(lie, device.answer(options))
    assert fresh.post("/login/passkey/", {"answer": answer}).status_code == 409
    assert fresh.get("/").status_code == 302


def test_copied_passkey_is_noticed_by_its_counter(device):
    assert enter(Client(), device).status_code == 302
    device.counter -= 1
    answer = enter(Client(), device)
    assert answer.status_code == 409
    assert "复制" in answer.content.decode()


def test_passkey_is_made_for_oneself_once_and_ends(clerk, device):
    assert enrol(clerk, device).status_code == 409
    (row,) = queries.passkeys_of(queries.find("clerk"))
    PEOPLE["approver"].make()
    with pytest.raises(Refused, match="本人"):
        actions.end_passkey(row, by=queries.find("approver"), at=NOW)
    assert log_in(Client(), PEOPLE["approver"]).post(f"/me/passkeys/{row.pk}/end").status_code == 404
    assert clerk.post(f"/me/passkeys/{row.pk}/end").status_code == 302
    assert enter(Client(), device).status_code == 409


def test_forged_making_makes_nothing(clerk):
    device = Authenticator(origin="http://evil.example")
    assert enrol(clerk, device).status_code == 409
    assert clerk.post("/me/passkeys/add", {"answer": "{}", "name": "x"}).status_code == 409
    assert not queries.passkeys_of(queries.find("clerk"))


def test_password_then_code(clerk):
    secret, step = set_up_code(clerk)
    fresh = Client()
    assert fresh.post("/login/", {"username": "clerk", "password": PASSWORD, "next": "/jobs/"}).headers["Location"] == "/login/code/"
    assert fresh.get("/").status_code == 302
    assert fresh.post("/login/code/", {"code": totp.code(secret, step)}).status_code == 400  # counted at set-up already
    assert fresh.post("/login/code/", {"code": "000000"}).status_code == 400
    assert fresh.post("/login/code/", {"code": totp.code(secret, step + 1)}).headers["Location"] == "/jobs/"
    assert fresh.get("/").status_code == 200


def test_recovery_code_stands_in_once(clerk):
    set_up_code(clerk)
    page = clerk.post("/me/codes").content.decode()
    codes = [piece.split("</code>")[0] for piece in page.split("<li><code>")[1:]]
    assert len(codes) == 10
    for expected in (302, 400):
        fresh = Client()
        fresh.post("/login/", {"username": "clerk", "password": PASSWORD})
        assert fresh.post("/login/code/", {"code": codes[0].lower()}).status_code == expected
    assert queries.codes_left(queries.find("clerk")) == 9


def test_secret_is_encrypted_at_rest(clerk, django_assert_num_queries):
    from django.db import connection

    secret, _step = set_up_code(clerk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM accounts_onetimecode")
        stored = bytes(cursor.fetchone()[0])
        cursor.execute("SELECT session_data FROM django_session")
        sessions = " ".join(row[0] for row in cursor.fetchall())
    assert secret not in stored
    assert secret.hex() not in sessions
    assert OneTimeCode.objects.get().secret == secret


def test_second_step_needs_the_first(client):
    assert client.get("/login/code/").headers["Location"] == "/login/"
    assert client.post("/login/code/", {"code": "123456"}).headers["Location"] == "/login/"


def test_password_alone_is_not_enough_in_service(client, province, in_service):
    page = log_in(client, PEOPLE["clerk"])
    assert page.get("/").headers["Location"] == "/me/log-in/"
    assert page.post("/language/", {"lang": "en"}).status_code == 302
    assert page.get("/people/").headers["Location"] == "/me/log-in/"
    set_up_code(page)
    assert page.get("/").status_code == 200


def test_role_that_needs_a_passkey_works_with_nothing_less(client, province, in_service):
    page = log_in(client, PEOPLE["province"])
    set_up_code(page)
    assert page.get("/").headers["Location"] == "/me/log-in/"
    device = Authenticator()
    enrol(page, device)
    assert page.get("/").status_code == 200


def test_who_has_a_passkey_does_not_come_in_by_password_in_service(client, province, in_service):
    page = log_in(client, PEOPLE["clerk"])
    device = Authenticator()
    enrol(page, device)
    answer = Client().post("/login/", {"username": "clerk", "password": PASSWORD})
    assert answer.status_code == 400
    assert "通行密钥" in answer.content.decode()
    assert enter(Client(), device).status_code == 302


def test_rehearsal_lets_in_by_password_and_says_so(client, signing_cast):
    assert "仅限演练" in client.get("/login/").content.decode()
    assert log_in(client, PEOPLE["province"]).get("/").status_code == 200


def test_own_machine_is_not_locked_out_by_a_stranger(clerk):
    """The clerk has logged in here before; a stranger guesses at his name from elsewhere."""
    stranger = Client()
    for _ in range(queries.TRIES):
        stranger.post("/login/", {"username": "clerk", "password": "wrong"})
    assert "十分钟后" in stranger.post("/login/", {"username": "clerk", "password": PASSWORD}).content.decode()
    clerk.post("/logout/")
    assert clerk.post("/login/", {"username": "clerk", "password": PASSWORD}).status_code == 302
    # His cookie is his: it gives no further tries at other people's names.
    for _ in range(queries.TRIES):
        clerk.post("/login/", {"username": "approver", "password": "wrong"})
    assert queries.must_wait("approver", clock.now())


def test_passkey_gets_in_while_the_name_waits(device):
    stranger = Client()
    for _ in range(queries.TRIES):
        stranger.post("/login/", {"username": "clerk", "password": "wrong"})
    assert enter(stranger, device).status_code == 302


def test_many_names_from_one_address_stop_no_room(client):
    """Forty people of one room behind one address; each mistypes four times, all come in."""
    PEOPLE["clerk"].make()
    at = clock.now()
    FailedLogin.objects.bulk_create(FailedLogin(typed=queries.typed(f"room{seat}"), at=at) for seat in range(40) for _ in range(4))
    assert client.post("/login/", {"username": "clerk", "password": PASSWORD}, REMOTE_ADDR="10.0.0.1").status_code == 302


def test_storm_of_guesses_leaves_strangers_fewer_tries_and_known_browsers_all(clerk):
    at = clock.now()
    FailedLogin.objects.bulk_create(FailedLogin(typed=queries.typed(f"guess{one}"), at=at) for one in range(queries.STORM))
    FailedLogin.objects.bulk_create(FailedLogin(typed=queries.typed("clerk"), at=at) for _ in range(queries.TRIES_IN_STORM))
    assert queries.must_wait("clerk", at)
    clerk.post("/logout/")
    assert clerk.post("/login/", {"username": "clerk", "password": PASSWORD}).status_code == 302


def test_other_log_ins_are_ended_from_one_place(clerk, device):
    other = Client()
    enter(other, device)
    page = clerk.get("/me/log-in/").content.decode()
    assert "通行密钥" in page
    assert clerk.post("/me/log-ins/end").status_code == 302
    assert other.get("/").status_code == 302
    assert clerk.get("/").status_code == 200
    assert LogIn.objects.filter(ended_at=None).count() == 1


def test_log_in_ends_after_a_working_day_however_busy(clerk, settings, monkeypatch):
    clerk.get("/")
    start = clock.machine()
    monkeypatch.setattr(clock, "machine", lambda: start + settings.LOG_IN_HOURS * 3600 - 60)
    assert clerk.get("/").status_code == 200
    monkeypatch.setattr(clock, "machine", lambda: start + settings.LOG_IN_HOURS * 3600 + 60)
    assert clerk.get("/").status_code == 302


def test_accounts_are_changed_only_shortly_after_a_proof(client, monkeypatch):
    desk = log_in(client, PEOPLE["security"])
    PEOPLE["clerk"].make()
    start = clock.machine()
    monkeypatch.setattr(clock, "machine", lambda: start + 700)
    answer = desk.post("/people/clerk/assign", {"role": "inspector"}, HTTP_REFERER="http://testserver/people/clerk/")
    assert answer.headers["Location"] == "/login/again/?next=%2Fpeople%2Fclerk%2F"
    assert queries.find("clerk").held() == {"clerk"}
    assert desk.post("/login/again/", {"password": "wrong"}).status_code == 400
    assert desk.post("/login/again/", {"password": PASSWORD, "next": "/people/clerk/"}).headers["Location"] == "/people/clerk/"
    desk.post("/people/clerk/assign", {"role": "inspector"})
    assert queries.find("clerk").held() == {"clerk", "inspector"}


def test_passkey_of_another_does_not_prove_me(clerk, device, monkeypatch):
    desk = log_in(Client(), PEOPLE["security"])
    answer = desk.post("/login/passkey/", {"answer": device.answer(desk.post("/login/passkey/options").json())})
    assert answer.status_code == 409


@pytest.fixture
def administrators(signing_cast, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return log_in(Client(), PEOPLE["security"]), log_in(Client(), PEOPLE["sysadmin"])


def asked(desk, **more):
    page = desk.post("/people/clerk/recover", {"reason": "手机与钥匙一同遗失，已核对身份证", **more})
    return page, page.content.decode().split('<p class="word"><code>')[-1].split("</code>")[0]


def test_two_administrators_let_in_again(administrators):
    from kaopei.office.approvals import queries as approvals

    first, second = administrators
    clerk = log_in(Client(), PEOPLE["clerk"])
    enrol(clerk, Authenticator())
    page, word = asked(first)
    assert page["Cache-Control"] == "no-store"
    begin = {"username": "clerk", "word": word, "password": "a-new-password-1"}
    assert "尚未都签署" in Client().post("/login/recover/", begin).content.decode()
    row = approvals.standing("accounts.recover", "person:clerk")
    assert first.post(f"/approvals/{row.ulid}/approve", {"digest": row.digest, "pin": PIN}).status_code == 409
    assert clerk.get("/").status_code == 200
    assert second.post(f"/approvals/{row.ulid}/approve", {"digest": row.digest, "pin": PIN}).status_code == 302
    assert clerk.get("/").status_code == 302  # every log-in of his has ended
    person = queries.find("clerk")
    assert not queries.passkeys_of(person)
    assert not person.has_usable_password()
    back = Client()
    assert back.post("/login/recover/", {**begin, "word": "AAAAA-AAAAA-AAAAA-AAAAA"}).status_code == 400
    assert back.post("/login/recover/", begin).headers["Location"] == "/me/log-in/"
    assert back.get("/").status_code == 200
    assert Client().post("/login/recover/", begin).status_code == 400  # once
    assert Client().post("/login/", {"username": "clerk", "password": "a-new-password-1"}).status_code == 302


def test_recovery_ends_after_a_day(administrators, monkeypatch):
    from kaopei.office.approvals import queries as approvals

    first, second = administrators
    PEOPLE["clerk"].make()
    _page, word = asked(first)
    row = approvals.standing("accounts.recover", "person:clerk")
    second.post(f"/approvals/{row.ulid}/approve", {"digest": row.digest, "pin": PIN})
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(hours=25))
    assert Client().post("/login/recover/", {"username": "clerk", "word": word, "password": "a-new-password-1"}).status_code == 400


@pytest.mark.parametrize("who", ["clerk", "province", "sysadmin", "auditor"])
def test_recovery_is_asked_by_the_security_administrator(signing_cast, who):
    assert log_in(Client(), PEOPLE[who]).post("/people/approver/recover", {"reason": "已核对身份证件"}).status_code == 403


def test_nobody_recovers_himself_and_no_reason_is_no_reason(administrators):
    first, _second = administrators
    assert first.post("/people/security/recover", {"reason": "已核对身份证件"}).status_code == 409
    assert asked(first, reason="无")[0].status_code == 409
    assert first.post("/people/nobody/recover", {"reason": "已核对身份证件"}).status_code == 404


def test_unknown_name_at_recovery_gets_the_same_answer(client):
    PEOPLE["clerk"].make()
    words = {"word": "AAAAA-AAAAA-AAAAA-AAAAA", "password": "a-new-password-1"}
    one, other = (client.post("/login/recover/", {"username": name, **words}).content.decode() for name in ("clerk", "nobody"))
    assert "恢复口令不对" in one
    assert "恢复口令不对" in other


def test_address_of_digits_is_said_to_be_no_place_for_passkeys(client, settings):
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    page = log_in(client, PEOPLE["clerk"])
    assert "localhost" in page.get("/me/log-in/", HTTP_HOST="127.0.0.1:8100").content.decode()
    assert "data-act=\"create\"" in page.get("/me/log-in/").content.decode()


def test_domain_of_the_province_serves_hosts_below_it(rf, settings):
    settings.PASSKEY_DOMAIN, settings.ALLOWED_HOSTS = "exam.example.cn", ["fs.exam.example.cn"]
    where = passkeys.place(rf.get("/", HTTP_HOST="fs.exam.example.cn:8443"))
    assert (where.domain, where.origin) == ("exam.example.cn", "http://fs.exam.example.cn:8443")


def test_wrong_domain_setting_stops_the_program(monkeypatch):
    from django.core.exceptions import ImproperlyConfigured

    from kaopei.office import environment

    for wrong in ("https://x.cn", "localhost:80", "192.168.1.1", "x"):
        monkeypatch.setenv("KAOPEI_DOMAIN", wrong)
        with pytest.raises(ImproperlyConfigured, match="KAOPEI_DOMAIN"):
            environment.domain()
    monkeypatch.setenv("KAOPEI_DOMAIN", "Exam.Example.cn")
    assert environment.domain() == "exam.example.cn"


def test_json_of_the_options_is_what_browsers_read(clerk):
    options = clerk.post("/me/passkeys/options").json()["publicKey"]
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert {one["alg"] for one in options["pubKeyCredParams"]} == {-7, -8}
    assert "clerk" not in json.dumps(options["user"]["id"])
