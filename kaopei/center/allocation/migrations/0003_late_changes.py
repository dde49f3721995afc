"""Incremental draws: what they change, which changes were told, which seats were taken back."""

import importlib

import django.db.models.deletion
from django.db import migrations, models

from kaopei.center.allocation.models import LateChange
from kaopei.office.append_only import freeze
from kaopei.office.scope import policy

GUARDS = importlib.import_module("kaopei.center.allocation.migrations.0002_guards")
BODY = GUARDS.DRAW.partition("CREATE TRIGGER")[0].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
# The draw that is changed is announced with the rest and stays.
FOLLOWS = BODY.replace("NEW.serial, ", "NEW.serial, NEW.follows, ").replace("OLD.serial, ", "OLD.serial, OLD.follows, ")

TOLD = """
CREATE FUNCTION allocation_latechange_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM allocation_draw WHERE id = NEW.draw_id AND follows <> '' AND input_digest = '') THEN
    RAISE EXCEPTION 'changes are told before the freeze of an incremental draw' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER allocation_latechange_told BEFORE INSERT ON allocation_latechange
  FOR EACH ROW EXECUTE FUNCTION allocation_latechange_guard();
"""
UNTOLD = "DROP TRIGGER allocation_latechange_told ON allocation_latechange; DROP FUNCTION allocation_latechange_guard()"
ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


class Migration(migrations.Migration):
    dependencies = [("allocation", "0002_guards")]

    operations = [
        migrations.AddField("draw", "follows", models.CharField(max_length=40, blank=True, default=""), preserve_default=False),
        migrations.RemoveConstraint("placement", "seat_taken_once"),
        migrations.AddConstraint("placement", models.UniqueConstraint(fields=["draw", "sitting", "seat"], name="seat_taken_once_per_draw")),
        migrations.CreateModel(
            "LateChange",
            [
                ID,
                ("city", models.CharField(max_length=6)),
                ("kind", models.CharField(max_length=20, choices=LateChange.Kind.choices)),
                ("object", models.CharField(max_length=40)),
                ("reason", models.CharField(max_length=500)),
                ("told_by", models.CharField(max_length=32)),
                ("told_at", models.DateTimeField()),
                ("draw", models.ForeignKey("allocation.draw", django.db.models.deletion.PROTECT, related_name="changes")),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [models.UniqueConstraint(fields=["draw", "kind", "object"], name="late_change_once")],
            },
        ),
        migrations.CreateModel(
            "Vacated",
            [
                ID,
                ("city", models.CharField(max_length=6)),
                ("kind", models.CharField(max_length=20)),
                ("object", models.CharField(max_length=40)),
                ("draw", models.ForeignKey("allocation.draw", django.db.models.deletion.PROTECT, related_name="vacated")),
                (
                    "placement",
                    models.OneToOneField("allocation.placement", django.db.models.deletion.PROTECT, related_name="vacated"),
                ),
            ],
            options={"ordering": ["pk"]},
        ),
        migrations.RunSQL(FOLLOWS, BODY),
        migrations.RunSQL(TOLD, UNTOLD),
        *(operation for table in ("latechange", "vacated") for operation in freeze(f"allocation_{table}")),
        *(operation for table in ("latechange", "vacated") for operation in policy(f"allocation_{table}")),
    ]
