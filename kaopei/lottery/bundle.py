"""The stand-alone verifier as one file that anybody can read through and run with a bare Python."""

import ast
from importlib import resources

# In this order each module needs only those before it.
MODULES = ("reading", "earlier", "market", "round", "record", "compare")
_HEAD = '''#!/usr/bin/env python3
"""抽签独立复核程序：用另一套代码把抽签重做一遍，指出第一处不同。

用法：python3 verify_draw.py 抽签输入文件夹 抽签结果文件夹 [抽签编号] [--previous 上一次结果文件夹]
一致退出码 0；不一致 1，并指出在哪里；输入本身有问题 2。只用 Python 3.12 以上的标准库，不联网，不写文件。
"""
'''
_TAIL = '''

def folder(path: str) -> dict[str, bytes]:
    """The files of a folder by name."""
    return {each.name: each.read_bytes() for each in Path(path).iterdir() if each.is_file()}


def main(argv: list[str]) -> int:
    """Two folders in, one line out."""
    earlier = []
    if "--previous" in argv:
        place = argv.index("--previous")
        earlier, argv = argv[place + 1 : place + 2] or [""], argv[:place] + argv[place + 2 :]
    if len(argv) not in (2, 3) or not all(Path(folder).is_dir() for folder in argv[:2] + [each or "?" for each in earlier]):
        print("用法：verify_draw.py 抽签输入文件夹 抽签结果文件夹 [抽签编号] [--previous 上一次结果文件夹]", file=sys.stderr)
        return 2
    try:
        before = folder(earlier[0]) if earlier else None
        problems = verify(*map(folder, argv[:2]), argv[2] if len(argv) > 2 else None, before)
    except (Unreadable, OSError) as problem:
        print(problem, file=sys.stderr)
        return 2
    for problem in problems:
        print(f"不一致：{problem}")
    if not problems:
        print("一致：独立重做的结果与公布的逐字节相同")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
'''


def one_file() -> str:
    """The text of the verifier: its modules one after another, without the imports between them."""
    folder = resources.files("kaopei.lottery.verify")
    texts = [folder.joinpath(f"{module}.py").read_text("utf-8") for module in MODULES]
    imports = sorted({line for text in texts for line in _imports(text)} | {"import sys", "from pathlib import Path"})
    return "\n".join([_HEAD, *imports, *map(_body, texts)]) + _TAIL


def _imports(text: str) -> list[str]:
    return [ast.unparse(node) for node in ast.parse(text).body if _is_import(node) and not _is_inner(node)]


def _body(text: str) -> str:
    """A module without its imports; its docstring becomes a comment."""
    lines: list[str] = text.split("\n")
    nodes = ast.parse(text).body
    for node in nodes:
        if _is_import(node):
            first, last = node.lineno - 1, node.end_lineno or node.lineno
            lines[first:last] = [""] * (last - first)
    lines[0] = "\n\n# ── " + lines[0].strip('"')
    return "\n".join(lines).rstrip()


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _is_inner(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.level > 0
