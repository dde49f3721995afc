"""Pages of one PDF as a PDF each, and several PDFs as one: the typesetter subsets its fonts once a sheet, not once a ticket.

Reads the plain form that the typesetter writes (one cross-reference table, no object streams) and keeps the numbers of objects,
so that a page is cut out by copying bytes. Each page keeps its own part of the tags for screen readers.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

HEAD = b"%PDF-1.7\n%\x80\x80\x80\x80\n"
REFERENCE = re.compile(rb"(\d+) 0 R\b")
START = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
TABLE = re.compile(rb"xref\s+0 (\d+)\s+")
LINE = 20  # bytes of a line of the table, as the format has it
STREAM = b">>\nstream\n"
PARENTS = re.compile(rb"/StructParents \d+")


class NotPlain(ValueError):
    """The typesetter's PDF has another form than this module reads: a fault of the installation."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A PDF as its objects by number, what each refers to, and the few that are rewritten for a page."""

    bodies: dict[int, bytes]
    refers: dict[int, frozenset[int]]
    catalog: int
    info: int
    tree: int
    pages: tuple[int, ...]


def read(data: bytes) -> Sheet:
    """The objects of a PDF. NotPlain if it is not what the typesetter writes."""
    tail = START.search(data)
    place = int(tail[1]) if tail else len(data)
    head = TABLE.match(data, place)
    if head is None or b"/Type/ObjStm" in data:
        raise NotPlain("排版程序输出的 PDF 格式有变，不能拆页：请联系系统管理员核对排版程序的版本。")
    size, first = int(head[1]), head.end()
    starts = {number: int(data[first + number * LINE :][:10]) for number in range(1, size)}
    order = sorted(starts, key=starts.__getitem__)
    ends = [starts[number] for number in order[1:]] + [place]
    bodies = {number: data[starts[number] : end].rstrip() + b"\n" for number, end in zip(order, ends, strict=True)}
    refers = {number: frozenset(map(int, REFERENCE.findall(body.partition(STREAM)[0]))) for number, body in bodies.items()}
    trailer = data[first + size * LINE :]
    catalog = _named(trailer, b"Root")
    tree = _named(bodies[catalog], b"Pages")
    pages = tuple(int(kid) for kid in REFERENCE.findall(bodies[tree].partition(b"/Kids")[2]))
    return Sheet(bodies, refers, catalog, _named(trailer, b"Info"), tree, pages)


def split(sheet: Sheet) -> list[bytes]:
    """Each page as a PDF of its own, with the fonts of the sheet and its own tags."""
    return [_alone(sheet, page, place) for place, page in enumerate(sheet.pages)]


def join(sheets: Sequence[Sheet]) -> bytes:
    """All pages of all sheets in one PDF, for the printer: without tags."""
    one, kids, offset = sheets[0], [], 0
    objects: dict[int, bytes] = {}
    for sheet in sheets:
        wanted = _closure(sheet.refers, sheet.pages, stop={sheet.tree})
        for number in wanted:
            objects[number + offset] = _renumbered(sheet.bodies[number], number, offset, sheet.tree, one.tree)
        kids += [page + offset for page in sheet.pages]
        offset += max(sheet.bodies)
    objects[one.tree] = _pages(one.tree, kids)
    objects[one.info] = one.bodies[one.info]
    objects[one.catalog] = b"%d 0 obj\n<</Type/Catalog/Pages %d 0 R/Lang(zh-CN)>>\nendobj\n" % (one.catalog, one.tree)
    return _written(objects, one)


def _alone(sheet: Sheet, page: int, place: int) -> bytes:
    objects = {number: sheet.bodies[number] for number in _closure(sheet.refers, [page], stop={sheet.tree})}
    objects[sheet.tree] = _pages(sheet.tree, [page])
    objects[sheet.info] = sheet.bodies[sheet.info]
    objects[sheet.catalog] = sheet.bodies[sheet.catalog]
    for root in sheet.refers[sheet.catalog] - {sheet.tree}:
        if b"/StructTreeRoot" in sheet.bodies[root]:
            objects |= _tags(sheet, root, place)
        else:
            objects[root] = sheet.bodies[root]
    return _written(objects, sheet)


