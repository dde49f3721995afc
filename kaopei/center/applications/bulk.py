"""Thousands of rows in one statement. COPY is closed to tables under row-level security, and VALUES lists cost more than the rows."""

import json
from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import JSONField


def insert(objects: Iterable[models.Model]) -> int:
    """Insert new objects of one model; defaults must be set, the database gives the keys. How many."""
    rows = list(objects)
    if not rows:
        return 0
    meta = rows[0]._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    # Arrays travel as JSON: an array of arrays would be flattened.
    arrays = [f"%s::{'text' if _is_json(field) else str(field.db_type(connection)).split('(')[0]}[]" for field in fields]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    values = ", ".join(_back(field, f"c{place}") for place, field in enumerate(fields))
    aliases = ", ".join(f"c{place}" for place in range(len(fields)))
    statement = f"INSERT INTO {connection.ops.quote_name(meta.db_table)} ({names}) SELECT {values} FROM unnest({', '.join(arrays)}) AS t({aliases})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [[_value(field, row) for row in rows] for field in fields])
    return len(rows)


def _is_json(field: models.Field) -> bool:
    return isinstance(field, JSONField | ArrayField)


def _value(field: models.Field, row: models.Model) -> Any:
    value = getattr(row, field.attname)
    if _is_json(field):
        return json.dumps(value, ensure_ascii=False)
    prepared = field.get_db_prep_save(value, connection)
    return getattr(prepared, "obj", prepared)  # bytes come wrapped for the driver, one by one


def _back(field: models.Field, name: str) -> str:
    if isinstance(field, ArrayField):
        return f"ARRAY(SELECT jsonb_array_elements_text({name}::jsonb))"
    return f"{name}::jsonb" if isinstance(field, JSONField) else name
