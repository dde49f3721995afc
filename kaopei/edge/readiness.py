"""Ready or not: what was tested the day before, the room closed and found closed, and the gate that the paper waits behind.

The law's rules judge (二（四） N2.4.4 to N2.4.7); this module keeps what people found and what the machine sees itself.
Rows are only added; the newest row of an item is the one in force, and all of them travel in the return parcel.
"""

import asyncio
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import apsw
from starlette.requests import Request
from starlette.responses import Response

from kaopei.edge import console
from kaopei.edge.console import Person, Problem
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Sitting
from kaopei.law.rules import c2_4_rooms as rooms
from kaopei.law.verdict import Verdict
from kaopei.parcel import roster
from kaopei.parcel.rejected import Rejected

CHINA = timezone(timedelta(hours=8))
MIB = 2**20
TRIAL = "trial"
# Design, not law: the hours in which a trial must have opened here, where the configuration does not say otherwise
TRIAL_HOURS = 48
PREPARERS = ("keeper", "head", "deputy", "invigilator")
RESULTS = {"ok": "正常", "fault": "有问题", "waived": "两人放行"}
MOST_NOTE = 500


@dataclass(frozen=True)
class Item:
    """One thing that a person looks at the day before."""

    code: str
    title: str
    english: str
    look: str
    clause: str


ITEMS = (
    Item("network", "网络", "Network", "网线、交换机正常；与外网断开，无线关闭", "N2.4.16"),
    Item("server", "服务器", "Server", "考试服务器开机、校时，磁盘空间足够", "N2.4.5"),
    Item("monitoring", "监控", "Cameras", "每台摄像头有画面，录像机正在录", "N2.4.8"),
    Item("terminals", "考试机", "Terminals", "逐台开机，能打开考试页面；网内没有别的设备", "N2.4.17"),
    Item("staff", "准备人员", "People", "参加准备的人与本场考生的培训机构没有关联", "N2.4.7"),
    Item("room", "考场", "Room", "座位号、屏风、钟表齐备，无关物品已清走", "N2.4.4"),
)
LATE, CLOSED, FOUND = "late", "closed", "found"


@dataclass(frozen=True)
class Row:
    """What somebody noted."""

    no: int
    item: str
    result: str
    note: str
    by: str
    second: str
    wall: int


@dataclass(frozen=True)
class Check:
    """One line of the gate: whether it holds, what was found, what to do, and the duty."""

    title: str
    good: bool
    text: str
    clause: str = ""


def rows_of(edge: Edge, sitting_id: str) -> list[Row]:
    """All rows of a sitting in the order in which they were noted."""
    sql = "SELECT no, item, result, note, by, second, wall FROM readiness WHERE sitting_id = ? ORDER BY no"
    return [Row(*row) for row in edge.store.read(sql, (sitting_id,))]


def in_force(edge: Edge, sitting_id: str) -> dict[str, Row]:
    """The newest row of each item; what was found at a seal counts only for the seal that was put on last."""
    newest = {row.item: row for row in rows_of(edge, sitting_id)}
    if FOUND in newest and (CLOSED not in newest or newest[FOUND].no < newest[CLOSED].no):
        del newest[FOUND]
    return newest


def gate(edge: Edge, sitting: Sitting) -> list[Check]:
    """Everything that must hold before the paper may be opened."""
    if sitting.manifest.get("form_set") == TRIAL:
        # What is tried is the opening; rooms are closed for the real one.
        return [*_parcels(edge, sitting), *_machine(edge)]
    found = in_force(edge, sitting.sitting_id)
    return [*_parcels(edge, sitting), *_tried(edge), *_people_saw(found), *_room(sitting, found), *_machine(edge)]


def _tried(edge: Edge) -> list[Check]:
    """N2.4.4 to N2.4.6: an opening that was only ever planned has failed a whole exam before; so it is tried on this very machine."""
    hours = edge.settings.trial_hours
    if not hours and edge.trust.rehearsal:
        return []
    last = trial_opened_at(edge)
    good = last is not None and edge.wall() - last <= (hours or TRIAL_HOURS) * 3600
    when = f"{datetime.fromtimestamp(last, CHINA):%m-%d %H:%M} 试封成功" if last is not None else "本机还没有做过试封演练"
    text = when if good else f"{when}；开考前 {hours or TRIAL_HOURS} 小时内须试封成功一次，请联系中心下发试封包"
    return [Check("试封演练", good, text, "N2.4.5")]


