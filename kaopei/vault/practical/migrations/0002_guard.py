"""Append-only tables."""

from django.db import migrations

from kaopei.office.append_only import freeze


class Migration(migrations.Migration):
    dependencies = [("practical", "0001_initial")]
    operations = [*freeze("practical_sheetimport"), *freeze("practical_scoresheet"), *freeze("practical_sheetapproval")]
