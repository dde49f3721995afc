"""A city's month: which workbooks there are, what each must have, and the pack as one thing with one digest."""

import hashlib
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from kaopei.center.applications import plan
from kaopei.center.registry import workbook
from kaopei.center.registry.entries import COLUMNS as REGISTER
from kaopei.center.registry.reading import Line, Message
from kaopei.center.registry.unusable import Unusable
from kaopei.center.training.entries import COLUMNS as SYLLABUS

__all__ = ["APPLICATIONS", "COLUMNS", "Delivery", "Pack", "Unusable", "collect", "open_delivery"]

APPLICATIONS = "学员报名"
COLUMNS: dict[str, tuple[str, ...]] = {
    "培训机构": REGISTER["培训机构"],
    "考试点": REGISTER["考试点"],
    "考试计划": plan.COLUMNS,
    "大纲学时": SYLLABUS,
    APPLICATIONS: (
        "序号", "姓名", "性别", "身份证号码", "手机号", "学历", "户籍地", "从业地", "常住地", "居住区县", "培训机构信用代码",
        "操作项目", "申请类型", "已完成学时", "培训结束日期", "在校学生", "学校",
    ),
    "考试计划_实操": plan.COLUMNS,
    "机构关联": REGISTER["机构关联"],
    "考务人员": REGISTER["考务人员"],
}  # fmt: skip
REQUIRED = ("培训机构", "考试点", "考试计划", "大纲学时", APPLICATIONS)
KINDS = (".xlsx", ".xlsm", ".xls", ".ods", ".csv")
MOST_BYTES = 64 * 1024 * 1024
NO_TIES = "没有《机构关联》：控股、同一法定代表人等关联无从排除，交叉考试只能避开本机构自己的考试点。请尽快补交"

# File name → bytes, as they were found or uploaded.
Delivery = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Pack:
    """The tables of a delivery by workbook name; `contents` are the files they came from."""

    tables: Mapping[str, workbook.Table]
    contents: Mapping[str, tuple[str, bytes]]
    messages: tuple[Message, ...] = ()
    _digests: dict[str, str] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether the workbook was delivered."""
        return name in self.tables

    def lines(self, name: str) -> tuple[Line, ...]:
        """Its rows."""
        return self.tables[name].lines

    def filename(self, name: str) -> str:
        """As delivered."""
        return self.contents[name][0]

    def titles(self) -> list[str]:
        """The words above the headers."""
        return [table.title for table in self.tables.values()]

    def digests(self) -> dict[str, str]:
        """SHA-256 of each workbook's canonical rows: known columns in their order, cells as text."""
        if not self._digests:
            self._digests.update({name: _digest(name, table) for name, table in self.tables.items()})
        return self._digests

    @property
    def digest(self) -> str:
        """One digest of all workbooks."""
        lines = "".join(f"{name}\t{digest}\n" for name, digest in sorted(self.digests().items()))
        return hashlib.sha256(lines.encode()).hexdigest()


def _digest(name: str, table: workbook.Table) -> str:
    whole = hashlib.sha256()
    for line in table.lines:
        texts = [line.text(column) for column in COLUMNS[name]]
        # A number stored as a number is another fact than the same digits as text.
        texts += [column for column in workbook.IDENTITY_NUMBERS if line.cell(column).kind == "number"]
        whole.update(json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    return whole.hexdigest()


def collect(path: Path) -> dict[str, bytes]:
    """The files of a folder (or of a ZIP) that may be workbooks of a pack."""
    if path.is_file():
        return {path.name: path.read_bytes()}
    if not path.is_dir():
        raise Unusable(f"没有文件夹 {path}。请核对路径。")
    found = {}
    for file in sorted(path.iterdir()):
        if file.is_file() and file.suffix.lower() in KINDS and _name(file.name):
            if file.stat().st_size > MOST_BYTES:
                raise Unusable(f"{file.name} 超过 {MOST_BYTES >> 20} MB，拒绝读取。")
            found[file.name] = file.read_bytes()
    return found


def open_delivery(delivery: Delivery, kept: Mapping[str, tuple[str, bytes]] | None = None) -> Pack:
    """Read every workbook; those that are missing are taken from `kept` (a correction may bring only one)."""
    contents = {**(kept or {}), **_sorted_out(_unzipped(delivery))}
    lacking = [name for name in REQUIRED if name not in contents]
    if lacking:
        names = "".join(f"《{name}》" for name in lacking)
        raise Unusable(f"缺少文件{names}。请把 {'、'.join(f'{name}.xlsx' for name in lacking)} 放在一起再提交。")
    tables = {
        name: workbook.read(content, filename, COLUMNS[name], may_be_empty=name not in REQUIRED)
        for name, (filename, content) in sorted(contents.items(), key=lambda item: list(COLUMNS).index(item[0]))
    }
    messages = [message for table in tables.values() for message in table.messages]
    if "机构关联" not in tables:
        messages.insert(0, Message("机构关联.xlsx", NO_TIES, clause="N2.3.2", is_loud=True))
    return Pack(tables, contents, tuple(messages))


def _unzipped(delivery: Delivery) -> dict[str, bytes]:
    """Files, with those inside a plain ZIP taken out of it."""
    found: dict[str, bytes] = {}
    for filename, content in delivery.items():
        if content[:2] == b"PK" and filename.lower().endswith(".zip"):
            found.update(_members(filename, content))
        else:
            found[filename] = content
    return found


def _members(filename: str, content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = [part for part in archive.infolist() if not part.is_dir()]
            if sum(part.file_size for part in parts) > 4 * MOST_BYTES:
                raise Unusable(f"{filename} 展开后过大，拒绝读取。")
            return {PurePosixPath(_member_name(part)).name: archive.read(part) for part in parts}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        raise Unusable(f"{filename} 不是完整的压缩包，或设有密码。请重新压缩后再提交。") from None


def _member_name(part: zipfile.ZipInfo) -> str:
    """Chinese Windows writes names in GBK without saying so; the library then takes them for cp437."""
    if part.flag_bits & 0x800:
        return part.filename
    try:
        return part.filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return part.filename


def _sorted_out(files: Delivery) -> dict[str, tuple[str, bytes]]:
    """Workbook name → file name and bytes. The exact name wins over a longer one that ends in it."""
    found: dict[str, tuple[str, bytes]] = {}
    for filename, content in sorted(files.items(), key=lambda item: (not _is_exact(item[0]), item[0])):
        name = _name(filename)
        if not name:
            continue
        if name in found and _is_exact(found[name][0]) == _is_exact(filename):
            raise Unusable(f"《{name}》有两个文件：{found[name][0]} 和 {filename}。请只留一个。")
        found.setdefault(name, (filename, content))
    return found


def _stem(filename: str) -> str:
    stem = unicodedata.normalize("NFC", PurePosixPath(filename.replace("\\", "/")).stem)
    return re.sub(r"(\s*[（(]\d+[)）]|\s*-\s*副本)+$", "", stem).strip()


def _is_exact(filename: str) -> bool:
    return _stem(filename) in COLUMNS


def _name(filename: str) -> str:
    """Which workbook a file is: 学员报名.xlsx, 学员报名(1).xlsx, 佛山市2026年12月学员报名.xlsx; empty if none."""
    base = PurePosixPath(filename.replace("\\", "/")).name
    if base.startswith(("~$", ".")) or not base.lower().endswith(KINDS):
        return ""
    stem = _stem(filename)
    return next((name for name in COLUMNS if stem == name), "") or next((name for name in COLUMNS if stem.endswith(name)), "")
