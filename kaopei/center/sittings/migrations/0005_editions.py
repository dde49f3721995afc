"""A roster has editions: an incremental draw may change who sits in a sitting that was ordered already."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sittings", "0004_slips")]
    operations = [
        migrations.AddField("rosterentry", "edition", models.PositiveSmallIntegerField(default=1)),
        migrations.AddField("rosterentry", "draw", models.CharField(blank=True, default="", max_length=40)),
        migrations.RemoveConstraint("rosterentry", "roster_once_an_attempt"),
        migrations.AddConstraint(
            "rosterentry", models.UniqueConstraint(fields=["conduct", "edition", "attempt"], name="roster_once_an_edition")
        ),
    ]
