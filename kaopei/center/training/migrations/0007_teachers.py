"""Reports of teachers become versions: from … to, when recorded, why ended. Older ones count as known since the day of the report."""

import django.db.models
from django.db import migrations, models

FILL = """
SELECT set_config('kaopei.scope', '*', true);
UPDATE training_teacherreport SET from_day = reported_on,
  recorded_at = least(reported_on::timestamp AT TIME ZONE 'Asia/Shanghai', now()) WHERE reported_on IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("training", "0006_conditions")]
    operations = [
        migrations.AddField("teacherreport", "from_day", models.DateField(null=True)),
        migrations.AddField("teacherreport", "to_day", models.DateField(null=True)),
        migrations.AddField("teacherreport", "recorded_at", models.DateTimeField(null=True)),
        migrations.AddField("teacherreport", "closed_at", models.DateTimeField(null=True)),
        migrations.AddField("teacherreport", "end_reason", models.TextField(blank=True, default=""), preserve_default=False),
        migrations.AddConstraint(
            "teacherreport",
            models.CheckConstraint(
                condition=models.Q(("to_day__isnull", True), ("to_day__gte", django.db.models.F("from_day")), _connector="OR"),
                name="teacher_from_before_to",
            ),
        ),
        # Last: a table with rows of this transaction cannot be altered any more.
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
