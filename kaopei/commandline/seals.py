"""Where signed things and ledgers meet: whose key signs which log, and the place of a sealed paper in the vault's."""

import re

from kaopei.ledger import checkpoint, proof
from kaopei.ledger.checkpoint import BadCheckpoint, Checkpoint
from kaopei.parcel.checking import Checked
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Key, Trust, public_bytes

SEALED = "custody.sealed"
WITNESSES = ("city_witness", "province_mirror")


def believe(note: bytes, listed: Trust) -> Checkpoint:
    """The checkpoint if its log's own key signed it, and whoever else signed is a witness of the list."""
    found = checkpoint.parse(note)
    keys = {}
    for one in found.signatures:
        owner = _signer(one.name, one.key_hash, found.origin, listed)
        keys[one.name] = public_bytes(owner)
    if found.origin not in keys:
        raise BadCheckpoint(f"检查点没有台账 {found.origin} 自己的签名")
    return checkpoint.verify(note, keys, lambda public, signature, text: listed.algorithms.verify(public, signature, text))


def _signer(name: str, hashed: bytes, origin: str, listed: Trust) -> Key:
    for key in listed.keys.values():
        right = owns(key, origin) if name == origin else key.role in WITNESSES and key.holder == name
        if right and not key.refusal(None, None) and checkpoint.key_hash(name, public_bytes(key)) == hashed:
            return key
    raise BadCheckpoint(f"检查点上 {name} 的签名不属于信任名单里有权签署 {origin} 的密钥")


def owns(key: Key, origin: str) -> bool:
    """Whether this key may sign the log of this name: a program's ledger key its own, an exam server's key its own."""
    if key.role == "ledger":
        return origin.startswith(f"{key.holder}.")
    if key.role in ("edge_sign", "standby_edge"):
        return re.fullmatch(rf"edge\.[^/.]+\.{re.escape(key.site)}/{re.escape(key.holder)}/.*", origin) is not None
    return False


def check(found: Checked, listed: Trust) -> str:
    """Verify the place of a sealed paper in the vault's ledger; what there is to say of it."""
    if found.kind != "exam_parcel":
        return ""
    if found.seal is None:
        return "，没有题库室台账的存证"
    try:
        fields = proof.verify(found.seal, lambda note: believe(note, listed))
    except ValueError as problem:
        raise Rejected("seal", f"密封存证不成立：{problem}") from problem
    if fields.get("type") != SEALED or fields.get("body", {}).get("manifest") != found.manifest_hash:
        raise Rejected("seal", "密封存证指向的台账条目不是这个密封包的")
    return f"，已记入题库室台账第 {fields['seq']} 条"
