"""Opening by telephone: sixteen groups instead of a token, and the token itself afterwards.

二（五） N2.5.8. The groups are masked for this machine and this challenge (kaopei/parcel/phone.py). They open the paper like a token; what
they cannot bring are the officers' signatures, so that no return parcel leaves before the token of the same number was filed.
"""

import hashlib
import json
from typing import Any

import apsw
from starlette.requests import Request
from starlette.responses import Response

from kaopei.edge import console, opening
from kaopei.edge.console import LEADERS, Problem
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Sitting
from kaopei.parcel import base64url, key_release, phone
from kaopei.parcel.phone import About
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.shares import Share

# Whose key this machine agrees with, by path
KEYS = {"AB": "key_service_decrypt", "AC": "province_escrow"}
STAGE = 1


async def take(request: Request) -> Response:
    """POST /s/{sitting}/opening/phone: `groups` (sixteen), `number` of the release, `path` AB or AC; by the other person."""
    edge = console.edge_of(request)
    sitting, person, form, half, current = await opening.other_half(request)
    path, number = console.text(form, "path") or "AB", console.text(form, "number")
    letters = "".join(console.text(form, "groups").replace("-", " ").split())
    if path not in KEYS or not (number.isascii() and number.isdigit() and len(number) <= 9):
        raise Problem("记录号没有填，或不是数字。", "请值班员报出放行记录号，再录入。", "N2.5.8", 400)
    if not letters or not (letters.isascii() and letters.isdigit()):
        raise Problem("没有录入十六组数字，或里面有不是数字的。", "请逐组录入，每组六位。", "N2.5.8", 400)
    about = About(str(sitting.package_id), sitting.opener.manifest_hash, STAGE, current.text, path, int(number))
    groups = [letters[at : at + 6] for at in range(0, len(letters), 6)]
    try:
        share, issued = _unmasked(edge, groups, about)
        if (share.x, path) not in ((2, "AB"), (3, "AC")):
            raise Rejected("path", "口授的分持与放行路径不相配")
        sitting.opener.check_share(STAGE, share)
        secrets = sitting.opener.unlock(half.share, share, edge.keys.decrypt_kid, edge.keys.decrypt_key)
    except Rejected as problem:
        if problem.code == "digits":
            raise Problem(f"{problem}。", "请值班员把这一组再念一遍。", "N2.5.8", 400) from None
        await opening.wrong(edge, sitting, "paper.token_wrong", problem, person)
    payload = {"issued_at": issued, "path": f"{path} phone", "log_seq": int(number), "waivers": []}
    opening.in_window(sitting, payload)
    kept = json.dumps({"phone": {"challenge": current.text, "log_seq": int(number), "path": path, "issued_at": issued}}).encode()
    await opening.open_paper(edge, sitting, secrets, kept, payload, half, person)
    return console.done(request, "试卷已启封。考后请补收这个记录号的令牌文件。", console.path_of(sitting))


def _unmasked(edge: Edge, groups: list[str], about: About) -> tuple[Share, int]:
    """With whichever key of this role the list has: there may be an old one and a new one."""
    suite, listed = edge.trust.algorithms, edge.trust.with_role(KEYS[about.path])
    if not listed:
        raise Problem("信任名单里没有密钥服务的密钥，不能用电话放行。", "请用令牌文件，或更新信任名单。", "N2.5.8")
    fault = Rejected("phone", "口授的数字不成立")
    for key in listed:
        agreed = suite.agree(edge.keys.decrypt_key, base64url.decode(key.pub, "公钥"))
        try:
            return phone.take(suite, agreed, groups, about, edge.wall())
        except Rejected as problem:
            if problem.code == "digits":
                raise
            fault = problem
    raise fault


def waiting(sitting: Sitting) -> dict[str, Any] | None:
    """What was said by telephone while its token has not been filed."""
    found: dict[str, Any] | None = json.loads(sitting.token or b"{}").get("phone")
    return found


async def file(request: Request) -> Response:
    """POST /s/{sitting}/hand-back/token: file `token` or `token_text`, `second`, `second_pin`: the token of what was said by telephone."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request, *LEADERS)
    form = await console.checked_form(request)
    said = waiting(sitting)
    if said is None:
        raise Problem("本场没有待补收的令牌。", "电话口授启封的场次才需要补收。", "N2.5.8")
    second = await console.second_person(request, form, sitting.sitting_id, person)
    data = await opening.token_bytes(form)
    try:
        keys = (edge.keys.decrypt_kid, edge.keys.decrypt_key)
        payload, _ = key_release.take(data, edge.trust, sitting.opener, *keys, stage=STAGE, challenge=said["challenge"])
    except Rejected as problem:
        raise Problem(f"{problem}。", "请向市考试机构取得本场这个记录号的令牌文件。", "N2.5.8", 403) from None
    if (payload["log_seq"], payload["path"], payload["issued_at"] // 60) != (said["log_seq"], said["path"], said["issued_at"] // 60):
        text = f"这个令牌是第 {payload['log_seq']} 号放行记录的，电话口授的是第 {said['log_seq']} 号。"
        raise Problem(text, "请取得口授的那个记录号的令牌文件。", "N2.5.8", 403)

    def job(connection: apsw.Connection) -> None:
        connection.execute("UPDATE sitting SET token = ? WHERE sitting_id = ?", (data, sitting.sitting_id))

    body = {
        "package_id": sitting.package_id, "log_seq": payload["log_seq"], "token_digest": hashlib.sha256(data).hexdigest(), "second": second.mark,
    }  # fmt: skip
    await edge.act("paper.filed", by=person.mark, obj=f"sitting:{sitting.sitting_id}", body=body, job=job)
    sitting.token = data
    return console.done(request, "令牌已补收，与口授的一致。", console.path_of(sitting, "hand-back"))
