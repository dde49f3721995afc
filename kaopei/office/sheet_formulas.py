"""Whether a column of a workbook holds formulas: the reader of values does not tell, and a computed identity number is no evidence."""

import io
import posixpath
import zipfile
from xml.etree import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
RELATIONS = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)


def first(data: bytes, sheet: str, columns: set[str]) -> str:
    """The place (D17) of the first formula in these columns, or an empty text."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        path = _path(archive, sheet)
        if not path:
            return ""
        with archive.open(path) as stream:
            for _, node in ElementTree.iterparse(stream):
                name = node.tag.rpartition("}")[2]
                if name == "c":
                    place = node.get("r", "")
                    if place.rstrip("0123456789") in columns and any(part.tag.endswith("}f") for part in node):
                        return place
                elif name == "row":
                    node.clear()
    return ""


def _path(archive: zipfile.ZipFile, sheet: str) -> str:
    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    except (KeyError, ElementTree.ParseError):
        return ""
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for space in (MAIN, STRICT):
        for node in book.iter(f"{space}sheet"):
            if node.get("name") == sheet:
                target = next((targets.get(node.get(key)) for key in RELATIONS if node.get(key)), None) or ""
                path = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
                return path if path in archive.namelist() else ""
    return ""
