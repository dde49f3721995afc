"""Thousands of rows in one statement. COPY is closed to tables under row-level security, and VALUES lists cost more than the rows."""

import json
from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import JSONField

# Python values that the driver sends as they are.
PLAIN = (models.CharField, models.TextField, models.IntegerField, models.BooleanField, models.DateField, models.ForeignKey)


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
        cursor.execute(statement, [_column(field, rows) for field in fields])
    return len(rows)


def _is_json(field: models.Field) -> bool:
    return isinstance(field, JSONField | ArrayField)


def _column(field: models.Field, rows: list[Any]) -> list[Any]:
    """The values of one column as the driver takes them; what costs time is done for the fields that need it."""
    values = [getattr(row, field.attname) for row in rows]
    if _is_json(field):
        return [json.dumps(value, ensure_ascii=False) for value in values]
    if isinstance(field, models.BinaryField):
        # Wrapped for the driver one by one, which an array does not need.
        return [getattr(prepared := field.get_db_prep_save(value, connection), "obj", prepared) for value in values]
    if isinstance(field, PLAIN):
        return values
    return [field.get_db_prep_save(value, connection) for value in values]


def _back(field: models.Field, name: str) -> str:
    if isinstance(field, ArrayField):
        return f"ARRAY(SELECT jsonb_array_elements_text({name}::jsonb))"
    return f"{name}::jsonb" if isinstance(field, JSONField) else name
