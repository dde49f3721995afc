"""Which trust list a checking command believes: --trust, else the data directory's, else the one beside the files."""

import os
import stat
from argparse import Namespace
from dataclasses import dataclass, field
from pathlib import Path

import kaopei
from kaopei.commandline.words import Parser
from kaopei.parcel import enrolment, trust
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust

LEVELS = 3  # folders above a file in which its trust list may lie
LARGEST = 600 * 1024 * 1024


def add_options(parser: Parser) -> None:
    """--trust, --root, --data."""
    parser.arg(
        "--trust", type=Path, metavar="FILE", zh="信任名单；默认用数据目录的，再次用文件旁边的", en="trust list; else DATADIR's or beside the files"
    )
    parser.arg("--root", metavar="FINGERPRINT", zh="钉住的根指纹（64 个小写十六进制字符）", en="pinned root fingerprint (64 hex)")
    parser.arg("--data", type=Path, metavar="DATADIR", zh="数据目录，默认 var/", en="data directory, default var/")


def read(path: Path) -> bytes:
    """A file's bytes; whatever goes wrong is a refusal in one line."""
    try:
        found = path.stat()
        # A pipe or a device would keep us waiting for ever.
        if not stat.S_ISREG(found.st_mode):
            raise Rejected("file", f"{str(path)[:80]}：不是普通文件（是文件夹或设备）")
        if found.st_size > LARGEST:
            raise Rejected("file", f"{str(path)[:80]}：文件过大，不是本系统的文件")
        return path.read_bytes()
    except OSError as problem:
        raise Rejected("file", f"{str(path)[:80]}：读不到文件（{problem.strerror}）") from problem


@dataclass
class Sources:
    """Where trust may come from in this call; `of` picks for one file and remembers."""

    given: Path | None
    root: str | None
    data: Path
    data_given: bool
    known: dict[Path | None, Trust | Rejected] = field(default_factory=dict)

    def of(self, path: Path | None) -> Trust:
        """The verified list for this file (None: a text that lies nowhere)."""
        beside = None if path is None else _beside(path)
        if beside not in self.known:
            try:
                self.known[beside] = self._choose(beside)
            except Rejected as refusal:
                self.known[beside] = refusal
        found = self.known[beside]
        if isinstance(found, Rejected):
            raise found
        return found

    def beside(self, path: Path | None, name: str, listed: Trust) -> list[Path]:
        """Files of this name that lie with a trust list of the roots in use: --trust, beside the file, with the data."""
        lists = [self.given, None if path is None else _beside(path), self.data / "trust.json"]
        found = [one.parent / name for one in lists if one is not None and one.is_file() and _root(one) == listed.root]
        return [one for one in dict.fromkeys(file.absolute() for file in found) if one.is_file()]

    def _choose(self, beside: Path | None) -> Trust:
        if self.given is not None:
            return self._load(self.given)
        own = self.data / "trust.json"
        if not own.is_file():
            if beside is None:
                raise Rejected("trust", "找不到信任名单 trust.json；请用 --trust 指定")
            return self._load(beside)
        mine = self._load(own)
        if beside is None or beside.resolve() == own.resolve():
            return mine
        # A list that lies with the files and is broken says that somebody has been at them.
        theirs = self._load(beside)
        # A demo that happens to run on this machine says nothing about the files of another rehearsal.
        demo = mine.rehearsal and not self.data_given
        return theirs if demo and theirs.root != mine.root else mine

    def _load(self, path: Path) -> Trust:
        """Pinned by --root, else by the installation; a rehearsal's list may go unpinned."""
        chain = _chain(path)
        first = trust.claims(chain[0])
        claimed, installed = trust.fingerprint(first), _text(self.data / "root.txt")
        written = _text(path.parent / "root.txt")
        if written is not None and written != claimed:
            raise Rejected("root", f"{path.parent / 'root.txt'} 与信任名单的根不符；请核对")
        pinned = self.root or (installed if not first["rehearsal"] or installed == claimed else None)
        # The machines of another installation (a demo on this computer) are none of this list's.
        own = [self.data / "enrolments"] if installed in (None, claimed) else []
        return _with_servers(trust.load(chain, pinned), path.parent / "enrolments", *own)


def sources(chosen: Namespace) -> Sources:
    """From the arguments of a command that has `add_options`."""
    return Sources(chosen.trust, chosen.root, data_folder(chosen.data), bool(chosen.data or os.environ.get("KAOPEI_DATA")))


def data_folder(given: Path | None) -> Path:
    """--data, else KAOPEI_DATA, else `var/` in the project."""
    return given or Path(os.environ.get("KAOPEI_DATA") or Path(kaopei.__file__).resolve().parent.parent / "var")


def prefix(listed: Trust) -> str:
    """What a rehearsal's answers begin with."""
    return "演练样张 " if listed.rehearsal else ""


def _beside(path: Path) -> Path | None:
    try:
        folders = [path, *path.absolute().parents[:LEVELS]] if path.is_dir() else path.absolute().parents[:LEVELS]
        return next((folder / "trust.json" for folder in folders if (folder / "trust.json").is_file()), None)
    except OSError:
        # What was given is no path at all (too long); reading it will say so.
        return None


def _root(path: Path) -> str:
    """The fingerprint that a list claims; empty if it cannot be read."""
    try:
        return trust.fingerprint(trust.claims(_chain(path)[0]))
    except Rejected:
        return ""


def _chain(path: Path) -> list[bytes]:
    """The list with its earlier versions, if they lie in `trust/` beside it."""
    newest = read(path)
    versions = [file for file in (path.parent / "trust").glob("*.json") if file.stem.isascii() and file.stem.isdigit()]
    if path.name != "trust.json" or not versions:
        return [newest]
    chain = [read(file) for file in sorted(versions, key=lambda file: int(file.stem))]
    if chain[-1] != newest:
        raise Rejected("trust", f"{path} 与 {path.parent / 'trust'} 中最新的一版不同，其中一份被改动；请重新取得整套名单")
    return chain


def _with_servers(listed: Trust, *folders: Path) -> Trust:
    """The list with the keys of exam servers whose countersigned records lie beside it."""
    for folder in dict.fromkeys(folder.absolute() for folder in folders):
        for file in sorted(folder.glob("*.json")):
            try:
                listed = enrolment.trusting(listed, enrolment.read(read(file), listed))
            except Rejected as refusal:
                raise Rejected(refusal.code, f"登记书 {file}：{refusal}") from refusal
    return listed


def _text(path: Path) -> str | None:
    return read(path).decode("utf-8", "replace").removesuffix("\n") if path.is_file() else None


def one_line(text: str) -> str:
    """Without what would break a table or a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
