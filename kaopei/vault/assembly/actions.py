"""Assembling parallel papers from a bank."""

import hashlib
import json
from datetime import datetime

from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.paper.assemble import assemble
from kaopei.paper.blueprint import Blueprint
from kaopei.paper.codec import canonical
from kaopei.paper.item import Item
from kaopei.vault.assembly.models import Assembly
from kaopei.vault.bank import queries as bank
from kaopei.vault.bank.records import blueprint_fields


@records("assembly.assembled", act="vault.assemble")
def assemble_forms(plan: Blueprint, *, forms: int, seed: str, by: Actor, at: datetime) -> list[list[Item]]:
    """`forms` parallel papers by a blueprint; the same for the same bank, blueprint and seed."""
    papers = assemble(bank.items(plan.subject), plan, forms, seed)
    numbers = [[item.number for item in paper] for paper in papers]
    made = Assembly.objects.create(subject=plan.subject, seed=seed, papers=json.dumps(numbers), at=at, by=by.username)
    digests = [hashlib.sha256(canonical(paper)).hexdigest() for paper in numbers]
    event(
        obj=f"assembly:{made.id}",
        subject=plan.subject,
        forms=forms,
        digests=digests,
        blueprint=blueprint_fields(plan)["digest"],
    )
    return papers
