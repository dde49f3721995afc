"""How many candidates got to see what a package exposes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("custody", "0002_guard")]
    operations = [migrations.AddField("exposure", "candidates", models.PositiveIntegerField(default=0))]
