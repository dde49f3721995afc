"""Which machine asks: its certificate, address and seat against the accepted baseline of the newest seating.

二（四） N2.4.16/17, 三（二） N3.2.5b: only accepted devices are on the exam network, each at its address and seat. nginx ends
TLS, asks for the certificate and overwrites the headers below; whatever the site's CA signed, only keys of the baseline
connect. On plain loopback (a rehearsal on one machine) nobody has a certificate and nothing is asked.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kaopei.edge.server import Edge

CERTIFICATE, ADDRESS, VERIFIED = b"x-device-certificate", b"x-device-address", b"x-device-verified"
AT_SEATS = ("terminal", "spare", "drill")
AT_DESKS = ("console", "tablet")
FUNCTIONS = (*AT_SEATS, *AT_DESKS)
# Certificates whose key was computed; a room has a few hundred, an attacker may bring more.
MOST_KNOWN = 4096
MOST_NOTED = 500

_known: dict[bytes, str] = {}


@dataclass(frozen=True)
class Device:
    """One row of the baseline. `seat` is the label 考场-座号 for machines at seats; `spki` hex SHA-256 of the public key."""

    id: str
    function: str
    spki: str
    ip: str
    mac: str
    seat: str


class Mismatch(Exception):
    """A machine that may not ask this. `kind` names what did not match; text and way out are for people."""

    def __init__(self, kind: str, text: str, todo: str, device: str = "") -> None:
        super().__init__(text)
        self.kind, self.text, self.todo, self.device = kind, text, todo, device


def enforced(edge: Edge) -> bool:
    """Behind nginx; not on the plain loopback address of a rehearsal."""
    return edge.settings.socket is not None


def baseline(edge: Edge) -> dict[str, Device]:
    """Public key → device, from the seatings in force; where two name a key, the higher baseline rev counts."""
    bodies = [one.seating["baseline"] for one in edge.sittings.values() if one.seating and one.state != "returned"]
    stamp = tuple((body["rev"], len(body["devices"]), id(body)) for body in bodies)
    if edge.accepted[0] != stamp:
        edge.accepted = (stamp, devices_of(bodies))
    found: dict[str, Device] = edge.accepted[1]
    return found


def everything(edge: Edge) -> Iterable[Device]:
    """All machines of the baselines in force, those without a certificate too: servers, switches, cameras."""
    for one in edge.sittings.values():
        if one.seating and one.state != "returned":
            yield from (_named(row) for row in one.seating["baseline"]["devices"])


def devices_of(baselines: Iterable[Mapping[str, Any]]) -> dict[str, Device]:
    """Public key → device of several baselines, the highest rev last."""
    rows = [row for body in sorted(baselines, key=lambda one: int(one["rev"])) for row in body["devices"]]
    return {one.spki: one for one in map(_device, rows) if one}


def _device(row: Mapping[str, Any]) -> Device | None:
    one = _named(row)
    return one if len(one.spki) == 64 and one.function in FUNCTIONS else None


def _named(row: Mapping[str, Any]) -> Device:
    seat = f"{row['room']}-{row['seat']}" if row.get("room") and row.get("seat") else ""
    said = {name: str(row.get(name, "")) for name in ("serial", "function", "tls_spki", "ip", "mac")}
    return Device(said["serial"], said["function"], said["tls_spki"].lower(), said["ip"], said["mac"], seat)


def device_of(edge: Edge, headers: Mapping[bytes, bytes]) -> Device | None:
    """The device of a request, all of it matching; None on plain loopback, or where no baseline is in force yet.

    Raises Mismatch: no verified certificate, a key outside the baseline, another address than the accepted one.
    """
    return device_in(baseline(edge), headers, edge.neighbours.mac_of) if enforced(edge) else None


def device_in(
    accepted: Mapping[str, Device], headers: Mapping[bytes, bytes], mac_of: Callable[[str], str] = lambda _: ""
) -> Device | None:
    """The same against a given baseline; an empty one accepts any machine with a verified certificate (None).

    `mac_of` tells the network card behind an address as this machine sees it, empty if it does not.
    """
    if headers.get(VERIFIED) != b"SUCCESS" or not headers.get(CERTIFICATE):
        raise Mismatch("certificate", "这台机器没有出示本考点签发的有效证书。", "请用验收登记过的机器；证书损坏的，由系统管理员重装证书。")
    spki = _spki(headers[CERTIFICATE])
    if not accepted:
        return None
    address = headers.get(ADDRESS, b"").decode("ascii", "replace")
    return matched(accepted, spki, address, mac_of(address))


def matched(accepted: Mapping[str, Device], spki: str, address: str, mac: str) -> Device:
    """The accepted machine of this key, if address and card are its own; a card that is not seen (empty) is not judged."""
    found = accepted.get(spki)
    if found is None:
        raise Mismatch("key", "这台机器不在本场的设备清单里。", "换机须有市考试机构批准的变更单；请先使用清单里的备用机。", spki[:16])
    if found.ip and address != found.ip:
        raise Mismatch("address", f"这台机器（{found.id}）的地址与设备清单不符。", "请恢复它登记的地址；确需更改的，先办变更单。", found.id)
    if found.mac and mac and mac != found.mac.upper():
        text = f"这台机器（{found.id}）的网卡 {mac} 与设备清单不符。"
        raise Mismatch("mac", text, "请核对是不是另一台机器；换网卡也要先办变更单。", found.id)
    return found


def _spki(header: bytes) -> str:
    """Hex SHA-256 of the public key in a URL-escaped PEM certificate."""
    known = _known.get(header)
    if known is None:
        try:
            certificate = x509.load_pem_x509_certificate(unquote_to_bytes(header))
        except ValueError:
            raise Mismatch("certificate", "这台机器的证书读不出来。", "请由系统管理员重装证书。") from None
        known = spki_of(certificate)
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[header] = known
    return known


def spki_of(certificate: x509.Certificate) -> str:
    """How the baseline names the key of a certificate."""
    der = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def refuse_place(device: Device, path: str) -> None:
    """Machines at seats reach the exam and nothing of the staff's; staff machines the reverse."""
    exam = path.startswith(("/api/", "/exam"))
    shared = path.startswith("/static/") or path == "/healthz"
    if shared or (exam and device.function in AT_SEATS) or (not exam and device.function in AT_DESKS):
        return
    if device.function == "drill":
        return
    if exam:
        raise Mismatch("place", f"{device.id} 登记为考务机，不能用来考试。", "请考生到清单里的考试机上作答。", device.id)
    raise Mismatch("place", f"{device.id} 登记为考试机，不能打开考务页面。", "请用登记为考务机的机器。", device.id)


