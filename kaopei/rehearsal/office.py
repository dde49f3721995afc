"""The clerk's part: upload the month's workbooks, confirm, decide every held row, make sittings of the plan."""

import csv
import io
from collections import Counter
from pathlib import Path

from kaopei.rehearsal.person import Stuck
from kaopei.rehearsal.stage import Stage

KINDS = (".xlsx", ".xls", ".ods", ".csv")
BOOKS = ("培训机构", "考试点", "考试计划", "大纲学时", "学员报名", "考务人员", "考试计划_实操", "机构关联")
ACCEPTED = "已致电培训机构并核对身份证复印件，性别一栏填写有误，其余信息属实，予以受理。"
NOT_TAKEN = "没有收下，也没有改动任何内容。"
REFUSED = "已致电培训机构，对方未能在规定期限内提供身份证复印件，信息无法核实，不予受理。"


class BadPack(ValueError):
    """The workbooks cannot be taken in; the page's own words."""

    exit_status = 2


def take_in(stage: Stage, folder: Path) -> str:
    """Upload the workbooks in the page, give the verdict file back, confirm; the number of the batch."""
    clerk = stage.person("clerk")
    found = [(folder / f"{name}{kind}") for name in BOOKS for kind in KINDS]
    try:
        page = clerk.submit("/applications/new/", files=[("files", path) for path in found if path.is_file()], having="files")
    except Stuck as problem:
        _before, said, fault = str(problem).partition(NOT_TAKEN)
        if said:
            raise BadPack(f"{folder}：{fault.partition('把全部表格')[0].strip()}") from None
        raise
    number = page.url.rstrip("/").rpartition("/")[2]
    verdicts = clerk.download(f"/applications/intakes/{number}/verdicts.csv")
    (stage.out / "verdicts.csv").write_bytes(verdicts)
    confirmed = clerk.submit(page, ends="/confirm/") if page.offers("/confirm/") else page
    if "已确认" not in confirmed.text:
        raise Stuck(f"{clerk.name}: {confirmed.url}: {confirmed.text[:400]}")
    rows = list(csv.DictReader(io.StringIO(verdicts.decode())))
    decisions, codes = Counter(row["decision"] for row in rows), Counter(row["code"] for row in rows if row["code"])
    counts = {name: decisions.get(name, 0) for name in ("accept", "hold", "refuse")}
    stage.report.facts["intake"] = {"rows": len(rows), **counts, "codes": dict(sorted(codes.items()))}
    stage.report.check("intake", len(rows) == sum(counts.values()) > 0, counts)
    return number.rpartition("-")[0]


def decide_held(stage: Stage, batch: str) -> int:
    """Every held row gets a decision with a reason; about three of four turn out to be slips of the pen. How many."""
    clerk, done = stage.person("clerk"), 0
    while True:
        urls = [url for _text, url in clerk.get("/applications/held/").links if f"/applications/{batch}/" in url]
        if not urls:
            stage.report.check("held", True, done)
            return done
        for url in urls:
            accepted = stage.chance("held", url.rstrip("/").rpartition("/")[2]) < 0.75
            clerk.submit(url, {"decision": "accept" if accepted else "refuse", "reason": ACCEPTED if accepted else REFUSED}, ends="/decide/")
            done += 1
            stage.report.progress(done, done, "已决定")


def plan_sittings(stage: Stage, batch: str) -> None:
    """Sittings as the plan has them."""
    page = stage.person("clerk").submit("/allocation/sittings/", {"batch": batch}, ends="/take/")
    if "个场次" not in page.text:
        raise Stuck(f"clerk: {page.url}: {page.text[:300]}")