def _tags(sheet: Sheet, root: int, place: int) -> dict[int, bytes]:
    """Of the tree of tags the branches of one page: the root's list and the document's children are cut to them."""
    body = sheet.bodies[root]
    found = re.search(rb"/Nums\[([^\]]*)\]", body)
    listed = dict(re.findall(rb"(\d+) (\d+) 0 R", found[1])) if found else {}
    document, branch = _named(body, b"K"), listed.get(b"%d" % place)
    if branch is None:
        raise NotPlain("排版程序输出的 PDF 标签格式有变，不能拆页：请联系系统管理员核对排版程序的版本。")
    own = _closure(sheet.refers, [int(branch)], stop={document, root, *sheet.pages})
    kept = b" ".join(b"%d 0 R" % child for child in map(int, REFERENCE.findall(_kids(sheet.bodies[document]))) if child in own)
    objects = {number: sheet.bodies[number] for number in own}
    objects[document] = re.sub(rb"/K\[[^\]]*\]", b"/K[" + kept + b"]", sheet.bodies[document])
    objects[root] = re.sub(rb"/Nums\[[^\]]*\]", b"/Nums[%d %b 0 R]" % (place, branch), body)
    return objects


def _kids(body: bytes) -> bytes:
    found = re.search(rb"/K\[([^\]]*)\]", body)
    return found[1] if found else b""


def _closure(refers: Mapping[int, frozenset[int]], start: Iterable[int], *, stop: set[int]) -> set[int]:
    """Everything that is referred to, not going through `stop`."""
    found: set[int] = set()
    waiting = list(start)
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += refers[number] - found - stop
    return found


def _renumbered(body: bytes, number: int, offset: int, tree: int, one_tree: int) -> bytes:
    """An object under its number in the joined file, a child of the one tree of pages."""
    head, stream, rest = body.partition(STREAM)
    head = re.sub(rb"^\d+ 0 obj", b"%d 0 obj" % (number + offset), PARENTS.sub(b"", head))

    def moved(found: re.Match[bytes]) -> bytes:
        old = int(found[1])
        return b"%d 0 R" % (one_tree if old == tree else old + offset)

    return REFERENCE.sub(moved, head) + stream + rest


def _pages(tree: int, kids: Sequence[int]) -> bytes:
    return b"%d 0 obj\n<</Type/Pages/Count %d/Kids[%b]>>\nendobj\n" % (tree, len(kids), b" ".join(b"%d 0 R" % kid for kid in kids))


def _named(body: bytes, name: bytes) -> int:
    """The object that a dictionary names: /Root 12 0 R, /K[12 0 R]."""
    found = re.search(rb"/%b\[? ?(\d+) 0 R" % name, body)
    if found is None:
        raise NotPlain(f"排版程序输出的 PDF 没有 {name.decode()}：请联系系统管理员核对排版程序的版本。")
    return int(found[1])


def _written(objects: Mapping[int, bytes], sheet: Sheet) -> bytes:
    """Objects under their own numbers; the table has a section for each run of numbers."""
    out, place = [HEAD], len(HEAD)
    runs: list[tuple[int, list[int]]] = []
    for number in sorted(objects):
        if not runs or number != runs[-1][0] + len(runs[-1][1]):
            runs.append((number, []))
        runs[-1][1].append(place)
        out.append(objects[number])
        place += len(objects[number])
    table = [b"xref\n0 1\n0000000000 65535 f\r\n"]
    table += [b"%d %d\n%b" % (first, len(places), b"".join(b"%010d 00000 n\r\n" % one for one in places)) for first, places in runs]
    size = max(objects) + 1
    out += [*table, b"trailer\n<</Size %d/Root %d 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, sheet.catalog, sheet.info, place)]
    return b"".join(out)
