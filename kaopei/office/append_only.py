"""Tables that only grow: the manager refuses, the grants are missing, and a trigger refuses whoever comes past both."""

from typing import Any, NoReturn

from django.db import models
from django.db.migrations import RunSQL

from kaopei.office.scope import CityManager


class Frozen(Exception):
    """Somebody tried to change what has been written for good."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """No update, no delete."""

    def update(self, **_: Any) -> NoReturn:
        raise Frozen(f"{self.model.__name__} 只增不改")

    def delete(self) -> NoReturn:
        raise Frozen(f"{self.model.__name__} 只增不删")

    def bulk_update(self, *_: Any, **__: Any) -> NoReturn:
        raise Frozen(f"{self.model.__name__} 只增不改")


class AppendOnly(models.Model):
    """Base of records that are written once."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise Frozen(f"{type(self).__name__} 只增不改")
        super().save(*args, **options)

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        raise Frozen(f"{type(self).__name__} 只增不删")


class CityRecord(AppendOnly):
    """Base of records of a city that are written once."""

    city = models.CharField(max_length=6)

    objects = CityManager.from_queryset(AppendOnlyQuerySet)()

    class Meta:
        abstract = True


FUNCTION = """
CREATE OR REPLACE FUNCTION kaopei_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
"""


def freeze(table: str) -> list[RunSQL]:
    """Migration operations that make `table` append-only for everybody, its owner included."""
    return [
        RunSQL(
            FUNCTION + f"CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION kaopei_append_only();"
            f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION kaopei_append_only();"
            f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM kaopei_app",
            f"DROP TRIGGER {table}_rows ON {table}; DROP TRIGGER {table}_whole ON {table}",
        )
    ]
