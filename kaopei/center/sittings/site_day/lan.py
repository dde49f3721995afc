"""二（四）N2.4.15–17、三（二）N3.2.5 The exam LAN: only accepted devices under their accepted addresses, and one gateway."""

from collections.abc import Iterable, Iterator

from kaopei.center.sittings.site_day.facts import Device, Finding, Seen, Settings, SiteDay

CLAIM = "is-at"
SERVES = ("offer", "ack")


def findings(day: SiteDay, settings: Settings) -> Iterator[Finding]:
    """Strangers, changed and doubled addresses, other gateways, address servers."""
    if not day.devices:
        return
    known = {device.mac for device in day.devices}
    pairs = {(device.mac, device.address) for device in day.devices}
    gateways = _gateways(day.devices, settings)
    nets = {_net(device.address) for device in day.devices if device.address}
    claims = [one for one in day.seen if one.kind == "arp" and CLAIM in one.content and one.address]
    yield from _by_mac(day, "stranger_device", "N3.2.5a", (one for one in day.seen if one.mac not in known))
    changed = (
        one
        for one in claims
        if one.mac in known and (one.mac, one.address) not in pairs and one.address not in gateways and _net(one.address) in nets
    )
    yield from _by_mac(day, "ip_changed", "N3.2.5b", changed)
    yield from _doubled(day, claims, pairs, gateways)
    posing = (one for one in claims if (one.address in gateways and (one.mac, one.address) not in pairs) or _net(one.address) not in nets)
    yield from _by_mac(day, "second_gateway", "N2.4.16", posing)
    serving = (one for one in day.seen if one.kind == "dhcp" and any(word in one.content.split() for word in SERVES))
    yield from _by_mac(day, "dhcp_server", "N2.4.15", serving)


def _net(address: str) -> str:
    return address.rpartition(".")[0]


def _gateways(devices: Iterable[Device], settings: Settings) -> set[str]:
    """The address of the core switch; where none is marked, the usual last address of the net."""
    core = {
        device.address
        for device in devices
        if device.kind == "交换机" and device.room == settings.core_room and device.address.endswith(settings.core_tail)
    }
    return core or {_net(device.address) + settings.core_tail for device in devices if device.address}


def _by_mac(day: SiteDay, kind: str, clause: str, rows: Iterable[Seen]) -> Iterator[Finding]:
    """One finding a device, from the first to the last time."""
    times: dict[str, list[int]] = {}
    addresses: dict[str, set[str]] = {}
    for one in rows:
        times.setdefault(one.mac, []).append(one.at)
        addresses.setdefault(one.mac, set()).add(one.address)
    for mac, seen in sorted(times.items()):
        note = "、".join(sorted(address for address in addresses[mac] if address))
        yield Finding(kind, f"{day.site}/{mac}", min(seen), max(seen), clause, note)


def _doubled(day: SiteDay, claims: Iterable[Seen], pairs: set[tuple[str, str]], gateways: set[str]) -> Iterator[Finding]:
    owners: dict[str, dict[str, list[int]]] = {}
    for one in claims:
        if one.address not in gateways:
            owners.setdefault(one.address, {}).setdefault(one.mac, []).append(one.at)
    for address, macs in sorted(owners.items()):
        strange = [at for mac, times in macs.items() if (mac, address) not in pairs for at in times]
        if len(macs) > 1 and strange:
            yield Finding("duplicate_ip", f"{day.site}/{address}", min(strange), max(strange), "N3.2.5b", "、".join(sorted(macs)))
