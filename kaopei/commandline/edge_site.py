"""`./run edge devices|nginx|kiosk|standby|promote|drill|bundle`: what gets a site ready, and its second server."""

import getpass
import os
import time
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kaopei.commandline.words import Parser


class BadSite(ValueError):
    """The arguments do not fit."""

    exit_status = 2


def add(words: Any) -> dict[str, Callable[[Namespace], int]]:
    """The sub-commands, and what each does."""
    _devices_options(words)
    _nginx_options(words.add_parser("nginx", zh="生成 nginx 配置（TLS 1.3，只认登记的机器）", en="write the nginx configuration"))
    _kiosk_options(words.add_parser("kiosk", zh="生成考试机的浏览器锁定文件", en="write the kiosk files of terminals"))
    second = words.add_parser("standby", zh="启动备用服务器，直到接替主机或停止", en="serve as the standby")
    _config(second)
    _promote_options(words.add_parser("promote", zh="两人确认主机断电，由本机接替", en="take over from the primary, by two persons"))
    go_on = words.add_parser("go-on", zh="台账损坏时，由两人续写，已启封的场次继续", en="let an open sitting go on in a successor log")
    _config(go_on)
    go_on.arg("--first", required=True, metavar="NAME", zh="第一人（负责人或副负责人）", en="first person (head or deputy)")
    go_on.arg("--second", required=True, metavar="NAME", zh="第二人", en="second person")
    _drill_options(words.add_parser("drill", zh="考前一天的压力演练，给出报告", en="load test of the day before, with a report"))
    _bundle_options(words.add_parser("bundle", zh="做成一个可离线安装的文件", en="make one file that installs without a network"))
    return {
        "devices": _devices, "nginx": _nginx, "kiosk": _kiosk, "standby": _standby, "promote": _promote, "go-on": _go_on, "drill": _drill,
        "bundle": _bundle,
    }  # fmt: skip


def _config(parser: Parser) -> None:
    parser.arg("--config", required=True, type=Path, metavar="FILE", zh="配置文件 config.toml", en="config.toml")


# ---- devices
def _devices_options(words: Any) -> None:
    devices = words.add_parser("devices", zh="考点证书机构：建立、签发、吊销", en="the site's certificates: found, issue, revoke")
    devices.arg("what", choices=["ca", "issue", "revoke"], zh="建立 ca、签发 issue、吊销 revoke", en="ca, issue or revoke")
    devices.arg("folder", type=Path, metavar="DIR", zh="证书机构的文件夹（验收后封存带走）", en="the authority's folder, kept away")
    devices.arg("--site", default="", metavar="CODE", zh="ca：考试点代码", en="ca: code of the site")
    devices.arg("--domain", default="", metavar="NAME", zh="ca：考试服务器的主机名", en="ca: host name of the exam server")
    devices.arg("--network", default="", metavar="NET", zh="ca：考试网网段，如 10.44.1.0/24", en="ca: subnet of the exam network")
    devices.arg("--serial", default="", metavar="NAME", zh="设备编号", en="serial of the machine")
    devices.arg("--function", default="terminal", zh="用途：terminal spare console tablet server drill", en="what the machine is for")
    devices.arg("--ip", default="", metavar="ADDRESS", zh="登记的地址", en="its address")
    devices.arg("--mac", default="", metavar="ADDRESS", zh="网卡地址", en="its MAC address")
    devices.arg("--room", default="", zh="考场", en="room")
    devices.arg("--seat", default="", zh="座号", en="seat")
    devices.arg("--csr", default=None, type=Path, metavar="FILE", zh="机器自带的证书申请（私钥在 TPM 中）", en="the machine's own request")


def _devices(chosen: Namespace) -> int:
    from kaopei.edge.preparing import authority

    now, words = datetime.now(UTC), _words("KAOPEI_CA_PASSPHRASE", "证书机构口令：")
    if chosen.what == "ca":
        if not (chosen.site and chosen.domain and chosen.network):
            raise BadSite("建立证书机构要给出 --site、--domain、--network。")
        authority.found(chosen.folder, site=chosen.site, domain=chosen.domain, network=chosen.network, passphrase=words, now=now)
        print(f"已在 {chosen.folder} 建立考点 {chosen.site} 的证书机构。签发完毕后，文件夹封存带离考点；考点只留 ca.crt 和 ca.crl。")
        return 0
    ca = authority.Authority(chosen.folder, words)
    if chosen.what == "revoke":
        ca.revoke(chosen.serial, now)
        print(f"已吊销 {chosen.serial}。请把 {chosen.folder / 'ca.crl'} 拷到考试服务器，重新加载 nginx，并更新设备清单。")
        return 0
    csr = chosen.csr.read_bytes() if chosen.csr else None
    row = ca.issue(serial=chosen.serial, function=chosen.function, ip=chosen.ip, mac=chosen.mac, room=chosen.room, seat=chosen.seat, now=now, csr=csr)
    files = "、".join(sorted(path.name for path in chosen.folder.glob(f"{row.serial}.*")))
    print(f"已签发 {row.serial}（{row.function}，{row.ip}，到 {row.not_after}）：{files}。设备清单：{chosen.folder / 'devices.json'}")
    return 0


