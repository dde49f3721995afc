"""Append-only tables, and rows of one city for that city."""

from django.db import migrations

from kaopei.office.scope import policy


class Migration(migrations.Migration):
    dependencies = [("tasks", "0001_initial")]
    operations = [*policy("tasks_job")]
