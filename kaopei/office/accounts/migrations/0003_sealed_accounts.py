"""The emergency account."""

import django.db.models.deletion
import kaopei.office.personal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_log_in_roads'),
    ]

    operations = [
        migrations.CreateModel(
            name='SealedAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first', models.CharField(max_length=32)),
                ('second', models.CharField(max_length=32)),
                ('first_digest', models.BinaryField(default=b'', max_length=32)),
                ('second_digest', models.BinaryField(default=b'', max_length=32)),
                ('sealed_by', models.CharField(max_length=32)),
                ('sealed_at', models.DateTimeField()),
                ('opened_at', models.DateTimeField(null=True)),
                ('until', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('reason', kaopei.office.personal.EncryptedTextField('accounts.sealed', blank=True)),
                ('report', kaopei.office.personal.EncryptedTextField('accounts.sealed', blank=True)),
                ('reported_by', models.CharField(blank=True, max_length=32)),
                ('reported_at', models.DateTimeField(null=True)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='sealed', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('first', models.F('second')), _negated=True), name='sealed_account_has_two_holders'), models.CheckConstraint(condition=models.Q(models.Q(('opened_at', None), ('until', None)), models.Q(('opened_at__isnull', False), ('until__isnull', False)), _connector='OR'), name='opened_until')],
            },
        ),
    ]
