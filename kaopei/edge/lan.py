"""The exam LAN as this machine sees it: who stands behind an address. Passive; nothing is sent to anybody.

二（四） N2.4.15 to N2.4.17, 三（二） N3.2.5a/b: a card that is not in the accepted list, or an accepted card under another address,
is an incident within seconds. The kernel's neighbour table names every machine that has spoken with this one lately; a machine
that never did is seen by the site's switch only (局域网观察.csv).
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from kaopei.edge import devices
from kaopei.edge.clock import boottime
from kaopei.edge.devices import Device, Mismatch
from kaopei.edge.server import Edge

WATCH_SECONDS = 5.0


def neighbours(text: str) -> dict[str, str]:
    """Address → card (upper case, colons) of a table as in /proc/net/arp; entries that are not complete say nothing."""
    found = {}
    for line in text.splitlines()[1:]:
        parts = line.split()
        if len(parts) >= 4 and int(parts[2], 16) & 0x2 and parts[3] != "00:00:00:00:00:00":
            found[parts[0]] = parts[3].upper()
    return found


class Neighbours:
    """The table of this machine, read again at most once a second; empty where there is none (Windows, a test)."""

    def __init__(self, path: Path) -> None:
        self._path, self._read, self._known = path, -1.0, dict[str, str]()

    def all(self) -> Mapping[str, str]:
        """Address → card."""
        now = boottime()
        if not 0 <= now - self._read < 1:
            self._read = now
            try:
                self._known = neighbours(self._path.read_text("ascii", "replace"))
            except (OSError, ValueError):
                self._known = {}
        return self._known

    def mac_of(self, address: str) -> str:
        """The card behind an address; empty if it is not known."""
        return self.all().get(address, "")


def strangers(seen: Mapping[str, str], accepted: Iterable[Device], known: Iterable[str] = ()) -> list[tuple[str, Mismatch]]:
    """(address, what is wrong) of everything on the LAN that does not stand in the list so.

    `known` = addresses of this machine's own partners whose cards the list may not name.
    """
    cards: dict[str, list[Device]] = {}
    addresses = {}
    for one in accepted:
        addresses[one.ip] = one
        if one.mac:
            cards.setdefault(one.mac.upper(), []).append(one)
    found = []
    for address, mac in sorted(seen.items()):
        owners = cards.get(mac, [])
        if owners and all(one.ip != address for one in owners):
            text = f"{owners[0].id} 的网卡 {mac} 用了地址 {address}，清单里是 {owners[0].ip}。"
            found.append((address, Mismatch("address", text, "请恢复它登记的地址；确需更改的，先办变更单。", owners[0].id)))
        elif not owners and address in addresses and addresses[address].mac:
            text = f"地址 {address} 登记给 {addresses[address].id}，现在由网卡 {mac} 使用。"
            found.append((address, Mismatch("mac", text, "请查明是哪台机器；更换须有变更单。", addresses[address].id)))
        elif not owners and address not in addresses and address not in known:
            text = f"考试网里有清单以外的设备：网卡 {mac}。"
            found.append((address, Mismatch("stranger", text, "请立即找到并断开它，报告考点负责人。", mac)))
    return found


def watch(edge: Edge) -> None:
    """Once in five seconds: each strange machine is an incident of the sitting that runs, once."""
    now = boottime()
    if now - edge.lan_seen < WATCH_SECONDS or not devices.enforced(edge):
        return
    edge.lan_seen = now
    accepted = list(devices.everything(edge))
    if not accepted:
        return
    partners = [one[0] for one in (edge.settings.standby, edge.settings.link) if one]
    for address, mismatch in strangers(edge.neighbours.all(), accepted, partners):
        devices.note(edge, mismatch, address)