def trial_opened_at(edge: Edge) -> int | None:
    """When a trial package last opened here, by this server's label."""
    trials = [one.sitting_id for one in edge.sittings.values() if one.manifest.get("form_set") == TRIAL]
    marks = ", ".join("?" * len(trials))
    ((found,),) = edge.store.read(f"SELECT max(wall) FROM slip WHERE kind = 'open' AND sitting_id IN ({marks})", trials)
    return None if found is None else int(found)


def flags(edge: Edge, sitting: Sitting) -> dict[str, bool]:
    """What the gate slip tells the key service."""
    waived = any(row.result == "waived" for row in in_force(edge, sitting.sitting_id).values())
    return {"ready": all(check.good for check in gate(edge, sitting)), "tried": trial_opened_at(edge) is not None, "waived": waived}


async def refuse_unready(edge: Edge, sitting: Sitting) -> None:
    """N2.4.4 to N2.4.6: no challenge and no opening while a line of the gate is open."""
    missing = [check for check in await asyncio.to_thread(gate, edge, sitting) if not check.good]
    if missing:
        words = "；".join(f"{check.title}：{check.text}" for check in missing)
        raise Problem(f"还不能启封。{words}。", "请在“准备”页补齐；确有原因的，两人写明原因放行。", missing[0].clause or "N2.4.4")


def _parcels(edge: Edge, sitting: Sitting) -> list[Check]:
    seats = Check("座次包", bool(sitting.seating), f"第 {sitting.seating['rev']} 版" if sitting.seating else "还没有收", "N2.4.3")
    paper = Check("试卷密封包", sitting.opener is not None, sitting.package_id or "还没有收", "N2.4.3")
    try:
        record = edge.enrolled()
        accepted = Check("服务器登记书", True, str(record.payload["edge_serial"]), "N2.4.4")
    except Rejected as problem:
        accepted = Check("服务器登记书", False, str(problem), "N2.4.4")
    return [seats, paper, accepted, *_roster(edge, sitting), *_trust(edge, sitting)]


def _roster(edge: Edge, sitting: Sitting) -> list[Check]:
    """A later seating may have brought other candidates than the paper was sealed for."""
    if not (sitting.seating and sitting.manifest):
        return []
    same = roster.root(sitting.seating["roster"], edge.trust.suite) == sitting.manifest["roster_hash"]
    return [Check("考生名单", same, "与试卷封装时一致" if same else "与试卷封装时的名单不一致，请中心核对后重新下发", "N2.4.3")]


def _trust(edge: Edge, sitting: Sitting) -> list[Check]:
    if not sitting.manifest:
        return []
    wanted = sitting.manifest["min_trust_version"]
    text = f"第 {edge.trust.version} 版" + ("" if edge.trust.version >= wanted else f"，至少要第 {wanted} 版，请先收新的信任名单")
    return [Check("信任名单", edge.trust.version >= wanted, text, "N2.4.3")]


def _people_saw(found: dict[str, Row]) -> list[Check]:
    """The law names four tests; the other lines are the site's own list. A waiver is a yes of two persons."""
    judged = {row.item: row.result in ("ok", "waived") for row in found.values() if row.result in RESULTS}
    verdict = rooms.tests_are_passed({code: judged[code] for code in rooms.FOUR_TESTS if code in judged})
    checks = [_check("考前检查四项", verdict, "四项都已检查")]
    for item in (one for one in ITEMS if one.code not in rooms.FOUR_TESTS):
        text = RESULTS[found[item.code].result] if item.code in found else "还没有检查"
        checks.append(Check(item.title, judged.get(item.code, False), text, item.clause))
    return checks


