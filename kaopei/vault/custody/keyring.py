"""The vault's own trust list and keys on disk: `trust.json`, `trust/<version>.json`, `root.txt`, `keys/<kid>.key`."""

import getpass
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from kaopei.office import trusted
from kaopei.parcel import keyfile, manifest, trust
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.trust import Trust


class NoKey(ValueError):
    """A key or trust list that this machine does not have."""

    exit_status = 2


def current() -> Trust:
    """The trust list in force; NoKey with the remedy if there is none."""
    found = trusted.current(settings.DATA)
    if found is None:
        raise NoKey("题库室还没有信任名单。请先用 vault trust-in 放入省级签发的名单。")
    return found


def take(chain: Sequence[bytes | str], root: str | None) -> Trust:
    """Lay down or extend the chain of trust lists; gaps, forks and other roots are refused."""
    before = trusted.current(settings.DATA)
    if before is None:
        pieces = [piece.encode() if isinstance(piece, str) else piece for piece in chain]
        found = trust.load(sorted(pieces, key=_version), root)
    else:
        found = before.advance(sorted(chain, key=_version))
    if before is None or found.version > before.version:
        _store(found, root)
    return found


def _version(piece: bytes | str) -> int:
    data = piece.encode() if isinstance(piece, str) else piece
    version = trust.claims(data)["version"]
    return int(version)


def _store(found: Trust, root: str | None) -> None:
    folder = settings.DATA / "trust"
    folder.mkdir(parents=True, exist_ok=True)
    first = found.version - len(found.chain) + 1
    for version, piece in enumerate(found.chain, first):
        if not (folder / f"{version}.json").exists():
            _write(folder / f"{version}.json", piece)
    if root is not None and not (settings.DATA / "root.txt").exists():
        _write(settings.DATA / "root.txt", f"{root}\n".encode("ascii"))
    _write(settings.DATA / "trust.json", found.chain[-1])


def custodians(kids: Sequence[str], listed: Trust) -> list[Signer]:
    """二（五） N2.5.9: the signing keys of two different custodians, each opened by himself."""
    if len(set(kids)) != 2:
        raise NoKey("密封和评分要由两名不同的保管人签名。请用两个 --custodian 分别给出密钥号。")
    return [Signer(_key(listed.key(kid, role="custodian").kid, listed), kid, listed.suite) for kid in kids]


def own(role: str, listed: Trust) -> tuple[str, Any]:
    """This machine's key of a role that the trust list has in force: (kid, key)."""
    for key in listed.with_role(role):
        if (settings.DATA / "keys" / f"{key.kid}.key").is_file():
            return key.kid, _key(key.kid, listed)
    raise NoKey(f"题库室没有信任名单中用途为 {role} 的密钥。请按手册生成并登记密钥。")


def _key(kid: str, listed: Trust) -> Any:
    path = settings.DATA / "keys" / f"{kid}.key"
    if not path.is_file():
        raise NoKey(f"题库室没有密钥 {kid}（{listed.keys[kid].holder}）的密钥文件。请放入 vault/keys/ 后再试。")
    return keyfile.load(path.read_bytes(), _passphrase(kid, listed), listed.suite)


def _passphrase(kid: str, listed: Trust) -> bytes:
    """In earnest each holder types his own; a rehearsal keeps one in a file."""
    if listed.rehearsal:
        for place in (settings.DATA, settings.DATA.parent):
            if (place / "keys" / "passphrase").is_file():
                return (place / "keys" / "passphrase").read_bytes().strip()
    return getpass.getpass(f"{listed.keys[kid].holder} 的密钥口令：").encode()


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    handle, beside = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    Path(beside).chmod(0o644)
    Path(beside).replace(path)


def claimed_chain(data: bytes) -> list[str]:
    """The chain of trust lists that a signed order carries; each list is verified before it is believed."""
    chain = manifest.unverified(data).get("trust_chain", [])
    return [piece for piece in chain if isinstance(piece, str)]
