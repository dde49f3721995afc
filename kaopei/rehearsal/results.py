"""After the exam: parcels back, the vault scores, two persons release, certificates are issued, everything public is published."""

import csv
import io
import shutil
import zipfile
from pathlib import Path

from kaopei.rehearsal.papers import Papers
from kaopei.rehearsal.person import Person, Stuck
from kaopei.rehearsal.programs import command
from kaopei.rehearsal.sitting_day import Sitting
from kaopei.rehearsal.stage import Stage

KINDS = ("register", "calendar", "draws", "results", "certificates")
APPROVERS = ("approver", "approver2")


def take_back(stage: Stage, papers: Papers, sittings: list[Sitting]) -> None:
    """Return parcels into the center, receipts back to the sites."""
    clerk = stage.person("clerk")
    files = [one.returned for one in sittings if one.returned is not None]
    page = clerk.submit("/sittings/upload/", ends="/upload/", files=[("files", path) for path in files])
    taken = page.html.count('data-state="taken"')
    stage.report.check("returns_taken", taken == len(sittings), f"{taken}: {page.text[-400:] if taken < len(sittings) else ''}")
    again = clerk.submit("/sittings/upload/", ends="/upload/", files=[("files", files[0])])
    stage.report.check("same_return_changes_nothing", 'data-state="same"' in again.html, again.text[-200:])
    for one in sittings:
        clerk.submit(f"/sittings/{one.number}/", ends="/receipt/")
        receipt = papers.fetch("clerk", one.number, "receipt")
        one.site.at("keeper").submit("/parcels", ends="/parcels/upload", files=[("files", receipt)])
        one.site.fill("keeper", "/parcels", "/parcels/import", one.site.second("invigilator"))
    for row in stage.report.facts["sittings"]:
        row["returned"] = True


def score(stage: Stage, papers: Papers, sittings: list[Sitting]) -> None:
    """The vault scores its copies; the signed outcomes go into the center."""
    custodians = [word for kid in papers.custodians() for word in ("--custodian", kid)]
    outcomes = []
    for one in sittings:
        copy = stage.data / "vault" / "in" / f"{one.number}.xrb"
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(stage.person("clerk").download(f"/sittings/{one.number}/newest/return_parcel"))
        outcomes.append(papers.parcels / f"{one.number}.outcomes.jws")
        stage.command("vault", "score", "--return", str(copy), *custodians, "--out", str(outcomes[-1]))
    clerk = stage.person("clerk")
    clerk.submit("/results/upload/", ends="/upload/", files=[("file", path) for path in outcomes])


def sign_off(stage: Stage, sittings: list[Sitting]) -> None:
    """Two approvers sign what site and vault agree on."""
    clerk = stage.person("clerk")
    for one in sittings:
        clerk.submit(f"/results/{one.number}/", ends="/release/")
        for who in APPROVERS:
            stage.must_sign(who, "")
    agreed = sum("与考试点初评逐人逐题一致" in clerk.get(f"/results/{one.number}/").text for one in sittings)
    stage.report.check("site_and_vault_agree", agreed == len(sittings), agreed)


def release(stage: Stage, sittings: list[Sitting]) -> None:
    """Signed off; then there are results."""
    sign_off(stage, sittings)
    table = stage.take("clerk", "/results/results.csv", "成绩交考试科存档")
    (stage.out / "results.csv").write_bytes(table)
    rows = list(csv.DictReader(io.StringIO(table.decode())))
    counts = {word: sum(row["outcome"] == word for row in rows) for word in ("passed", "failed")}
    stage.report.facts["results"] = counts
    present = sum(row["present"] for row in stage.report.facts["sittings"])
    stage.report.check("results_of_all_present", sum(counts.values()) == present > 0, {**counts, "rows": len(rows)})


def certify(stage: Stage, sittings: list[Sitting]) -> None:
    """Certificates of those who reviewed or renewed and passed, and of who passed both parts, as PDFs in OUT/certificates."""
    out = stage.out / "certificates"
    out.mkdir(parents=True, exist_ok=True)
    for one in sittings:
        clerk = stage.person("clerk")
        page = clerk.get(f"/certificates/sittings/{one.number}/")
        if not page.offers("/issue/"):
            continue
        made = clerk.submit(page, ends="/issue/")
        if "/jobs/" in made.url or "/tasks/" in made.url:
            stage.job("clerk", made)
            with zipfile.ZipFile(io.BytesIO(stage.take("clerk", f"/certificates/sittings/{one.number}/certificates.zip", "证书交窗口发放"))) as box:
                for name in box.namelist():
                    (out / Path(name).name).write_bytes(box.read(name))
    stage.report.facts["certificates"] = len(list(out.glob("*.pdf")))
    if stage.report.facts["certificates"]:
        (stage.out / "status.json").write_bytes(stage.person("clerk").download("/certificates/status.json"))


def publish(stage: Stage) -> None:
    """All that is public now."""
    clerk = stage.person("clerk")
    for kind in KINDS:
        page = clerk.get(f"/publication/{kind}/")
        if page.offers("/publish"):
            clerk.submit(page, ends="/publish")


def look_up(stage: Stage) -> None:
    """A passer-by checks each certificate on the portal, by the file that he was given."""
    portal, seen = Person("路人", stage.addresses["portal"]), 0
    pdfs = sorted((stage.out / "certificates").glob("*.pdf"))
    for pdf in pdfs[:3]:
        page = portal.submit("/certificates/", having="file", files=[("file", pdf)])
        seen += "有效" in page.text
    portal.close()
    stage.report.check("portal_knows_the_certificates", seen == len(pdfs[:3]), seen)


def lay_trust(stage: Stage) -> None:
    """What an outsider needs beside the files: the chain of trust lists, the root, the machines' records."""
    for name in ("trust.json", "root.txt"):
        shutil.copyfile(stage.data / name, stage.out / name)
    for folder in ("trust", "enrolments"):
        (stage.out / folder).mkdir(exist_ok=True)
        for path in (stage.data / folder).glob("*.json"):
            shutil.copyfile(path, stage.out / folder / path.name)


def check(stage: Stage, sittings: list[Sitting]) -> None:
    """The three checking commands on what lies in OUT, as an outsider would run them."""
    ledger = stage.out / "ledger"
    for site in {one.site.number: one.site for one in sittings}.values():
        stage.command("edge", "ledger", "--config", str(site.config), "--out", str(ledger / "edge"), data=False)
    stage.command("ledger", "export", "--out", str(ledger))
    stage.command("ledger", "export", "--out", str(ledger), "--vault")
    for name, words, files in (
        ("parcel_check", ("parcel", "check"), sorted((stage.out / "parcels").iterdir())),
        ("ledger_verify", ("ledger", "verify"), [ledger]),
        ("certificate_check", ("certificate", "check"), sorted((stage.out / "certificates").glob("*.pdf"))),
    ):
        if files:
            done = command(*words, *map(str, files))
            lines = done.stdout.splitlines()
            bad = [line for line in lines if line.split("\t")[0] not in ("ok", "valid")]
            stage.report.check(name, done.returncode == 0 and not bad and bool(lines), {"files": len(lines), "bad": bad[:3] or done.stderr[-300:]})


def must_pass(stage: Stage) -> None:
    """A rehearsal in which nobody passed has shown nothing."""
    if not stage.report.facts["results"]["passed"]:
        raise Stuck("没有一名考生合格：模拟考生或评分有误")
