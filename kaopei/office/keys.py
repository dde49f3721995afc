"""Keys that this installation holds: its own by role, and its people's by their PIN."""

from datetime import datetime
from typing import Any

from django.conf import settings

from kaopei.law.verdict import refuse
from kaopei.office import trusted
from kaopei.office.refused import Refused
from kaopei.parcel import keyfile
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust


def trust() -> Trust:
    """The trust list in force; Refused with the remedy if there is none."""
    found = trusted.current(settings.DATA)
    if found is None:
        raise Refused(refuse("", "尚未放入信任名单，不能签署或核对签名。请系统管理员按手册放入 trust.json。", "trust"))
    return found


def passphrase() -> bytes:
    """Of the installation's own keys: DATADIR/keys/passphrase, readable by the program's user only."""
    return (settings.DATA / "keys" / "passphrase").read_bytes().strip()


def signer(role: str, at: datetime) -> Signer:
    """Our key that the trust list has in force for this role."""
    listed = trust()
    for path in sorted((settings.DATA / "keys").glob("*.key")):
        try:
            listed.key(path.stem, role=role, at=int(at.timestamp()))
        except Rejected:
            continue
        return keyfile.load_signer(path.read_bytes(), passphrase(), listed.suite)
    text = f"本机没有用途为 {role} 且在信任名单中有效的密钥。请系统管理员按手册生成并登记密钥。"
    raise Refused(refuse("", text, "key"))


def opener(role: str, at: datetime) -> tuple[str, Any]:
    """(kid, private key) of ours that opens what is sealed to this role: city_import, key_service_decrypt …"""
    listed = trust()
    for path in sorted((settings.DATA / "keys").glob("*.key")):
        if path.stem in listed.keys and not listed.keys[path.stem].refusal(role, int(at.timestamp())):
            return path.stem, keyfile.load(path.read_bytes(), passphrase(), listed.suite)
    text = f"本机没有用途为 {role} 且在信任名单中有效的解密密钥。请系统管理员按手册生成并登记密钥。"
    raise Refused(refuse("", text, "key"))


def person(kid: str, pin: str) -> Signer:
    """A person's signing key, opened with his PIN."""
    path = settings.DATA / "persons" / f"{kid}.key"
    if not kid or "/" in kid or not path.exists():
        raise Refused(refuse("", "您还没有登记签名密钥，不能签署。请联系安全管理员办理。", "key"))
    try:
        return keyfile.load_signer(path.read_bytes(), pin.encode(), trust().suite)
    except Rejected:
        raise Refused(refuse("", "签名口令不对，没有签署。请重新输入。", "pin")) from None
