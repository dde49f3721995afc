"""Append-only tables."""

from django.db import migrations

from kaopei.office.append_only import freeze


class Migration(migrations.Migration):
    dependencies = [("assembly", "0001_initial")]
    operations = [*freeze("assembly_assembly")]
