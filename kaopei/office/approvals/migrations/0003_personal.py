"""What is approved lies encrypted, and a request says whether it names people."""

from django.db import migrations, models

import kaopei.office.personal


class Migration(migrations.Migration):
    dependencies = [("approvals", "0002_guard")]
    operations = [
        migrations.AddField("request", "is_personal", models.BooleanField(default=False)),
        migrations.AlterField("request", "content", kaopei.office.personal.EncryptedBinaryField("approvals")),
    ]