def refuse_seat(device: Device | None, label: str) -> None:
    """A machine serves the seat at which it was accepted; candidates move, machines do not."""
    if device is None or device.function == "drill" or device.seat == label:
        return
    text = f"这台机器（{device.id}）登记在 {device.seat or '无机位'}，不是 {label}。"
    raise Mismatch("seat", text, f"请到 {label} 的机器上作答，或请监考员办理换机。", device.id)


def refuse_marking(edge: Edge, device: Device | None) -> None:
    """Practical marks are entered on the site's own enrolled tablets, never on a private phone or another machine."""
    if not enforced(edge) or (device is not None and device.function == "tablet"):
        return
    if device is None:
        raise Mismatch("baseline", "本场的座次包里没有设备清单，不能评分。", "请向中心领取带设备清单的座次包。")
    text = f"{device.id} 没有登记为考评平板，不能评分。"
    raise Mismatch("place", text, "请用设备清单里登记的考评平板；平板都不能用的，请市考试机构批准变更单后更换。", device.id)


def note(edge: Edge, mismatch: Mismatch, address: str) -> None:
    """An incident in the sitting that runs (or waits), once a device, kind and address; the words travel sealed."""
    mark = (mismatch.kind, mismatch.device, address)
    if mark in edge.noted or len(edge.noted) >= MOST_NOTED:
        return
    states = ("running", "opened", "imported")
    sitting = min(
        (one for one in edge.sittings.values() if one.state in states), key=lambda one: states.index(one.state), default=None
    )
    if sitting is None:
        return
    edge.noted.add(mark)
    words = f"{mismatch.text}（来自 {address or '未知地址'}）"
    edge._later(edge.note_irregularity(sitting, "device.baseline_mismatch", words, by="edge"))


# ---- Safe Exam Browser: a signal of configuration, never the authentication
CONFIG_KEY, EXAM_KEY = b"x-safeexambrowser-configkeyhash", b"x-safeexambrowser-requesthash"


def browser_signal(edge: Edge, headers: Mapping[bytes, bytes], path: str) -> str:
    """"" if no keys are set or the browser showed a right one; else what was missing: `config_key` or `exam_key`.

    The header is hex SHA-256(absolute address without fragment ‖ key in hex). Newer builds send none to a request of a page;
    then the page hands on what SEB's script interface told it, computed over the page's own address (which stands in Referer,
    with the seat in its query). Both are taken: it is a signal, and somebody with the key can make it.
    """
    host = headers.get(b"host", b"").decode("ascii", "replace")
    home = f"https://{host}"
    places = {home + path, f"{home}/exam/"}
    if (referer := headers.get(b"referer", b"").decode("ascii", "replace").partition("#")[0]).startswith(f"{home}/exam/"):
        places.add(referer)
    for kind, header, keys in (
        ("config_key", CONFIG_KEY, edge.settings.seb_config_keys), ("exam_key", EXAM_KEY, edge.settings.seb_exam_keys),
    ):  # fmt: skip
        if not keys:
            continue
        shown = headers.get(header, b"").decode("ascii", "replace").lower()
        if shown not in {hashlib.sha256(f"{where}{key.lower()}".encode()).hexdigest() for key in keys for where in places}:
            return kind
    return ""