def _words(variable: str, prompt: str) -> bytes:
    """From the environment (rehearsals), else typed and not shown."""
    return os.environ[variable].encode() if variable in os.environ else getpass.getpass(prompt).encode()


# ---- nginx and kiosk
def _nginx_options(parser: Parser) -> None:
    _config(parser)
    parser.arg("--out", required=True, type=Path, metavar="FILE", zh="写入此文件", en="write to this file")
    parser.arg("--name", action="append", default=[], metavar="HOST", zh="主机名，可写多次", en="host name; may be repeated")
    parser.arg("--listen", action="append", default=[], metavar="ADDRESS", zh="监听地址，默认 443，可写多次", en="where to listen; default 443")
    parser.arg("--crl", default=None, type=Path, metavar="FILE", zh="吊销清单 ca.crl", en="revocation list")
    parser.arg("--folder", default=Path("/var/lib/kaopei-nginx"), type=Path, metavar="DIR", zh="nginx 的日志和临时文件", en="logs of nginx")
    parser.arg("--rate", default=0, type=int, metavar="N", zh="每台机器每秒请求数上限（演练时放宽）", en="requests a second and machine")
    parser.arg("--user", default="", metavar="NAME", zh="nginx 工作进程的用户，须在考试服务器的组里", en="user of nginx's workers")


def _nginx(chosen: Namespace) -> int:
    from kaopei.edge import settings
    from kaopei.edge.preparing import nginx

    its = settings.read(chosen.config)
    place = nginx.Place(
        tuple(chosen.listen or ["443"]), tuple(chosen.name or ["_"]), chosen.folder.resolve(), chosen.crl.resolve() if chosen.crl else None,
        chosen.user, chosen.rate or nginx.DEVICE_RATE,
    )  # fmt: skip
    text = nginx.configuration(its, place)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(text, "utf-8")
    print(f"已写好 {chosen.out}。检查：nginx -t -c {chosen.out.resolve()}；启动：nginx -c {chosen.out.resolve()}")
    if nginx.missing():
        print(nginx.missing())
    return 0


def _kiosk_options(parser: Parser) -> None:
    parser.arg("--url", required=True, metavar="URL", zh="考试地址，如 https://edge.440601.example/exam/", en="address of the exam")
    parser.arg("--address", action="append", required=True, metavar="IP", zh="考试服务器的地址；备机的也写一次", en="address of each server")
    parser.arg("--authority", required=True, type=Path, metavar="FILE", zh="考点证书机构的证书 ca.crt", en="certificate of the site's authority")
    parser.arg("--out", required=True, type=Path, metavar="DIR", zh="写入此文件夹", en="write into this folder")


def _kiosk(chosen: Namespace) -> int:
    from kaopei.edge.preparing import kiosk

    made = kiosk.write(kiosk.Kiosk(chosen.url, tuple(chosen.address), chosen.authority.read_text("utf-8")), chosen.out)
    print(f"已写好 {len(made)} 个文件，在 {chosen.out}；先看 {chosen.out / '说明.txt'}。")
    return 0


# ---- the second server
def _standby(chosen: Namespace) -> int:
    from kaopei.edge import app, epoch, settings

    its = settings.read(chosen.config)
    now = epoch.standing(its)
    if now.role != "standby":
        words = "已经接替为主机" if now.epoch > 1 else "在 config.toml 里不是备机（function）"
        raise BadSite(f"{chosen.config}：这台服务器{words}，请用 edge serve 启动。")
    return app.serve(its)


def _promote_options(parser: Parser) -> None:
    _config(parser)
    parser.arg("--first", required=True, metavar="NAME", zh="第一人（负责人或副负责人）", en="first person (head or deputy)")
    parser.arg("--second", required=True, metavar="NAME", zh="第二人", en="second person")
    parser.arg("--power-off", action="store_true", zh="两人已看到主机断电", en="both saw that the primary's power is off")


