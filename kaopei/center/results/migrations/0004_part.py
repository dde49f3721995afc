"""Theory and practical are passed each by itself: a result says which it is of."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("results", "0003_both_versions")]
    operations = [migrations.AddField("result", "part", models.CharField(default="T", max_length=1))]
