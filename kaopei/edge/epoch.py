"""Terms of office: which of a site's two servers is the one, and how the other learns that it no longer is.

Each promotion raises the epoch by one. A promoted server signs its epoch and gives it to every browser as a cookie on the
same name; browsers bring it to whichever server answers, and a server that is shown a higher one stops for good. The
signature is that of an enrolled machine, so that no terminal can stop a server with a number of its own.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from kaopei.edge.keystore import write_private
from kaopei.edge.settings import BadSettings, Settings
from kaopei.parcel import base64url, enrolment
from kaopei.parcel.enrolment import Edge as Machine
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust

COOKIE = "kaopei_epoch"
_COOKIE_BYTES = COOKIE.encode() + b"="
_LONGEST = 400


class Fenced(Exception):
    """Another server of this site holds a higher epoch; this one must not accept anything any more."""


@dataclass(frozen=True)
class Standing:
    """`role` primary|standby, the epoch held, and the token of the higher epoch that put an end to it."""

    role: str
    epoch: int = 1
    fenced_by: str = ""


def _file(settings: Settings) -> Path:
    return settings.data / "epoch.json"


def standing(settings: Settings) -> Standing:
    """Where this machine stands; a machine that never changed its role stands where its configuration says."""
    try:
        return Standing(**json.loads(_file(settings).read_text("utf-8")))
    except FileNotFoundError:
        return Standing(settings.function)
    except (ValueError, TypeError):
        raise BadSettings(f"{_file(settings)}：读不出来。不要改动或删除它，请报告考试机构。") from None


def keep(settings: Settings, now: Standing) -> Standing:
    """Write it down before acting on it."""
    write_private(_file(settings), json.dumps(asdict(now)).encode())
    return now


def refuse_fenced(now: Standing) -> None:
    """A server that was replaced does not start again with its old data."""
    if now.fenced_by:
        raise BadSettings(
            f"本机已被备用服务器接替（第 {now.fenced_by.split('.', 1)[0]} 任期），不能再启动。"
            "保留本机数据作证据；要再用，请在空文件夹里重新登记为备用服务器。"
        )


def machines(settings: Settings, trust: Trust) -> list[Machine]:
    """The other server of the site, by its countersigned record; none if none is configured."""
    if settings.peer is None:
        return []
    try:
        found = enrolment.read(settings.peer.read_bytes(), trust)
    except FileNotFoundError:
        raise BadSettings(f"{settings.peer}：没有另一台服务器的登记书。请把会签后的登记书放在这里。") from None
    if found.payload["site_code"] != settings.site:
        raise BadSettings(f"{settings.peer}：登记书属于考试点 {found.payload['site_code']}，本机是 {settings.site}。")
    return [found]


class Epoch:
    """The epoch that this server holds, and the machines of the site whose word counts."""

    def __init__(self, settings: Settings, now: Standing, signer: Signer, machines: list[Machine]) -> None:
        self.settings, self.now, self._signer = settings, now, signer
        self.machines = machines
        self._publics = {one.sign.kid: one.sign.pub for one in machines}
        self._publics[signer.kid] = base64url.encode(signer.public())
        self.token = self._issue() if now.epoch > 1 else ""
        self._seen: dict[str, int] = {self.token: now.epoch}

    @property
    def number(self) -> int:
        """1 until the first promotion."""
        return self.now.epoch

    def _issue(self) -> str:
        body = f"{self.now.epoch}.{self._signer.kid}"
        signature = self._signer.suite.sign(self._signer.key, self._words(body))
        return f"{body}.{base64url.encode(signature)}"

    def _words(self, body: str) -> bytes:
        return f"epo1|{self.settings.site}|{body}".encode()

    def read(self, token: str) -> int:
        """The epoch that a token proves; 0 if it proves none."""
        known = self._seen.get(token)
        if known is not None:
            return known
        number, _, rest = token.partition(".")
        kid, _, signature = rest.partition(".")
        public = self._publics.get(kid)
        if public is None or not (number.isascii() and number.isdigit()) or len(token) > _LONGEST:
            return 0
        try:
            raw, key = base64url.decode(signature, "签名"), base64url.decode(public, "公钥")
        except Rejected:
            return 0
        if not self._signer.suite.verify(key, raw, self._words(f"{number}.{kid}")):
            return 0
        self._seen[token] = int(number)
        return int(number)

    def look(self, token: str) -> None:
        """Fenced if this token proves a higher epoch; from then on this server stays down."""
        if self.now.fenced_by or self.read(token) > self.now.epoch:
            if not self.now.fenced_by:
                self.now = keep(self.settings, replace(self.now, fenced_by=token))
            raise Fenced(f"本机已被备用服务器接替（第 {self.now.fenced_by.split('.', 1)[0]} 任期），不再接收任何数据")

    def look_at(self, headers: Mapping[bytes, bytes]) -> None:
        """What a browser brings."""
        cookies = headers.get(b"cookie", b"")
        if self.now.fenced_by or _COOKIE_BYTES in cookies:
            self.look(_cookie(cookies))

    def cookie(self, secure: bool) -> list[tuple[bytes, bytes]]:
        """The header that gives this epoch to a browser; none before the first promotion."""
        if not self.token:
            return []
        more = "; Secure" if secure else ""
        return [(b"set-cookie", f"{COOKIE}={self.token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=86400{more}".encode())]


def _cookie(header: bytes) -> str:
    try:
        found = SimpleCookie(header.decode("latin-1")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
