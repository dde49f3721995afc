"""Keys that this installation holds: its own by role, and its people's by their PIN."""

from typing import Any

from django.conf import settings

from kaopei.law.verdict import refuse
from kaopei.office import trusted
from kaopei.office.refused import Refused
from kaopei.parcel import keyfile


def passphrase() -> bytes:
    """Of the installation's own keys: DATADIR/keys/passphrase, readable by the program's user only."""
    return (settings.DATA / "keys" / "passphrase").read_bytes().strip()


def signer(role: str) -> Any:
    """Our key of this role that the trust list has in force; Refused if there is none."""
    for path in sorted((settings.DATA / "keys").glob("*.key")):
        if trusted.has_role(settings.DATA, path.stem, role):
            return keyfile.Signer(keyfile.load(path.read_bytes(), passphrase()), path.stem)
    raise Refused(refuse("", f"本机没有“{role}”密钥，或它不在信任名单中。请系统管理员按手册生成并登记密钥。", "key"))


def person(kid: str, pin: str) -> Any:
    """A person's signing key, opened with his PIN."""
    path = settings.DATA / "persons" / f"{kid}.key"
    if not kid or not path.exists():
        raise Refused(refuse("", "您还没有登记签名密钥，不能签署。请联系安全管理员办理。", "key"))
    try:
        return keyfile.Signer(keyfile.load(path.read_bytes(), pin.encode()), kid)
    except ValueError:
        raise Refused(refuse("", "签名口令不对，没有签署。请重新输入。", "pin")) from None


def text(record: Any) -> str:
    """A signed record as text for a column."""
    return record.decode() if isinstance(record, bytes) else str(record)
