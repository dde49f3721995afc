"""A certificate is found by the id in its signed file as quickly as by its number."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("publication", "0002_guards")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX publication_cert_id ON publication_publication ((content -> 'cert_id')) WHERE kind = 'certificate'",
            "DROP INDEX publication_cert_id",
        )
    ]
