"""A small HTTP/1.1 client on asyncio, kept alive: many made-up terminals in one process, from the standard library alone."""

import asyncio
import contextlib
import json
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit


class Unreachable(OSError):
    """The server did not answer."""

    exit_status = 2


@dataclass
class Answer:
    """Status, headers (lower case) and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> dict[str, Any]:
        """The body as an object; empty if it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass
class Client:
    """One connection of one machine. `unix` is the path of a socket, else the address of `url` is called."""

    url: str
    context: ssl.SSLContext | None = None
    unix: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    _pipe: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, method: str, path: str, *, form: dict[str, str] | None = None, data: Any = None, seconds: float = 20.0) -> Answer:
        """One request; a connection that the server closed meanwhile is made again once."""
        fresh = self._pipe is None
        try:
            return await asyncio.wait_for(self._once(method, path, form, data), seconds)
        except (OSError, asyncio.IncompleteReadError, ValueError) as problem:
            await self.close()
            if fresh:
                raise Unreachable(f"{self.url}：连不上考试服务器（{problem or type(problem).__name__}）。") from None
        return await self.call(method, path, form=form, data=data, seconds=seconds)

    async def _once(self, method: str, path: str, form: dict[str, str] | None, data: Any) -> Answer:
        where = urlsplit(self.url)
        if self._pipe is None:
            if self.unix:
                self._pipe = await asyncio.open_unix_connection(self.unix)
            else:
                port = where.port or (443 if where.scheme == "https" else 80)
                self._pipe = await asyncio.open_connection(where.hostname, port, ssl=self.context)
        reader, writer = self._pipe
        body, kind = b"", ""
        if form is not None:
            body, kind = urlencode(form).encode(), "application/x-www-form-urlencoded"
        elif data is not None:
            body, kind = json.dumps(data).encode(), "application/json"
        lines = [f"{method} {path} HTTP/1.1", f"Host: {where.netloc or 'edge'}", f"Content-Length: {len(body)}"]
        lines += [f"Content-Type: {kind}"] if kind else []
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        return await self._read(reader)

    async def _read(self, reader: asyncio.StreamReader) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status, headers = int(head[0].split(" ")[1]), {}
        for line in head[1:]:
            name, _, value = line.partition(":")
            name, value = name.strip().lower(), value.strip()
            if name == "set-cookie":
                cookie, _, word = value.partition(";")[0].partition("=")
                self.cookies[cookie] = word
            elif name:
                headers[name] = value
        body = b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int(await reader.readuntil(b"\r\n"), 16):
                body += await reader.readexactly(size)
                await reader.readexactly(2)
            await reader.readexactly(2)
        elif "content-length" in headers:
            body = await reader.readexactly(int(headers["content-length"]))
        if headers.get("connection", "").lower() == "close":
            await self.close()
        return Answer(status, headers, body)

    async def close(self) -> None:
        """Hang up."""
        if self._pipe is not None:
            _, writer = self._pipe
            self._pipe = None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
