"""The clear column goes, the encrypted one takes its name."""

from django.db import migrations

import kaopei.office.personal


class Migration(migrations.Migration):
    dependencies = [("registry", "0004_phone_sealed")]
    operations = [
        operation
        for model in ("institution", "registration")
        for operation in (
            migrations.RemoveField(model, "phone"),
            migrations.RenameField(model, "sealed", "phone"),
            migrations.AlterField(model, "phone", kaopei.office.personal.EncryptedTextField("registry.phone", blank=True)),
        )
    ]
