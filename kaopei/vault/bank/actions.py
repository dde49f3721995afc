"""Taking banks in, retiring items."""

from datetime import datetime

from kaopei.law.verdict import refuse
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, nothing_changed, records
from kaopei.office.refused import Refused
from kaopei.paper import blueprint
from kaopei.paper.bank import ACCEPT, NORMALISE, REFUSE, RowVerdict, judge_rows
from kaopei.vault.bank.models import BankImport, Blueprint, Item, ItemBank
from kaopei.vault.bank.reading import BankFile
from kaopei.vault.bank.records import blueprint_fields, item_fields, item_of


@records("bank.imported", act="vault.import")
def take_in(file: BankFile, *, by: Actor, at: datetime) -> list[RowVerdict]:
    """Judge all rows and keep the good ones; the same file again changes nothing and gives the same verdicts."""
    plan = file.blueprint
    bank, _ = ItemBank.objects.select_for_update().get_or_create(plain=blueprint.plain(plan.subject), defaults={"subject": plan.subject})
    held = [item_of(row) for row in bank.items.all()]
    verdicts = judge_rows(file.rows, plan.points, held)
    known = {item.number for item in held}
    fresh = [one.item for one in verdicts if one.item is not None and one.item.number not in known]
    Item.objects.bulk_create(Item(bank=bank, **item_fields(item)) for item in fresh)
    changed_plan = _keep_blueprint(bank, file, by, at)
    lines = [[one.number, one.row, one.decision, one.code] for one in verdicts]
    last = bank.imports.filter(digest=file.digest).order_by("-id").first()
    stopped = _retire_by_file(bank, verdicts)
    if not fresh and not stopped and not changed_plan and last is not None and last.verdicts == lines:
        nothing_changed()
        return verdicts
    if fresh or stopped:
        bank.version += 1
        bank.save(update_fields=["version"])
    BankImport.objects.create(bank=bank, file=file.name[:200], digest=file.digest, verdicts=lines, at=at, by=by.username)
    counts = {word: sum(one.decision == word for one in verdicts) for word in (ACCEPT, NORMALISE, REFUSE)}
    event(obj=f"bank:{bank.id}", subject=bank.subject, digest=file.digest, counts=counts, version=bank.version)
    return verdicts


def _keep_blueprint(bank: ItemBank, file: BankFile, by: Actor, at: datetime) -> bool:
    fields = blueprint_fields(file.blueprint)
    newest = bank.blueprints.order_by("-id").first()
    if newest is not None and newest.digest == fields["digest"]:
        return False
    Blueprint.objects.create(bank=bank, at=at, by=by.username, **fields)
    return True


def _retire_by_file(bank: ItemBank, verdicts: list[RowVerdict]) -> int:
    """A row whose status has become 停用 retires the item; nothing ever brings one back."""
    numbers = [one.number for one in verdicts if one.item is not None and one.item.retired]
    return bank.items.filter(number__in=numbers, retired=False).update(retired=True)


@records("bank.item_retired", act="vault.review")
def retire(item: Item, *, by: Actor, at: datetime) -> None:
    """A leaked, wrong or outdated item stands in no paper from now on; its number is never used again."""
    if item.retired:
        raise Refused(refuse("", f"试题 {item.number} 已经停用。", "retired"))
    item.retired = True
    item.save(update_fields=["retired"])
    ItemBank.objects.filter(id=item.bank_id).update(version=item.bank.version + 1)
    event(obj=f"bank:{item.bank_id}", item=item.number)
