"""Slips beside the other parcels; a trial paper has a conduct of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sittings", "0003_quarantine")]
    operations = [
        migrations.AddField("conduct", "form_set", models.CharField(default="A", max_length=5)),
        migrations.AlterField(
            "artefact",
            "kind",
            models.CharField(
                choices=[
                    ("seal_order", "密封任务书"),
                    ("exam_parcel", "试卷密封包"),
                    ("seating", "座次包"),
                    ("key_release", "密钥令牌"),
                    ("return_parcel", "回传包"),
                    ("receipt", "回执"),
                    ("slip", "台账小条"),
                ],
                max_length=14,
            ),
        ),
    ]
