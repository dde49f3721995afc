"""What is set aside lies encrypted."""

from django.db import migrations

import kaopei.office.personal


class Migration(migrations.Migration):
    dependencies = [("sittings", "0002_guards")]
    operations = [migrations.AlterField("quarantine", "data", kaopei.office.personal.EncryptedBinaryField("quarantine"))]
