"""二（四） The exam network: a LAN of its own, cut off, with registered exam devices and nothing else."""

from collections.abc import Collection, Mapping

from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, refuse

# Probes that must find nothing.
OUTSIDE = {"gateway": "默认网关", "dns": "域名解析", "internet": "外网连通"}


@rule("N2.4.15", "N2.4.16")
def network_is_isolated(found: Mapping[str, bool]) -> Verdict:
    """二（四） No gateway, no name service, no way out; a probe that did not run proves nothing."""
    missing = [label for probe, label in OUTSIDE.items() if probe not in found]
    if missing:
        return refuse("N2.4.16", f"尚未探测：{'、'.join(missing)}", "not_probed")
    open_ways = [label for probe, label in OUTSIDE.items() if found[probe]]
    if open_ways:
        return refuse("N2.4.16", f"考试网络没有物理隔离：{'、'.join(open_ways)}", "not_isolated")
    return allow()


@rule("N2.4.1", "N2.4.17", "N2.4.19", "N3.2.5a")
def may_be_on_network(mac: str, baseline: Collection[str]) -> Verdict:
    """二（四） Only devices of the accepted baseline are on the exam network, by wire or by air."""
    if mac.lower() in {known.lower() for known in baseline}:
        return allow()
    return refuse("N2.4.19", f"设备 {mac} 不在验收的设备清单内", "stranger_device")


@rule("N2.4.17")
def may_be_terminal(enrolled: bool, kind: str) -> Verdict:
    """二（四） A page of the exam is given to an enrolled exam terminal only."""
    if kind != "terminal":
        return refuse("N2.4.17", "该设备不是考试机", "not_terminal")
    return allow() if enrolled else refuse("N2.4.17", "该考试机没有登记", "not_enrolled")


@rule("N2.4.18")
def no_remote_control(tools: Collection[str]) -> Verdict:
    """二（四） No remote control of a terminal or the server."""
    if tools:
        return refuse("N2.4.18", f"发现远程控制程序：{'、'.join(sorted(tools))}", "remote_control")
    return allow()


@rule("N3.2.5b")
def device_is_as_accepted(
    accepted: Mapping[str, str], seen: Mapping[str, str], approved: Collection[str] = ()
) -> Verdict:
    """三（二） Accepted equipment, its place and its IP stay as accepted, unless a change was approved.

    Both mappings are field → value of one device (`ip`, `mac`, `seat`); `approved` are fields with an approved change.
    """
    changed = sorted(name for name, value in accepted.items() if seen.get(name) != value and name not in approved)
    if changed:
        text = "；".join(f"{name} 由 {accepted[name]} 变为 {seen.get(name, '无')}" for name in changed)
        return refuse("N3.2.5b", f"未经批准的变更：{text}", "changed")
    return allow()
