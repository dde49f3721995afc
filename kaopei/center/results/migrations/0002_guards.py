"""What the database itself refuses: a change of anything written, another city's rows."""

from django.db import migrations

from kaopei.office.append_only import freeze
from kaopei.office.scope import policy

TABLES = ("scoring", "outcome", "release", "result", "quarantine")


class Migration(migrations.Migration):
    dependencies = [("results", "0001_initial")]

    operations = [
        *(operation for table in TABLES for operation in freeze(f"results_{table}")),
        *(operation for table in TABLES for operation in policy(f"results_{table}")),
    ]
