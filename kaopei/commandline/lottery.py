"""./run lottery …: reads and writes the folders that the pure room cannot see."""

import gc
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kaopei.commandline.words import Parser
from kaopei.lottery import bundle, pool, verify
from kaopei.lottery.chance import chance
from kaopei.lottery.draw import draw

RESULT = ("allocation.csv", "rows.jsonl", "transcript.json")


class BadFolder(ValueError):
    """A folder cannot be read or written."""

    exit_status = 2


def main(argv: list[str]) -> int:
    """draw, verify, chance, bundle."""
    parser = Parser("lottery", zh="交叉考试抽签：抽签、独立复核、公布概率", en="the cross-exam draw")
    words = parser.words()
    make = words.add_parser("draw", zh="按公布的种子抽签", en="draw an instance with the published seed")
    make.arg("folder", type=Path, metavar="DIR", zh="抽签输入文件夹（xalloc/1）", en="instance folder (xalloc/1)")
    make.arg("--seed", required=True, metavar="HEX", zh="种子：64 个小写十六进制字符", en="seed: 64 lower-case hex")
    make.arg("--out", required=True, type=Path, metavar="OUT", zh="结果写入此文件夹", en="folder for the result")
    make.arg("--previous", type=Path, metavar="OUT0", zh="增量抽签：上一次的结果", en="an earlier result, for late changes")
    check = words.add_parser("verify", zh="用另一套代码重做并逐字节比较", en="re-run with separate code and compare")
    check.arg("folder", type=Path, metavar="DIR", zh="抽签输入文件夹", en="instance folder")
    check.arg("result", type=Path, metavar="OUT", zh="抽签结果文件夹", en="result folder")
    check.arg("--draw-id", metavar="ID", zh="公布的抽签编号（不给则取自 transcript.json）", en="announced name of the draw")
    check.arg("--previous", type=Path, metavar="OUT0", zh="增量抽签：上一次的结果", en="the result before")
    odds = words.add_parser("chance", zh="种子产生前，一名考生各考试点的概率", en="one candidate's chances before the seed")
    odds.arg("folder", type=Path, metavar="DIR", zh="抽签输入文件夹", en="instance folder")
    odds.arg("--cand", required=True, metavar="ID", zh="考生编号", en="candidate's id")
    whole = words.add_parser("bundle", zh="把独立复核程序写成一个文件", en="write the stand-alone verifier as one file")
    whole.arg("--out", type=Path, metavar="FILE", zh="写入此文件，默认显示在屏幕上", en="write here, else to the screen")
    chosen = parser.parse_args(argv)
    if chosen.action == "draw":
        with _no_collector():
            return draw_folder(chosen.folder, chosen.seed, chosen.out, chosen.previous)
    if chosen.action == "verify":
        with _no_collector():
            return verify_folder(chosen.folder, chosen.result, chosen.draw_id, chosen.previous)
    if chosen.action == "chance":
        print(json.dumps(chance(pool.parse(read(chosen.folder, pool.FILES)), chosen.cand), ensure_ascii=False))
        return 0
    return write_bundle(chosen.out)


def draw_folder(folder: Path, seed: str, out: Path, previous: Path | None = None) -> int:
    """Draw, then put the files of the result into `out` at once."""
    if out.exists() and not out.is_dir():
        raise BadFolder(f"{out} 已存在且不是文件夹：请另选 --out。")
    if previous is not None and out.absolute() == previous.absolute():
        raise BadFolder(f"{out} 是上一次的结果，须原样保留：请另选 --out。")
    earlier = None if previous is None else read(previous, RESULT)
    outcome = draw(pool.parse(read(folder, pool.READ), earlier), seed, progress=_progress())
    try:
        publish(out, outcome.pieces())
    except OSError as problem:
        raise BadFolder(f"{out} 无法写入（{problem.strerror}）：请检查权限和磁盘空间。") from None
    counts, name = outcome.transcript["counts"], outcome.transcript["draw_id"]
    told = f"，其中变动 {len(outcome.moves)} 人次（moves.csv）" if previous is not None else ""
    print(f"抽签完成（{name}）：{counts['rows']} 人次，安排 {counts['seated']} 个座位{told}，结果在 {out}")
    return 0


def verify_folder(folder: Path, result: Path, draw_id: str | None = None, previous: Path | None = None) -> int:
    """One line if all is equal, else the first difference of each file."""
    outputs = read(result, (*RESULT, "moves.csv"))
    earlier = None if previous is None else read(previous, RESULT)
    if not outputs:
        raise BadFolder(f"{result} 里没有抽签结果：应有 {'、'.join(RESULT)}。")
    problems = verify.verify(read(folder, pool.READ), outputs, draw_id, earlier)
    for problem in problems:
        print(f"不一致：{problem}")
    if not problems:
        print("一致：独立重做的结果与公布的逐字节相同")
    return 1 if problems else 0


def write_bundle(out: Path | None) -> int:
    """The verifier as one file, or on the screen."""
    text = bundle.one_file()
    if out is None:
        print(text, end="")
        return 0
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _write(out.with_name(f".{out.name}.new"), [text.encode()]).replace(out)
    except OSError as problem:
        raise BadFolder(f"{out} 无法写入（{problem.strerror}）：请另选 --out。") from None
    return 0


def read(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    """Those of the named files that the folder has."""
    if not folder.is_dir():
        raise BadFolder(f"{folder} 不是文件夹：请核对路径。")
    try:
        return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}
    except OSError as problem:
        raise BadFolder(f"{problem.filename} 无法读取（{problem.strerror}）：请检查文件和权限。") from None


def publish(out: Path, files: Mapping[str, Iterable[bytes]]) -> None:
    """Write all files beside `out` first, so that a killed draw leaves nothing half done."""
    out = out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as scratch:
        fresh = Path(scratch, "new")
        fresh.mkdir()
        for name, pieces in files.items():
            _write(fresh / name, pieces)
        if not out.exists():
            fresh.rename(out)
        elif {path.name for path in out.iterdir()} <= files.keys():
            out.rename(Path(scratch, "old"))
            fresh.rename(out)
        else:
            # The folder holds other things too. Without its transcript a result is visibly unfinished.
            (out / "transcript.json").unlink(missing_ok=True)
            for name in sorted(files):
                (fresh / name).replace(out / name)


def _write(path: Path, pieces: Iterable[bytes]) -> Path:
    with path.open("wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())
    return path


@contextmanager
def _no_collector() -> Iterator[None]:
    """A draw keeps millions of objects and makes no cycles: looking for some costs a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _progress() -> "None | Tell":
    return Tell() if sys.stderr.isatty() else None


class Tell:
    """Progress on a terminal, one line that is written over."""

    def __call__(self, label: str, done: int, total: int) -> None:
        width = shutil.get_terminal_size().columns - 1
        print(f"\r{label} {done}/{total}"[:width], end="" if done < total else "\n", file=sys.stderr, flush=True)
