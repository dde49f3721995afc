"""Names typed at the log-in are kept as a keyed index only; what stood there in clear counts for ten minutes and goes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_sealed_accounts'),
    ]

    operations = [
        migrations.RunSQL('DELETE FROM accounts_failedlogin', migrations.RunSQL.noop),
        migrations.RenameField('failedlogin', 'username', 'typed'),
        migrations.AlterField('failedlogin', 'typed', models.CharField(max_length=64)),
    ]
