"""Append-only tables, and rows of one city for that city."""

from django.db import migrations

from kaopei.office.append_only import freeze
from kaopei.office.scope import policy


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial")]
    operations = [*freeze("approvals_signature"), *policy("approvals_request")]
