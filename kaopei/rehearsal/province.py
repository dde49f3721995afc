"""`./run`: a small province in processes of its own, demo log-ins on the screen, demo data loaded through the same doors as by people."""

import fcntl
import json
import os
import pwd
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

from kaopei.rehearsal import cast, demo, founding, month
from kaopei.rehearsal.cast import Cast
from kaopei.rehearsal.person import Stuck
from kaopei.rehearsal.programs import NotReady, Program
from kaopei.rehearsal.site import Site
from kaopei.rehearsal.stage import Stage

DEPLOYMENT = "kaopei-demo"
PORTS = {"center": 0, "portal": 10, "vault": 20, "edge": 30}
TITLES = {"center": "中心", "portal": "门户", "vault": "题库室", "edge": "考试点"}


class CannotStart(ValueError):
    """The province cannot be started here; nothing was started."""

    exit_status = 2


class Told(Exception):
    """Somebody asked us to stop."""


def up(data: Path, port: int, *, empty: bool = False) -> int:
    """Start everything, show addresses and log-ins, load the demo data, run until told to stop."""
    data = data.absolute()
    ports = {name: port + more for name, more in PORTS.items()}
    _usable(data)
    with _alone(data):
        _free(ports)
        signal.signal(signal.SIGTERM, _told)
        signal.signal(signal.SIGINT, _told)
        province = Province(data, ports)
        try:
            province.start()
            province.show()
            if not empty and province.stage is not None and demo.is_demo(data):
                province.load_demo()
            return province.watch()
        except Told:
            print("\n正在停止…", flush=True)
            return 0
        except (Stuck, NotReady) as problem:
            print(f"没有启动：{problem}", file=sys.stderr)
            return 1
        finally:
            # A second Ctrl-C must not leave programs behind.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            province.stop()


class Province:
    """The programs of one installation, and its cast if it is a demo."""

    def __init__(self, data: Path, ports: dict[str, int]) -> None:
        self.data, self.ports = data, ports
        self.programs: dict[str, Program] = {}
        self.stage: Stage | None = None

    def start(self) -> None:
        """Found what is not there, then start: the vault beside the center, the portal when the center has its tables."""
        began, people = time.monotonic(), None
        fresh = not (self.data / "trust.json").exists()
        if fresh:
            print("首次启动：建立演练的信任名单、密钥和人员…", flush=True)
            people = founding.found(self.data, month.look(demo.PACK), deployment=DEPLOYMENT)
            demo.begin(self.data)
        elif (self.data / cast.FILE).exists():
            people = cast.load(self.data)
        self._run("vault", "vault", "serve")
        self._run("center", "center", "serve")
        if people is not None:
            self.stage = demo.stage(self.data, people, self.ports)
            self.stage.programs = self.programs
            self._site(self.stage)
        self._ready("center")
        self._run("portal", "portal", "serve")
        if fresh and people is not None:
            # Center and vault are up: their databases run and have their tables.
            founding.admit(self.data, people, list(people.players.values()))
        for name in ("portal", "vault"):
            self._ready(name)
        print(f"已就绪，用时 {time.monotonic() - began:.0f} 秒。", flush=True)

    def _run(self, name: str, *words: str) -> None:
        log = self.data / "logs" / f"{name}.log"
        self.programs[name] = Program(name, [*words, "--port", str(self.ports[name]), "--data", str(self.data)], log)

    def _ready(self, name: str) -> None:
        self.programs[name].wait_ready(f"http://127.0.0.1:{self.ports[name]}/healthz")

    def _site(self, stage: Stage) -> None:
        """The first exam site's machine; it listens where this start says, whatever an earlier one said."""
        site = Site(stage, demo.site_of(self.data))
        site.install()
        text = site.config.read_text(encoding="utf-8")
        listen = f'listen = "127.0.0.1:{site.port}"'
        site.config.write_text(re.sub(r"(?m)^listen = .*$", listen, text), encoding="utf-8")
        site.serve()

    def show(self) -> None:
        """Addresses, and in a demo who can log in with what."""
        print(f"\n  数据目录　{self.data}")
        for name, title in TITLES.items():
            if name != "edge" or self.stage is not None:
                print(f"  {title}　http://127.0.0.1:{self.ports[name]}/")
        if self.stage is not None:
            print(f"  考试终端　http://127.0.0.1:{self.ports['edge']}/exam/")
            self._show_log_ins(self.stage.cast)
        print("\n  按 Ctrl-C 停止，数据保留。\n", flush=True)

    def _show_log_ins(self, people: Cast) -> None:
        print(f"\n  演练账号（数据均为虚构）：密码 {people.password}　签名口令和考试点 PIN {people.pin}")
        for one in people.players.values():
            where = f"考试点 {one.site}" if one.site else "题库室" if one.vault else "中心"
            user = one.name if one.site else one.username
            print(f"    {user:<16}{one.name}　{where}　{'、'.join(cast.TITLES[role] for role in one.roles)}")

    def load_demo(self) -> None:
        """What is not loaded yet, step by step; a step that fails stops the loading, never the programs."""
        assert self.stage is not None
        demo.Demo(self.stage).load()
        if people := [one for one in self.stage.cast.players.values() if one.site]:
            print(f"  考试点人员用姓名和 PIN 登录 http://127.0.0.1:{self.ports['edge']}/ ：" + "、".join(f"{one.name}" for one in people), flush=True)

    def watch(self) -> int:
        """Until told to stop; a program that ends by itself ends everything."""
        while True:
            for name, program in self.programs.items():
                if (status := program.process.poll()) is not None:
                    print(f"{TITLES.get(name, name)}自行结束（{status}）：{program.last_words()[-300:]}", file=sys.stderr)
                    return 1
            time.sleep(0.5)

    def stop(self) -> None:
        """All at once are told, then each is waited for."""
        for program in self.programs.values():
            program.tell()
        for program in reversed(list(self.programs.values())):
            program.stop()


