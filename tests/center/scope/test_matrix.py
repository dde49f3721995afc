"""Role × own or foreign city × verb, for every line of the URL table: who may not, gets nothing; who is elsewhere, sees and changes nothing.

A new address without its object fails the first test; `tests/center/scope/objects.py` is where it gets one.
"""

import hashlib
import re

import pytest
from django.db import transaction

from kaopei.office import scope
from kaopei.office.accounts import roles
from kaopei.office.audit.models import Event
from tests.center.scope import objects
from tests.people import FOSHAN

# What everybody may open, logged in or not; each guards itself (the phone by its own key) or shows nothing.
OPEN = {
    "api:api-root", "api:openapi-json",
    "health", "language", "static", "login", "login_code", "login_passkey", "login_passkey_options", "login_recover", "login_sealed", "logout",
    "training:phone", "training:worker", "training:phone_enrol", "training:challenge", "training:phone_log_in", "training:events",
    "training:study", "training:study_events", "training:phone_contest", "training:decision", "training:own_proof", "training:own_correction",
    "training:own_confirm",
}  # fmt: skip
# They end the log-in with which the next case would be tried.
ENDS = {"logout", "own_log_ins_end", "sealed_end"}
VERBS = ("get", "post")
# What a log-in or a refused try writes about the person himself, wherever he is.
OWN_EVENTS = ("accounts.", "audit.")


def cases(matrix):
    """(address, path, role or nobody, place, verb)."""
    for one, path in matrix.addresses:
        if one.name in ENDS:
            continue
        for role, place in [("", "own"), *matrix.people]:
            for verb in VERBS:
                yield one, path, role, place, verb


def sampled(case, share):
    """Every `share`-th case by a digest, the same in every run; of those who may, but are elsewhere, eight times as many."""
    one, _path, role, place, verb = case
    if place == "foreign" and one.act and role in roles.catalogue().acts[one.act]:
        share = max(share // 8, 1)
    return hashlib.sha256(f"{one.name}|{role}|{place}|{verb}".encode()).digest()[0] % share == 0


def leaks(case, answer, marks):
    """Marks of 佛山 in an answer that somebody of another city, or nobody, got; what he typed himself is not a mark."""
    _one, path, _role, _place, _verb = case
    body = answer.getvalue() if answer.streaming else answer.content
    text = body.decode("utf-8", "replace")
    return [f"{mark} ({where})" for mark, where in marks.items() if mark in text and mark not in path]


def judge(matrix, case):
    """What is wrong with this case; nothing if it is as it should be. Nothing that it does stays."""
    _one, path, role, place, verb = case
    client = matrix.client(role, place)
    with transaction.atomic():
        with scope.entered(scope.PROVINCE):
            before = Event.objects.order_by("-id").values_list("id", flat=True).first()
        answer = getattr(client, verb)(path)
        with scope.entered(scope.PROVINCE):
            written = list(Event.objects.filter(id__gt=before or 0, city=FOSHAN).values_list("code", flat=True))
        transaction.set_rollback(True)
    found = list(_wrong(matrix, case, answer, written))
    # Not answer.close(): it would end the request's database connection, and the test's with it.
    for close in answer._resource_closers:
        close()
    return found, answer.status_code


def _wrong(matrix, case, answer, written):
    one, _path, role, place, _verb = case
    status = answer.status_code
    if status >= 500:
        yield f"server error {status}"
    if one.name in OPEN:
        return
    sent_away = status in (401, 405) or (status == 302 and answer.headers["Location"].startswith("/login/"))
    if not role and not sent_away:
        yield f"nobody got {status}"
    if one.act and role and role not in roles.catalogue().acts[one.act] and status not in (403, 405):
        yield f"without the act {one.act}: {status}"
    if place == "foreign" or not role:
        yield from (f"leaks {mark}" for mark in leaks(case, answer, matrix.marks))
        if changed := [code for code in written if not code.startswith(OWN_EVENTS) and "refused" not in code]:
            yield f"changed the other city: {changed}"


def run(matrix, share):
    """How many cases, and what is wrong."""
    count, wrong = 0, []
    for case in cases(matrix):
        if sampled(case, share):
            found, _status = judge(matrix, case)
            count += 1
            one, path, role, place, verb = case
            wrong += [f"{verb} {path} {role or 'nobody'} {place}: {what}" for what in found]
    return count, wrong


def test_every_address_names_its_object():
    """Without a database: the table is complete."""
    missing = []
    for one in objects.addresses():
        app = one.name.partition(":")[0] if ":" in one.name else ""
        known = {**objects.NAMED.get(app, {}), **objects.NAMED.get(one.name, {})}
        missing += [f"{one.name} <{name}>" for name in one.parameters if name not in known]
    assert not missing, f"tests/center/scope/objects.py, NAMED: say which object of 佛山 these name: {missing}"


def test_every_address_has_a_guard():
    """A view without @permission or @logged_in is open to everybody: then it stands in OPEN, on purpose."""
    unguarded = {one.name for one in objects.addresses() if one.act is None} - OPEN - {"logout"}
    assert not unguarded


def test_sample_of_the_matrix_has_no_leak(month):
    count, wrong = run(month.matrix, 128)
    print(f"{count} cases")
    assert count >= 120
    assert not wrong, "\n".join(wrong[:40])


@pytest.mark.long
def test_whole_matrix_has_no_leak(month):
    count, wrong = run(month.matrix, 1)
    print(f"{count} cases")
    assert count >= 2000
    assert not wrong, "\n".join(wrong[:40])


def blank(matrix, share):
    """(How many guarded addresses were tried, those at which nobody of the own city got an answer)."""
    seen, nothing = 0, []
    for one, path in [pair for pair in matrix.addresses if pair[0].act][::share]:
        tries = [(one, path, role, "own", verb) for role in sorted(roles.catalogue().acts[one.act] - {roles.SYSTEM_ROLE}) for verb in VERBS]
        seen += 1
        if not any(judge(matrix, case)[1] not in (403, 404, 405) for case in tries):
            nothing.append(f"{one.name} {path}")
    return seen, nothing


def test_some_pages_of_the_own_city_answer(month):
    seen, nothing = blank(month.matrix, 8)
    assert len(nothing) <= seen * 0.3, nothing


@pytest.mark.long
def test_the_own_city_sees_its_objects(month):
    """The matrix means something: whoever may, in the own city, gets an answer at nearly every address."""
    seen, nothing = blank(month.matrix, 1)
    print(seen, nothing)
    assert len(nothing) <= seen * 0.15, nothing


def test_marks_are_many_and_of_many_tables(month):
    tables = {where.split(".")[0] for where in month.matrix.marks.values()}
    assert len(month.matrix.marks) > 500
    assert {"User", "Application", "Placement", "Certificate", "Trainee", "Institution"} <= tables
    assert len(tables) >= 15, tables


def test_planted_leak_is_found(month, monkeypatch):
    """A view that forgets its scope."""
    from django.http import HttpResponse

    from kaopei.center.registry.models import Institution

    one, path = next(pair for pair in month.matrix.addresses if pair[0].name == "registry:institutions")
    with scope.entered(scope.PROVINCE):
        body = " ".join(Institution.objects.values_list("name", flat=True))
    case = (one, path, "clerk", "foreign", "get")
    assert any("leaks" in what for what in _wrong(month.matrix, case, HttpResponse(body), []))
    assert any("changed" in what for what in _wrong(month.matrix, case, HttpResponse(""), ["registry.taken"]))
    assert re.search("nobody got 200", " ".join(_wrong(month.matrix, (one, path, "", "own", "get"), HttpResponse(""), [])))
