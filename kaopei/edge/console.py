"""The frame of all staff pages: log-in by name and PIN, session, the second person, rendering, refusals."""

import asyncio
import base64
import hashlib
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, Template
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from kaopei.edge import receipts, words
from kaopei.edge.record import Broken
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Sitting
from kaopei.edge.store import NotSaved
from kaopei.parcel.rejected import Rejected

ROLE_NAMES, STATE_NAMES = words.ROLES, words.SITTING_STATES
STEPS = (
    ("准备", "readiness", "Prepare"), ("启封", "opening", "Open"), ("签到", "desk", "Sign in"), ("监考", "board", "Invigilate"),
    ("异常", "irregularities", "Incidents"), ("收场交回", "hand-back", "Hand back"),
)
LEADERS = ("head", "deputy")
SESSION_SECONDS = 4 * 3600
WRONG_PIN_PAUSE = 2.0
log = logging.getLogger("kaopei.edge")

_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)
_TEMPLATES.filters["moment"] = receipts.time_text
_TEMPLATES.filters["place"] = lambda text: quote(str(text), safe="")

Handler = Callable[[Request], Awaitable[Response]]


class Problem(Exception):
    """What a person asked for was not done: why, what to do, and the duty behind it."""

    def __init__(self, text: str, todo: str = "", clause: str = "", status: int = 409) -> None:
        super().__init__(text)
        self.text, self.todo, self.clause, self.status = text, todo, clause, status


@dataclass
class Session:
    """One log-in at one browser. `sittings` are those for which this PIN was verified."""

    name: str
    sittings: frozenset[str]
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    seen: float = 0.0
    said: str = ""


@dataclass(frozen=True)
class Person:
    """Somebody on duty in a sitting."""

    name: str
    role: str
    kid: str

    @property
    def text(self) -> str:
        """陈国强（考点负责人）"""
        return f"{self.name}（{ROLE_NAMES[self.role]}）"

    @property
    def mark(self) -> str:
        """How the ledger names a person: by key id (or duty, if he has no key), never by name."""
        return f"person:{self.kid}" if self.kid else f"duty:{self.role}"


def edge_of(request: Request) -> Edge:
    """The server behind this page."""
    edge: Edge = request.app.state.edge
    return edge


def sessions(request: Request) -> dict[str, Session]:
    """Log-ins live in memory: after a restart people log in again."""
    found: dict[str, Session] = request.app.state.sessions
    return found


def session_of(request: Request) -> Session | None:
    """The log-in of this browser, if it is still good."""
    token = request.cookies.get("kaopei_staff", "")
    found = sessions(request).get(token)
    now = edge_of(request).now()
    if found is None or now - found.seen > SESSION_SECONDS:
        sessions(request).pop(token, None)
        return None
    found.seen = now
    return found


def session(request: Request) -> Session:
    """Like session_of; sends to the log-in page if there is none."""
    found = session_of(request)
    if found is None:
        raise LogInFirst
    return found


class LogInFirst(Exception):
    """The page needs somebody on duty."""


def staff_rows(edge: Edge, request: Request) -> list[tuple[str, dict[str, Any]]]:
    """(sitting, staff row) of all seatings in force, and of those that wait to be taken in."""
    rows = [(one.sitting_id, row) for one in edge.sittings.values() for row in one.seating.get("staff", [])]
    waiting: list[Any] = request.app.state.waiting
    rows += [(one.sitting_id, row) for one in waiting if one.kind == "seating" for row in one.body["staff"]]
    return rows


