"""Sittings out of the city's plan."""

import hashlib
import json
from datetime import datetime

from kaopei.center.allocation.models import Sitting
from kaopei.center.applications import queries as applications
from kaopei.law.verdict import refuse
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.office.refused import Refused


@records("allocation.planned", act="allocation.plan")
def take_plan(number: str, *, by: Actor, at: datetime) -> int:
    """二（四）: the sittings of a batch as its newest confirmed plan has them. Frozen ones stay as they are;
    how many there are now.
    """
    batch = applications.batch(number)
    rows = {row.sitting: row for row in applications.plan_rows(number) if row.usable}
    if batch is None or not rows:
        raise Refused(refuse("N2.4.1", f"批次 {number} 还没有确认的考试计划：请先上传并确认报名数据包。", "no_plan"))
    kept = Sitting.objects.filter(batch=number)
    frozen = set(kept.exclude(frozen_in="").values_list("number", flat=True))
    gone = kept.filter(frozen_in="").exclude(number__in=rows)
    dropped = gone.count()
    gone.delete()
    for code, row in sorted(rows.items()):
        if code in frozen:
            continue
        values = {
            "batch": number,
            "site": row.site,
            "day": row.day,
            "start": row.start,
            "end": row.end,
            "part": row.part,
            "subjects": list(row.operations),
            "seats": row.seats,
        }
        Sitting.objects.update_or_create(city=batch.city, number=code, defaults=values)
    plan = json.dumps([rows[code].as_json() for code in sorted(rows)], ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(plan.encode()).hexdigest()
    event(obj=f"batch:{number}", city=batch.city, sittings=len(rows), frozen=len(frozen), dropped=dropped, digest=digest)
    return len(rows)
