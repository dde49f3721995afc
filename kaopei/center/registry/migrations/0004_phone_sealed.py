"""A body's telephone may be somebody's own: it lies encrypted. Filled here, put in the old column's place by the next migration."""

from django.db import migrations

import kaopei.office.personal
from kaopei.office import scope


def seal(apps, _editor):
    """Every row, through the new column."""
    with scope.entered(scope.PROVINCE):
        for name in ("Institution", "Registration"):
            model = apps.get_model("registry", name)
            for row in model.objects.iterator():
                model.objects.filter(pk=row.pk).update(sealed=row.phone)


class Migration(migrations.Migration):
    dependencies = [("registry", "0003_filled")]
    operations = [
        *(
            migrations.AddField(model, "sealed", kaopei.office.personal.EncryptedTextField("registry.phone", blank=True, default=""))
            for model in ("institution", "registration")
        ),
        migrations.RunPython(seal, migrations.RunPython.noop),
    ]
