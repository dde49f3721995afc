"""Files with rows of people; each city its own."""

from django.db import migrations, models

import kaopei.office.personal
from kaopei.office.scope import policy


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Export',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('city', models.CharField(max_length=6)),
                ('ulid', models.CharField(max_length=26, unique=True)),
                ('kind', models.CharField(max_length=64)),
                ('object', models.CharField(max_length=160)),
                ('title', models.CharField(max_length=200)),
                ('rows', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=200)),
                ('media_type', models.CharField(max_length=100)),
                ('size', models.PositiveIntegerField()),
                ('digest', models.CharField(max_length=64)),
                ('content', kaopei.office.personal.EncryptedBinaryField('exports', null=True)),
                ('reason', kaopei.office.personal.EncryptedTextField('exports')),
                ('requester', models.CharField(max_length=32)),
                ('asked_at', models.DateTimeField()),
                ('taken_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['requester', '-id'], name='export_by_requester')],
                'constraints': [models.CheckConstraint(condition=models.Q(('rows__gt', 0)), name='export_has_rows')],
            },
        ),
        *policy("exports_export"),
    ]
