"""The staff of a sitting out of a small table: name, post, log-in PIN, and whose key in the trust list he signs with."""

import base64
import csv
import hashlib
import io
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from kaopei.law import identity
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Key, Trust

COLUMNS = ("姓名", "岗位", "口令", "签名人")
NEEDED = COLUMNS[:3]
POSTS = {
    "考点负责人": "head", "负责人": "head", "主考": "head", "副负责人": "deputy", "考点副负责人": "deputy", "副主考": "deputy",
    "系统管理员": "keeper", "系统维护": "keeper", "信息系统维护人员": "keeper", "监考人员": "invigilator", "监考员": "invigilator",
    "监考": "invigilator", "考评员": "examiner", "考评": "examiner", "巡考人员": "patroller", "巡考员": "patroller", "巡考": "patroller",
}  # fmt: skip
NAMES = {
    "head": "考点负责人", "deputy": "副负责人", "keeper": "系统管理员", "invigilator": "监考人员", "examiner": "考评员", "patroller": "巡考人员",
}  # fmt: skip
LEADERS, SECONDS = frozenset({"head", "deputy"}), frozenset({"patroller", "invigilator"})
SHORTEST_PIN = 6
MOST = 200
# Slow on purpose, within what the exam server accepts
COST = {"n": 2**14, "r": 8, "p": 1}


@dataclass(frozen=True, slots=True)
class Staffer:
    """One person on duty. The PIN lives only until its verifier is made."""

    name: str
    role: str
    pin: str
    signs_as: str
    row: int


def read(content: bytes, filename: str = "") -> list[Staffer]:
    """The people of a CSV or XLSX; Rejected names the row and what to do."""
    rows = _sheet(content) if content[:2] == b"PK" else _csv(content)
    header = next((place for place, row in enumerate(rows[:20]) if set(NEEDED) <= set(row)), None)
    if header is None:
        raise Rejected("staff", f"人员表{filename and f'（{filename}）'}没有表头：应有 {'、'.join(NEEDED)} 三列，可另有“签名人”一列")
    places = {name: rows[header].index(name) for name in COLUMNS if name in rows[header]}
    found = []
    for number, row in enumerate(rows[header + 1 :], start=header + 2):
        cells = {name: row[place] if place < len(row) else "" for name, place in places.items()}
        if any(cells.values()):
            found.append(_staffer(cells, number))
    if not found:
        raise Rejected("staff", "人员表只有表头，没有人。请填写本场的考务人员")
    if len(found) > MOST:
        raise Rejected("staff", f"人员表有 {len(found)} 人，超过 {MOST} 人，请核对是否选错文件")
    _distinct(found)
    return found


def _staffer(cells: Mapping[str, str], row: int) -> Staffer:
    post = cells["岗位"]
    role = post if post in NAMES else POSTS.get(post, "")
    where = f"人员表第 {row} 行"
    if not cells["姓名"] or identity.read_name(cells["姓名"]).fault:
        raise Rejected("staff", f"{where}：姓名没有填写或有丢失的字")
    if not role:
        raise Rejected("staff", f"{where}：不认识的岗位“{post[:20]}”，应为 {'、'.join(NAMES.values())}")
    if len(cells["口令"]) < SHORTEST_PIN:
        raise Rejected("staff", f"{where}：登录口令不足 {SHORTEST_PIN} 位（表格里的数字口令请设成文本，以免丢掉开头的 0）")
    return Staffer(cells["姓名"], role, cells["口令"], cells.get("签名人", "") or cells["姓名"], row)


def _distinct(found: Sequence[Staffer]) -> None:
    """People log in by name."""
    names: set[str] = set()
    for one in found:
        if one.name in names:
            raise Rejected("staff", f"人员表第 {one.row} 行：{one.name} 出现两次。考试点按姓名登录，同名请加以区分；一人只能有一个岗位")
        names.add(one.name)


def pins_differ(people: Sequence[Staffer]) -> bool:
    """Whether everybody has a PIN of his own; only a rehearsal may do without."""
    return len({one.pin for one in people}) == len(people)


def _csv(content: bytes) -> list[list[str]]:
    for coding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(coding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Rejected("staff", "人员表不是文本表格（UTF-8 或 GB18030 的 CSV），也不是 XLSX，请另存后再上传")
    try:
        return [[_tidy(cell) for cell in row] for row in csv.reader(io.StringIO(text.replace("，", ",")))]
    except csv.Error:
        raise Rejected("staff", "人员表的引号不配对，读不出来，请用表格软件另存为 CSV") from None


def _sheet(content: bytes) -> list[list[str]]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return [[_tidy(cell) for cell in row] for row in book.get_sheet_by_index(0).to_python(skip_empty_area=False)]
    except (CalamineError, ValueError, OSError) as problem:
        raise Rejected("staff", f"人员表不是完整的 XLSX 文件（可能被截断或设有密码），请另存后再上传（{type(problem).__name__}）") from None


def _tidy(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).replace("\u3000", " ").strip()


def complete(people: Iterable[Staffer], rooms: int, examiners: int = 0) -> str:
    """What is missing in the staff of a sitting, or an empty text. How many invigilators a room needs is the site's duty roster."""
    roles = [one.role for one in people]
    if "head" not in roles:
        return "没有考点负责人"
    if len(roles) < 2:
        return "只有一个人，启封和收场都须两人在场"
    if not SECONDS & set(roles):
        return "没有监考人员或巡考人员，回传包没有第二人签名"
    if roles.count("invigilator") < rooms:
        return f"监考人员 {roles.count('invigilator')} 人，少于考场 {rooms} 间"
    if roles.count("examiner") < examiners:
        return f"实操考评员 {roles.count('examiner')} 人，每名考生要 {examiners} 名考评员各自评分（评分不一致时还要再加一名）"
    return ""


def keys_of(people: Iterable[Staffer], listed: Trust, city: str, site: str) -> dict[str, str | None]:
    """Name → kid. Who signs the return parcel must have a key with that duty; the others may have none."""
    persons = listed.with_role("person", city=city, site=site)
    found: dict[str, str | None] = {}
    for one in people:
        mine = [key for key in persons if key.holder == one.signs_as]
        found[one.name] = mine[0].kid if mine else None
    for duties, needed in ((LEADERS, LEADERS), (SECONDS, SECONDS)):
        signing = [one for one in people if one.role in duties and _has(persons, one.signs_as, needed)]
        if not signing:
            who = "、".join(NAMES[role] for role in sorted(duties))
            raise Rejected("signer", f"{who}中没有人在信任名单里登记了相应职责的签名密钥，回传包将无人能签；请在“签名人”一列写明密钥登记的名称")
    return found


def without_key(people: Iterable[Staffer], listed: Trust, city: str, site: str) -> list[str]:
    """Examiners who could not sign their marks."""
    persons = listed.with_role("person", city=city, site=site)
    return [one.name for one in people if one.role == "examiner" and not _has(persons, one.signs_as, frozenset({"examiner"}))]


def _has(persons: Iterable[Key], holder: str, duties: frozenset[str]) -> bool:
    return any(key.holder == holder and duties & set(key.duties) for key in persons)


def verifier(pin: str) -> str:
    """`scrypt$n$r$p$salt$hash` in base64url: what the site checks a PIN against."""
    salt = secrets.token_bytes(16)
    made = hashlib.scrypt(pin.encode(), salt=salt, dklen=32, maxmem=2**26, **COST)
    packed = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (salt, made)]
    return "$".join(["scrypt", *(str(COST[name]) for name in ("n", "r", "p")), *packed])