def _room(sitting: Sitting, found: dict[str, Row]) -> list[Check]:
    if not sitting.manifest:
        return []
    closed, seen = found.get(CLOSED), found.get(FOUND)
    ready_at = datetime.fromtimestamp(closed.wall, CHINA) if closed else None
    in_time = rooms.prepared_in_time(ready_at, starts_at(sitting), consented=closed is not None and LATE in found)
    seal = rooms.seal_is_intact(closed.note if closed else "", seen.note if seen else "", seen is not None and seen.result != "ok")
    if seen is not None and seen.result == "waived":
        seal = Verdict(True)
    return [_check("考场封闭", in_time, "考前已检查封闭"), _check("封条", seal, "启用时封条完好，编号相符")]


def _machine(edge: Edge) -> list[Check]:
    free = shutil.disk_usage(edge.settings.data).free // MIB
    enough = free >= edge.settings.min_free_mib
    text = f"剩余 {free} MiB" + ("" if enough else f"，至少要 {edge.settings.min_free_mib} MiB，请换盘或清理")
    keeper = edge.keeper.ping()
    return [
        Check("磁盘", enough, text, "N2.4.5"),
        Check("密钥保管进程", keeper, "正常" if keeper else "没有应答，请重新启动考试服务器", "N2.4.5"),
    ]


def _check(title: str, verdict: Verdict, good: str) -> Check:
    return Check(title, verdict.allowed, verdict.text or good, verdict.clause)


def starts_at(sitting: Sitting) -> datetime:
    """The earliest bell in China's time, for what the law counts in days."""
    return datetime.fromtimestamp(sitting.manifest["window"]["start_earliest"], UTC).astimezone(CHINA)


async def _add(edge: Edge, sitting: Sitting, rows: list[tuple[str, str, str]], by: Person, second: Person | None, code: str) -> None:
    """Rows (item, result, note) with an event each, in one transaction."""
    wall, obj = edge.wall(), f"sitting:{sitting.sitting_id}"
    other = second.mark if second else ""

    def job(connection: apsw.Connection) -> None:
        for item, result, note in rows:
            connection.execute(
                "INSERT INTO readiness (sitting_id, item, result, note, by, second, wall) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (sitting.sitting_id, item, result, note, by.mark, other, wall),
            )
            body: dict[str, Any] = {"item": item, "result": result, "note_digest": console.digest(note), "second": other}
            if code == "readiness.closed":
                body = {"seal_digest": console.digest(note), "second": other}
            edge.record.append(connection, code, by=by.mark, obj=obj, body=body)

    await edge.store.write(job)


def _still_closed(sitting: Sitting) -> None:
    if sitting.state != "imported":
        raise Problem("本场已经启封，准备记录不能再改。", "后来发现的问题请记入“异常”。", "N2.4.6")


# ---- pages
async def show(request: Request) -> Response:
    """GET /s/{sitting}/readiness."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request)
    found, checks = in_force(edge, sitting.sitting_id), await asyncio.to_thread(gate, edge, sitting)
    return console.page(
        request, "readiness.html", sitting=sitting, person=person, items=ITEMS, found=found, results=RESULTS, gate=checks,
        late=_is_late(edge, sitting), log=rows_of(edge, sitting.sitting_id), may=person.role in PREPARERS, names=_names(sitting),
        titles={one.code: one.title for one in ITEMS} | {LATE: "晚于期限封闭", CLOSED: "封闭考场", FOUND: "核对封条"},
    )


def _names(sitting: Sitting) -> dict[str, str]:
    """Person marks as names, for the page only."""
    known = {f"person:{row['kid']}": row["name"] for row in sitting.seating.get("staff", []) if row["kid"]}
    return known | {f"duty:{role}": name for role, name in console.ROLE_NAMES.items()}


def _is_late(edge: Edge, sitting: Sitting) -> bool:
    now = datetime.fromtimestamp(edge.wall(), CHINA)
    return bool(sitting.manifest) and not rooms.prepared_in_time(now, starts_at(sitting)).allowed


async def note(request: Request) -> Response:
    """POST /s/{sitting}/readiness/note: fields `result-<item>`, `note-<item>`; two persons if anything is waived."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request, *PREPARERS)
    form = await console.checked_form(request)
    _still_closed(sitting)
    rows: list[tuple[str, str, str]] = []
    for item in ITEMS:
        result, words = console.text(form, f"result-{item.code}"), console.text(form, f"note-{item.code}")[:MOST_NOTE]
        if not result:
            continue
        if result not in RESULTS:
            raise Problem(f"“{item.title}”的结果不认识。", "请在页面上选择结果。", item.clause, 400)
        if result != "ok" and len(words) < 4:
            raise Problem(f"“{item.title}”没有写明情况。", "有问题或放行的，请写明情况和原因（至少四个字）。", item.clause, 400)
        rows.append((item.code, result, words))
    if not rows:
        raise Problem("没有填写检查结果。", "请逐项选择后保存。", "N2.4.5", 400)
    second = None
    if any(result == "waived" for _, result, _ in rows):
        second = await console.second_person(request, form, sitting.sitting_id, person)
    await _add(edge, sitting, rows, person, second, "readiness.noted")
    return console.done(request, f"已记录 {len(rows)} 项检查。", console.path_of(sitting, "readiness"))