def _promote(chosen: Namespace) -> int:
    import asyncio

    from kaopei.edge import settings
    from kaopei.edge.preparing import client

    its = settings.read(chosen.config)
    pins = [_words(f"KAOPEI_PIN_{at}", f"{name} 的 PIN：").decode() for at, name in ((1, chosen.first), (2, chosen.second))]
    form = {"first": chosen.first, "first_pin": pins[0], "second": chosen.second, "second_pin": pins[1], "off": "1" if chosen.power_off else ""}

    async def ask() -> client.Answer:
        line = client.Client(f"http://{its.host or 'edge'}:{its.port}", unix=str(its.socket or ""))
        try:
            return await line.call("POST", "/standby/promote", form=form)
        finally:
            await line.close()

    answer = asyncio.run(ask())
    if answer.status != 200:
        import re

        words = " ".join(re.sub(r"<[^>]+>", " ", answer.text.partition('role="alert"')[2].partition("</div>")[0].lstrip(">")).split())
        raise BadSite(words or f"没有接替成功（{answer.status}）：请看备机的 /standby 页。")
    print("已接替主机，考试服务器正在启动。原来的主机不要再通电。")
    return 0


def _go_on(chosen: Namespace) -> int:
    from kaopei.edge import keystore, settings, standby, succession
    from kaopei.edge.clock import Clock
    from kaopei.edge.console import Problem

    its = settings.read(chosen.config)
    trust = settings.load_trust(its)
    keys = keystore.load(its, trust.suite)
    pins = [_words(f"KAOPEI_PIN_{at}", f"{name} 的 PIN：").decode() for at, name in ((1, chosen.first), (2, chosen.second))]
    rows = [(body["sitting_id"], row) for body in standby.seatings(its, trust, keys) for row in body["staff"]]
    try:
        first, second = standby.two_persons(rows, chosen.first, pins[0], chosen.second, pins[1])
    except Problem as problem:
        raise BadSite(f"{problem}{problem.todo}") from None
    found = succession.go_on(its, keys, Clock(its.clock if trust.rehearsal else None), first.mark, second.mark)
    print(f"已续写台账：{found.reason}；第 {found.sound} 至 {found.size - 1} 条不再作证明，原库保留。请启动考试服务器，并立即报告市考试机构。")
    return 0


# ---- drill and bundle
def _drill_options(parser: Parser) -> None:
    parser.arg("--seats", required=True, type=int, metavar="N", zh="考生数", en="number of seats")
    parser.arg("--minutes", type=float, default=3.0, metavar="M", zh="答题几分钟（另加开考、交卷）", en="minutes of answering")
    parser.arg("--folder", type=Path, default=None, metavar="DIR", zh="在此文件夹（要测的那块盘）上演练", en="where to drill: the disk to be tested")
    parser.arg("--out", type=Path, default=None, metavar="FILE", zh="报告写入此文件", en="write the report to this file")
    parser.arg("--serve", default="", metavar="ADDRESS", zh="只做被测的一方，在 地址:端口 或 unix:文件 等候", en="only serve, at this address")
    parser.arg("--url", default="", metavar="URL", zh="只做考生一方，地址由被测的一方给出", en="only ask, at this address")
    parser.arg("--words", default="", metavar="WORDS", zh="--url：被测的一方显示的口令", en="with --url: the words it shows")
    parser.arg("--certificate", type=Path, default=None, metavar="FILE", zh="--url：本机证书 .crt（同名 .key 在旁）", en="with --url: certificate")
    parser.arg("--authority", type=Path, default=None, metavar="FILE", zh="--url：ca.crt", en="with --url: ca.crt")


def _drill(chosen: Namespace) -> int:
    from kaopei.edge.preparing import drill

    return drill.run(
        chosen.seats, chosen.minutes, now=round(time.time()), folder=chosen.folder, out=chosen.out,
        serve=chosen.serve, url=chosen.url, words=chosen.words, certificate=chosen.certificate, authority=chosen.authority,
    )  # fmt: skip


def _bundle_options(parser: Parser) -> None:
    parser.arg("--out", default=Path("kaopei-edge.pyz"), type=Path, metavar="FILE", zh="写入此文件", en="write to this file")
    parser.arg("--wheels", default=None, type=Path, metavar="DIR", zh="已有的依赖包文件夹；不给则按清单下载", en="wheels at hand; else downloaded")
    parser.arg("--machine", action="append", default=[], metavar="TAG", zh="目标平台，如 manylinux_2_28_aarch64；默认本机", en="target platform")
    parser.arg("--python", default="", metavar="X.Y", zh="目标 Python 版本，默认与本机相同", en="target Python; default this one")


def _bundle(chosen: Namespace) -> int:
    from kaopei.edge.preparing import bundle

    print(bundle.make(chosen.out, wheels=chosen.wheels, machines=chosen.machine, python=chosen.python))
    return 0
