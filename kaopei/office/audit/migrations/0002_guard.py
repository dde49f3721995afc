"""Append-only tables, and rows of one city for that city."""

from django.db import migrations

from kaopei.office.append_only import freeze
from kaopei.office.scope import policy


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [*freeze("audit_event"), *freeze("audit_leaf"), *freeze("audit_checkpoint"), *policy("audit_event")]