async def close(request: Request) -> Response:
    """POST /s/{sitting}/readiness/close: fields `seal`, `second`, `second_pin`; after the law's day also `reason`."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request, *PREPARERS)
    form = await console.checked_form(request)
    _still_closed(sitting)
    seal = " ".join(console.text(form, "seal").split())[:MOST_NOTE]
    if not seal:
        raise Problem("没有填写封条编号。", "请按考场逐条填写贴上的封条编号。", "N2.4.6", 400)
    open_ = [check for check in _people_saw(in_force(edge, sitting.sitting_id)) if not check.good]
    if open_:
        raise Problem(f"检查还没有做完：{open_[0].title}，{open_[0].text}。", "请先记录全部检查结果，再封闭考场。", open_[0].clause or "N2.4.5")
    late = console.reason(form) if _is_late(edge, sitting) else ""
    second = await console.second_person(request, form, sitting.sitting_id, person, *PREPARERS)
    _with_leader(person, second)
    if late:
        await _add(edge, sitting, [(LATE, "waived", late)], person, second, "readiness.noted")
    await _add(edge, sitting, [(CLOSED, "ok", seal)], person, second, "readiness.closed")
    await edge.checkpoint()
    return console.done(request, "考场已封闭，启用前不得进入。", console.path_of(sitting, "readiness"))


async def unseal(request: Request) -> Response:
    """POST /s/{sitting}/readiness/unseal: fields `seal` as found, `broken` (1 or absent), `second`, `second_pin`; `reason` if it differs."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request, *PREPARERS)
    form = await console.checked_form(request)
    _still_closed(sitting)
    closed = in_force(edge, sitting.sitting_id).get(CLOSED)
    if closed is None:
        raise Problem("考场还没有封闭记录。", "请先完成检查并封闭考场。", "N2.4.6")
    seal, broken = " ".join(console.text(form, "seal").split())[:MOST_NOTE], console.text(form, "broken") == "1"
    verdict = rooms.seal_is_intact(closed.note, seal, broken)
    if not verdict.allowed and not console.text(form, "reason"):
        raise Problem(f"{verdict.text}。", "请先查明情况；两人确认可以使用的，写明原因再提交。", verdict.clause)
    words = seal if verdict.allowed else f"{seal or '无'}（{console.reason(form)}）"
    second = await console.second_person(request, form, sitting.sitting_id, person, *PREPARERS)
    _with_leader(person, second)
    await _add(edge, sitting, [(FOUND, "ok" if verdict.allowed else "waived", words)], person, second, "readiness.noted")
    return console.done(request, "封条已核对，考场启用。", console.path_of(sitting, "readiness"))


def _with_leader(person: Person, second: Person) -> None:
    if not {person.role, second.role} & set(console.LEADERS):
        raise Problem("两人中须有考点负责人或副负责人。", "请由负责人操作，或作为第二人确认。", "N2.4.6", 403)
