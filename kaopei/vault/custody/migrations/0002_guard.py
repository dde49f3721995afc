"""Append-only tables."""

from django.db import migrations

from kaopei.office.append_only import freeze


class Migration(migrations.Migration):
    dependencies = [("custody", "0001_initial")]
    operations = [
        *freeze("custody_sealedpackage"),
        *freeze("custody_exposure"),
        *freeze("custody_keyshare"),
        *freeze("custody_handover"),
        *freeze("custody_scoring"),
    ]