def pin_holds(verifier: str, pin: str) -> bool:
    """Check a PIN against `scrypt$n$r$p$salt$hash` (base64url). Slow on purpose: call it in a thread."""
    try:
        name, n, r, p, salt, expected = verifier.split("$")
        wanted = _unbase64(expected)
        if name != "scrypt" or int(n) > 2**17 or int(r) > 16 or int(p) > 4:
            return False
        found = hashlib.scrypt(pin.encode(), salt=_unbase64(salt), n=int(n), r=int(r), p=int(p), dklen=len(wanted), maxmem=2**28)
    except ValueError:
        return False
    return hmac.compare_digest(found, wanted)


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def verified(request: Request, name: str, pin: str, sittings: set[str] | None = None) -> set[str]:
    """The sittings for which name and PIN fit. A wrong PIN costs that name a pause at that machine, never a lock."""
    pauses: dict[tuple[str, str], float] = request.app.state.pauses
    edge = edge_of(request)
    # Keyed by the machine as well: nobody can keep somebody else from logging in at another one.
    here = (name, _machine(request))
    if edge.now() < pauses.get(here, 0.0):
        raise Problem("刚才的 PIN 不对。", "请等两秒再试；忘记 PIN 请联系市考试机构。", status=429)
    rows = [(sid, row) for sid, row in staff_rows(edge, request) if row["name"] == name and (not sittings or sid in sittings)]
    verdicts: dict[str, bool] = {}
    for verifier in dict.fromkeys(row["pin_verifier"] for _, row in rows):
        verdicts[verifier] = await asyncio.to_thread(pin_holds, verifier, pin)
    good = {sid for sid, row in rows if verdicts[row["pin_verifier"]]}
    if not good:
        pauses[here] = edge.now() + WRONG_PIN_PAUSE
        await edge.act("staff.login_refused", by="console", obj=f"edge:{edge.settings.serial}")
        raise Problem("姓名或 PIN 不对。", "请核对后重试；名单以最新座次包为准。", status=403)
    return good


def _machine(request: Request) -> str:
    """The address of the machine: behind nginx what it says (it overwrites the header), else the connection's own."""
    if edge_of(request).settings.socket is not None:
        return request.headers.get("x-device-address", "")
    return request.client.host if request.client else ""


async def log_in(request: Request) -> Response:
    """GET and POST /login: name and PIN from the seating."""
    edge = edge_of(request)
    names = sorted({row["name"] for _, row in staff_rows(edge, request)})
    if request.method == "GET":
        return page(request, "login.html", names=names, problem=None)
    same_origin(request)
    form = await request.form()
    name, pin = text(form, "name"), text(form, "pin")
    try:
        good = await verified(request, name, pin)
    except Problem as problem:
        return page(request, "login.html", status=problem.status, names=names, problem=problem, name=name)
    token = secrets.token_urlsafe(32)
    sessions(request)[token] = Session(name, frozenset(good), seen=edge.now())
    person = person_in(edge, request, sorted(good)[0], name)
    await edge.act("staff.logged_in", by=person.mark, obj=f"edge:{edge.settings.serial}")
    response = RedirectResponse("/", 303)
    secure = edge.settings.socket is not None
    response.set_cookie("kaopei_staff", token, httponly=True, samesite="strict", secure=secure, path="/")
    return response


async def language(request: Request) -> Response:
    """GET /language?to=en|zh&next=…: the other language, for this browser."""
    where = request.query_params.get("next", "/")
    response = RedirectResponse(where if where.startswith("/") and where[1:2] not in ("/", "\\") else "/", 303)
    response.set_cookie("kaopei_language", "en" if request.query_params.get("to") == "en" else "zh", samesite="lax", path="/")
    return response


async def log_out(request: Request) -> Response:
    """POST /logout."""
    await checked_form(request)
    sessions(request).pop(request.cookies.get("kaopei_staff", ""), None)
    response = RedirectResponse("/login", 303)
    response.delete_cookie("kaopei_staff", path="/")
    return response


def person_in(edge: Edge, request: Request, sitting_id: str, name: str) -> Person:
    """Who this is in a sitting."""
    for sid, row in staff_rows(edge, request):
        if sid == sitting_id and row["name"] == name:
            return Person(name, row["role"], row["kid"] or "")
    raise Problem("您不在本场的考务人员名单中。", "请由本场人员操作，或请中心更新座次包。", "N2.4.3", 403)


