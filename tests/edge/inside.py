"""The server in this process: the loaded application without a socket, for tests that need its clock or very many requests."""

import json
from typing import Any

from kaopei.edge import admission, app, invigilation, opening
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Sitting
from tests.edge.room import HEAD, INVIGILATOR, KEEPER, Parcels, Room, key, person


async def ask(application: Any, method: str, path: str, secret: str, body: bytes = b"") -> tuple[int, dict[str, Any]]:
    """One request to the ASGI application itself."""
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    headers = [(b"authorization", f"Bearer {secret}".encode())] if secret else []
    scope = {"type": "http", "method": method, "path": path, "headers": headers, "query_string": b"", "client": ("127.0.0.1", 1)}
    await application(scope, receive, send)
    return said[0]["status"], json.loads(said[1]["body"])


async def begun(room: Room, parcels: Parcels) -> tuple[Edge, Any, Sitting]:
    """Everybody signed in, at his terminal, and begun; the rehearsal's clock must show a time for the bell."""
    edge = room.load()
    application = app.application(edge)
    sitting = edge.sittings[parcels.parcel.manifest["sitting_id"]]
    await opening.recover(edge, sitting)
    for number, row in enumerate(parcels.rows):
        code = await admission.sign_in(edge, sitting, sitting.attempts[row["attempt"]], by=person(INVIGILATOR))
        body = json.dumps({"seat": f"{row['room']}-{row['seat']}", "code": code, "key": key(number)}).encode()
        assert (await ask(application, "POST", "/api/start", "", body))[0] == 200
    await invigilation.ring(edge, sitting, words="", by=person(HEAD), second=person(KEEPER))
    for number, _ in enumerate(parcels.rows):
        assert (await ask(application, "POST", "/api/begin", key(number), b"{}"))[0] == 200
    return edge, application, sitting
