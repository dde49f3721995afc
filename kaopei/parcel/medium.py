"""A file as a row of QR texts that a hand scanner reads in any order, for the way across the gap without a stick."""

import hashlib
from collections.abc import Iterable

from kaopei.parcel import base64url
from kaopei.parcel.rejected import Rejected

PREFIX = "KPQ1"
LENGTH = 1200  # letters a frame: a QR code of version 25, easy to scan from a screen
MOST = 99


def frames(data: bytes) -> list[str]:
    """The texts to show, each with its number, the number of all, and the mark of the whole."""
    text, mark = base64url.encode(data), _mark(data)
    pieces = [text[at : at + LENGTH] for at in range(0, max(len(text), 1), LENGTH)]
    if len(pieces) > MOST:
        raise Rejected("medium", f"文件太大，不宜用二维码传递（超过 {MOST} 幅）；请用 U 盘")
    return [f"{PREFIX}:{mark}:{place}/{len(pieces)}:{piece}" for place, piece in enumerate(pieces, 1)]


def join(texts: Iterable[str]) -> bytes:
    """The file of the scanned texts, in whatever order they came and however often."""
    found: dict[int, str] = {}
    heads = set()
    for text in texts:
        parts = text.split(":")
        place, _, total = parts[2].partition("/") if len(parts) == 4 else ("", "", "")
        if parts[0] != PREFIX or not (_counts(place) and _counts(total)):
            raise Rejected("medium", "扫到的不是本系统的分幅二维码")
        heads.add((parts[1], int(total)))
        found[int(place)] = parts[3]
    if len(heads) != 1:
        raise Rejected("medium", "扫到的二维码不属于同一份文件；请从头扫描" if heads else "还没有扫到二维码")
    mark, total_ = heads.pop()
    missing = sorted(set(range(1, total_ + 1)) - set(found))
    if missing or len(found) != total_:
        raise Rejected("medium", f"还缺第 {missing[0]} 幅二维码，共 {total_} 幅" if missing else "二维码的幅数不对；请从头扫描")
    data = base64url.decode("".join(found[place] for place in sorted(found)), "二维码")
    if _mark(data) != mark:
        raise Rejected("medium", "二维码内容有误；请从头扫描")
    return data


def _counts(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 2


def _mark(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
