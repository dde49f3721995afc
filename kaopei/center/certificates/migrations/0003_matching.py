"""Comparing across cities: the task is the province's, each city sees its own leads."""

import kaopei.office.personal
from django.db import migrations, models

from kaopei.office.append_only import freeze
from kaopei.office.scope import policy


class Migration(migrations.Migration):

    dependencies = [
        ('certificates', '0002_guards'),
    ]

    operations = [
        migrations.CreateModel(
            name='Match',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('city', models.CharField(max_length=6)),
                ('matching', models.CharField(max_length=24)),
                ('kind', models.CharField(choices=[('application', '同一月份在其他地市也有报名'), ('certificate', '初次取证，但在其他地市已有有效证书'), ('proof', '在其他地市的培训证明已被撤销'), ('training', '同一时期在其他地市也有培训班')], max_length=11)),
                ('number', models.CharField(max_length=80)),
                ('url', models.CharField(max_length=200)),
                ('elsewhere', models.PositiveSmallIntegerField()),
            ],
            options={
                'ordering': ['kind', 'number'],
                'constraints': [models.UniqueConstraint(fields=('city', 'matching', 'kind', 'number'), name='match_once')],
            },
        ),
        migrations.CreateModel(
            name='Matching',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('city', models.CharField(max_length=6)),
                ('number', models.CharField(max_length=24, unique=True)),
                ('reason', kaopei.office.personal.EncryptedTextField('certificates.matching')),
                ('status', models.CharField(choices=[('asked', '正在比对'), ('done', '已完成')], default='asked', max_length=5)),
                ('asked_by', models.CharField(max_length=32)),
                ('asked_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('counts', models.JSONField(default=dict)),
                ('cities', models.JSONField(default=dict)),
            ],
            options={
                'ordering': ['-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('done_at', None), ('status', 'asked')), models.Q(('done_at__isnull', False), ('status', 'done')), _connector='OR'), name='matching_done_has_a_time')],
            },
        ),
        *freeze("certificates_match"),
        *policy("certificates_match"),
        *policy("certificates_matching"),
    ]
