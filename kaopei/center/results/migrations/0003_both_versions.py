"""A scoring that differs from the site's is set aside with both versions."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("results", "0002_guards")]
    operations = [migrations.AddField("quarantine", "other", models.BinaryField(default=b""))]