def sitting_of(request: Request) -> Sitting:
    """The sitting of this address."""
    found = edge_of(request).sittings.get(request.path_params["sitting"])
    if found is None:
        raise Problem("没有这个场次。", "请从首页进入。", status=404)
    return found


def on_duty(request: Request, *roles: str) -> tuple[Sitting, Person]:
    """The sitting and the person at this browser; refused unless he has one of these roles in it."""
    sitting, who = sitting_of(request), session(request)
    if sitting.sitting_id not in who.sittings:
        raise Problem("您没有用本场的 PIN 登录。", "请退出后重新登录。", status=403)
    person = person_in(edge_of(request), request, sitting.sitting_id, who.name)
    _may(person, roles)
    return sitting, person


def _may(person: Person, roles: tuple[str, ...]) -> None:
    if roles and person.role not in roles:
        wanted = "、".join(ROLE_NAMES[role] for role in roles)
        raise Problem(f"{person.text}不能做这一步。", f"请由{wanted}操作。", "N2.4.3", 403)


async def second_person(request: Request, form: FormData, sitting_id: str, first: Person, *roles: str) -> Person:
    """The other one, who is present and enters name and PIN in the same form."""
    name, pin = text(form, "second"), text(form, "second_pin")
    if not name or not pin:
        raise Problem("这一步需要两个人。", "请第二人输入自己的姓名和 PIN。", status=400)
    if name == first.name:
        raise Problem("第二人不能是您自己。", "请由另一名考务人员输入姓名和 PIN。", status=403)
    await verified(request, name, pin, {sitting_id})
    person = person_in(edge_of(request), request, sitting_id, name)
    _may(person, roles)
    return person


async def checked_form(request: Request) -> FormData:
    """The form of a logged-in person's own page."""
    same_origin(request)
    form = await request.form(max_files=20, max_fields=200, max_part_size=2**20)
    who = session_of(request)
    expected = who.csrf if who else str(request.app.state.guest_csrf)
    if not hmac.compare_digest(text(form, "csrf"), expected):
        raise Problem("页面已过期。", "请返回、刷新页面后再提交。", status=403)
    return form


def same_origin(request: Request) -> None:
    """A form that another page sent is refused."""
    origin = request.headers.get("origin")
    if origin and origin != "null" and origin.split("://")[-1] != request.headers.get("host"):
        raise Problem("请求来自别的页面。", "请在本系统的页面上操作。", status=403)


def text(form: FormData, name: str) -> str:
    """A text field, trimmed; empty if absent."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def uploads(form: FormData, name: str) -> list[UploadFile]:
    """The files of a field."""
    return [one for one in form.getlist(name) if isinstance(one, UploadFile) and one.filename]


def reason(form: FormData) -> str:
    """A reason that somebody can understand later."""
    found = text(form, "reason")
    if len(found) < 4:
        raise Problem("请写明原因。", "原因至少四个字，会随回传包交回。", status=400)
    return found[:500]


def digest(text: str) -> str:
    """Free text is never in the ledger, its digest is; the text travels sealed."""
    return hashlib.sha256(text.encode()).hexdigest()


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Render one page in the frame."""
    edge, who = edge_of(request), session_of(request)
    said, csrf = "", str(request.app.state.guest_csrf)
    if who:
        said, who.said, csrf = who.said, "", who.csrf
    mine = [one for one in edge.sittings.values() if who and one.sitting_id in who.sittings]
    english = in_english(request)
    roles, states = [{code: words.ENGLISH[word] if english else word for code, word in names.items()} for names in (ROLE_NAMES, STATE_NAMES)]
    frame = {
        "t": (lambda zh, en: en) if english else (lambda zh, en: zh), "w": (lambda word: words.CHECKS.get(word, word)) if english else str,
        "here": path_of, "STEPS": steps_of(values.get("sitting")),
        "edge": edge, "rehearsal": edge.trust.rehearsal, "who": who, "csrf": csrf, "said": said, "mine": mine,
        "clock": receipts.time_text(edge.wall()), "STATE_NAMES": states, "ROLE_NAMES": roles, "path": request.url.path,
    }  # fmt: skip
    return HTMLResponse(_TEMPLATES.get_template(template).render(frame | values), status)


