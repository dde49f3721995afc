"""A terminal's line to the exam server: one kept-alive HTTP/1.1 connection, as small as a hundred of them on two cores ask for."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 60.0


class Line:
    """One connection; opened when first used, opened again when the server closed it."""

    def __init__(self, base: str, bearer: str = "") -> None:
        address = urlsplit(base)
        self.host, self.port = address.hostname or "127.0.0.1", address.port or 80
        self.bearer = bearer
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and decoded JSON (bytes if it is none). ConnectionError when the server is not there."""
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}", f"Content-Length: {len(content)}", "Accept: application/json"]
        if self.bearer:
            lines.append(f"Authorization: Bearer {self.bearer}")
        if content:
            lines.append("Content-Type: application/json")
        request = "\r\n".join(lines).encode() + b"\r\n\r\n" + content
        fresh = self.writer is None
        try:
            return await asyncio.wait_for(self._exchange(request), PATIENCE)
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError) as problem:
            self.close()
            # A server may close a connection that was idle; only a fresh one that fails is a failure.
            if fresh or isinstance(problem, TimeoutError):
                raise ConnectionError(f"{method} {path}: {problem!r}") from problem
        try:
            return await asyncio.wait_for(self._exchange(request), PATIENCE)
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError) as problem:
            self.close()
            raise ConnectionError(f"{method} {path}: {problem!r}") from problem

    async def _exchange(self, request: bytes) -> tuple[int, Any]:
        if self.writer is None or self.reader is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        self.writer.write(request)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split()[1])
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        if "chunked" in fields.get("transfer-encoding", ""):
            content = await self._chunks()
        else:
            content = await self.reader.readexactly(int(fields.get("content-length", "0")))
        if fields.get("connection", "").lower() == "close":
            self.close()
        return status, json.loads(content) if "json" in fields.get("content-type", "") else content

    async def _chunks(self) -> bytes:
        assert self.reader is not None
        parts = []
        while size := int((await self.reader.readline()).split(b";")[0], 16):
            parts.append(await self.reader.readexactly(size))
            await self.reader.readline()
        await self.reader.readline()
        return b"".join(parts)

    def close(self) -> None:
        """Hang up."""
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None
