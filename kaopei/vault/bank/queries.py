"""What the banks hold."""

from collections import Counter
from typing import Any

from kaopei.paper import blueprint
from kaopei.paper.blueprint import Blueprint
from kaopei.paper.item import KIND_NAMES
from kaopei.paper.item import Item as PaperItem
from kaopei.vault.bank import models
from kaopei.vault.bank.records import blueprint_of, item_of


class NoBank(ValueError):
    """A subject that the vault has no items or no blueprint for."""

    exit_status = 2


def find(subject: str) -> models.ItemBank | None:
    """The bank of a subject, whatever its punctuation; None if there is none."""
    return models.ItemBank.objects.filter(plain=blueprint.plain(subject)).first()


def items(subject: str) -> list[PaperItem]:
    """All items of a subject, the retired ones too; NoBank if there are none."""
    bank = find(subject)
    found = [] if bank is None else [item_of(row) for row in bank.items.order_by("number")]
    if not found:
        have = "、".join(models.ItemBank.objects.order_by("subject").values_list("subject", flat=True)) or "（无）"
        raise NoBank(f"题库室没有科目“{subject}”的试题。已有：{have}。请先用 vault bank import 导入题库。")
    return found


def current_blueprint(subject: str) -> Blueprint | None:
    """The newest blueprint of a subject."""
    bank = find(subject)
    row = None if bank is None else bank.blueprints.order_by("-id").first()
    return None if row is None else blueprint_of(row.content)


def version(subject: str) -> str:
    """The bank's version as it stands in a parcel's manifest."""
    bank = find(subject)
    return "0" if bank is None else str(bank.version)


def banks() -> list[dict[str, Any]]:
    """One line a bank: counts by kind, retired ones, last import."""
    lines = []
    for bank in models.ItemBank.objects.order_by("subject"):
        rows = list(bank.items.values_list("kind", "retired"))
        kinds = Counter(kind for kind, _ in rows)
        lines.append(
            {
                "bank": bank,
                "kinds": [(name, kinds[kind]) for kind, name in KIND_NAMES.items()],
                "total": len(rows),
                "retired": sum(retired for _, retired in rows),
                "imported": bank.imports.order_by("-id").first(),
            }
        )
    return lines


def imports(bank: models.ItemBank) -> list[models.BankImport]:
    """The bank's imports, newest first."""
    return list(bank.imports.order_by("-id")[:20])


def bank_by_id(bank_id: int) -> models.ItemBank | None:
    return models.ItemBank.objects.filter(id=bank_id).first()


def item_row(bank: models.ItemBank, number: str) -> models.Item | None:
    return bank.items.filter(number=number).first()


def import_by_id(bank: models.ItemBank, import_id: int) -> models.BankImport | None:
    return bank.imports.filter(id=import_id).first()