def _told(_number: int, _frame: FrameType | None) -> None:
    raise Told


def _usable(data: Path) -> None:
    """A data folder that cannot be ours is said in one line before anything starts."""
    place = data
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        if not place.is_dir():
            raise CannotStart(f"{place}：不是文件夹，不能作数据目录。请用 --data 另指一个。")
        owner = place.stat().st_uid
        if not os.access(place, os.W_OK | os.X_OK):
            raise CannotStart(f"{place}：属于用户 {_name(owner)}，当前用户不能写。请用该用户运行，或用 --data 另指一个数据目录。")
        _whole(data)
    except PermissionError:
        raise CannotStart(f"{data}：没有权限进入。请用建立它的用户运行，或用 --data 另指一个数据目录。") from None


def _whole(data: Path) -> None:
    """Files of an installation that belong together are there and can be read."""
    if not data.exists():
        return
    listed, people = data / "trust.json", data / cast.FILE
    for path in (listed, people):
        if path.exists():
            if not os.access(path, os.R_OK):
                raise CannotStart(f"{path}：属于用户 {_name(path.stat().st_uid)}，当前用户不能读。请用该用户运行，或用 --data 另指一个数据目录。")
            try:
                json.loads(path.read_text(encoding="utf-8"))
            except ValueError:
                raise CannotStart(f"{path}：内容损坏，数据目录不能使用。请恢复备份，或用 --data 另指一个新目录。") from None
    if people.exists() and not listed.exists():
        raise CannotStart(f"{data}：有人员名单而没有信任名单 trust.json，数据目录不完整。请恢复备份，或用 --data 另指一个新目录。")
    if not listed.exists() and (data / "pg").exists():
        raise CannotStart(f"{data}：有数据库而没有信任名单 trust.json，数据目录不完整。请恢复备份，或用 --data 另指一个新目录。")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@contextmanager
def _alone(data: Path) -> Iterator[IO[str]]:
    """One `./run` a data folder."""
    data.mkdir(parents=True, exist_ok=True, mode=0o711)
    with (data / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(f"{data}：已经有一个 ./run 在使用这个数据目录。请先停止它，或用 --data 另指一个。") from None
        yield lock


def _free(ports: dict[str, int]) -> None:
    """Every port that will be needed is free now."""
    for name, port in ports.items():
        if not 0 < port < 65536:
            raise CannotStart(f"--port：{TITLES[name]}的端口 {port} 不在 1 至 65535 之间。")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as problem:
                raise CannotStart(f"端口 {port}（{TITLES[name]}）不能使用：{problem.strerror}。请停止占用它的程序，或用 --port 换一个。") from None
