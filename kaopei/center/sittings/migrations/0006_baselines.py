"""The accepted machines of each site."""

from django.db import migrations, models

from kaopei.office.append_only import freeze
from kaopei.office.scope import policy


class Migration(migrations.Migration):
    dependencies = [("sittings", "0005_editions")]
    operations = [
        migrations.CreateModel(
            "Baseline",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("city", models.CharField(max_length=6)),
                ("site", models.CharField(max_length=20)),
                ("rev", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("content", models.BinaryField()),
                ("approvals", models.JSONField()),
                ("asked_by", models.CharField(max_length=32)),
                ("accepted_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["city", "site", "rev"],
                "constraints": [models.UniqueConstraint(fields=["city", "site", "rev"], name="baseline_once_a_rev")],
            },
        ),
        *freeze("sittings_baseline"),
        *policy("sittings_baseline"),
    ]