def steps_of(sitting: Sitting | None) -> tuple[tuple[str, str, str], ...]:
    """The steps of a sitting; a practical one has examiners besides invigilators."""
    return (*STEPS[:3], ("考评", "practical", "Examine"), *STEPS[3:]) if sitting is not None and sitting.practical else STEPS


def template(name: str) -> Template:
    """A page for a program that has no exam server behind it."""
    return _TEMPLATES.get_template(name)


def in_english(request: Request) -> bool:
    """Whether this browser asked for English."""
    return request.cookies.get("kaopei_language") == "en"


def refuse_new(edge: Edge) -> None:
    """N2.4.5: with the disk nearly full nothing new begins; what has begun is finished."""
    if edge.disk.finish_only:
        raise Problem("磁盘将满，本机现在只收尾，不再收包、启封。", "请先完成已开始的场次；清出空间后自动恢复。", "N2.4.5", 507)


def done(request: Request, said: str, where: str) -> Response:
    """After an act: say what was done, on the page to go on from."""
    who = session_of(request)
    if who:
        who.said = said
    return RedirectResponse(where, 303)


def path_of(sitting: Sitting, part: str = "") -> str:
    """Address of a sitting's page."""
    return f"/s/{quote(sitting.sitting_id, safe='')}/{part}"


# ---- refusals
def _refused(request: Request, problem: Problem) -> Response:
    if "application/json" in request.headers.get("accept", ""):
        body = {"error": "refused", "text": problem.text, "todo": problem.todo, "clause": problem.clause}
        return JSONResponse(body, problem.status)
    sitting = edge_of(request).sittings.get(request.path_params.get("sitting", ""))
    return page(request, "problem.html", status=problem.status, problem=problem, sitting=sitting)


async def _on_problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return _refused(request, problem)


async def _on_stranger(request: Request, _: Exception) -> Response:
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"error": "log_in", "text": "请先登录。"}, 401)
    return RedirectResponse("/login", 303)


async def _on_rejected(request: Request, problem: Exception) -> Response:
    return _refused(request, Problem(f"{problem}", "请核对文件或联系签发单位。", "N2.4.3", 400))


async def _on_full(request: Request, problem: Exception) -> Response:
    log.error("not saved: %s", problem)
    return _refused(request, Problem("没有保存成功，刚才的操作没有生效。", "请检查磁盘空间后重试；仍不行请联系系统管理员。", "N2.4.5", 503))


async def _on_broken(request: Request, problem: Exception) -> Response:
    log.error("ledger: %s", problem)
    return _refused(request, Problem(f"{problem}", "请保留现场，停止使用本机，立即报告市考试机构。", "N2.4.14", 503))


async def _on_http(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    told = {404: "没有这个页面。", 405: "这个地址不接受这种请求。", 413: "文件太大。"}.get(problem.status_code, "请求的格式不对。")
    return _refused(request, Problem(told, "请从首页进入。", status=problem.status_code))


async def _on_crash(request: Request, problem: Exception) -> Response:
    return _refused(request, Problem("考试服务器出错，刚才的操作没有完成。", "请重试；仍不行请联系系统管理员并保留日志。", status=500))


HANDLERS: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
    Problem: _on_problem, LogInFirst: _on_stranger, Rejected: _on_rejected, NotSaved: _on_full, Broken: _on_broken,
    HTTPException: _on_http, Exception: _on_crash,
}  # fmt: skip
