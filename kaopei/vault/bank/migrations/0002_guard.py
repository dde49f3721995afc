"""Append-only tables."""

from django.db import migrations

from kaopei.office.append_only import freeze


class Migration(migrations.Migration):
    dependencies = [("bank", "0001_initial")]
    operations = [*freeze("bank_blueprint"), *freeze("bank_bankimport")]
