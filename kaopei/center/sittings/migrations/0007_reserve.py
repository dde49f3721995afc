"""The province's reserve share lets a paper go in need, and a report follows within a day."""

import django.db.models.deletion
from django.db import migrations, models

import kaopei.office.personal
from kaopei.office.append_only import freeze
from kaopei.office.scope import policy


class Migration(migrations.Migration):
    dependencies = [("sittings", "0006_baselines")]
    operations = [
        migrations.AddField("keyrelease", "path", models.CharField(default="AB", max_length=2)),
        migrations.AddField("keyrelease", "reserve", kaopei.office.personal.EncryptedBinaryField("reserve_share", default=b"")),
        migrations.CreateModel(
            "ReserveReport",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("city", models.CharField(max_length=6)),
                ("text", models.TextField()),
                ("by", models.CharField(max_length=32)),
                ("at", models.DateTimeField()),
                (
                    "release",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="report", to="sittings.keyrelease"
                    ),
                ),
            ],
        ),
        *freeze("sittings_reservereport"),
        *policy("sittings_reservereport"),
    ]
