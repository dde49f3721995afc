"""The draw of duties: rosters, places, replacements."""

import django.db.models.deletion
import kaopei.office.personal
from django.db import migrations, models

from kaopei.office.append_only import freeze
from kaopei.office.scope import policy


class Migration(migrations.Migration):

    dependencies = [
        ('allocation', '0003_late_changes'),
    ]

    operations = [
        migrations.CreateModel(
            name='DutyPlace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('city', models.CharField(max_length=6)),
                ('position', models.PositiveIntegerField()),
                ('sitting', models.CharField(max_length=40)),
                ('site', models.CharField(max_length=20)),
                ('day', models.DateField()),
                ('start', models.TimeField()),
                ('end', models.TimeField()),
                ('role', models.CharField(max_length=20)),
                ('person', models.CharField(blank=True, max_length=64)),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.CreateModel(
            name='DutyReplacement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('city', models.CharField(max_length=6)),
                ('out', models.CharField(max_length=64)),
                ('into', models.CharField(blank=True, max_length=64)),
                ('reason', models.CharField(max_length=300)),
                ('by', models.CharField(max_length=32)),
                ('at', models.DateTimeField()),
                ('place', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='replacements', to='allocation.dutyplace')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='DutyRoster',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('city', models.CharField(max_length=6)),
                ('number', models.CharField(max_length=24, unique=True)),
                ('kind', models.CharField(choices=[('staff', '考务派员'), ('patrol', '校内考试点双随机巡查')], max_length=8)),
                ('first_day', models.DateField()),
                ('last_day', models.DateField()),
                ('choose', models.PositiveIntegerField(null=True)),
                ('status', models.CharField(choices=[('announced', '已公告，第一份承诺'), ('committed', '第二份承诺'), ('frozen', '已冻结'), ('drawn', '已抽签')], default='announced', max_length=10)),
                ('first_commitment', models.CharField(max_length=64)),
                ('first_secret', kaopei.office.personal.EncryptedTextField('allocation.duty')),
                ('first_by', models.CharField(max_length=32)),
                ('second_commitment', models.CharField(blank=True, max_length=64)),
                ('second_secret', kaopei.office.personal.EncryptedTextField('allocation.duty', blank=True, null=True)),
                ('second_by', models.CharField(blank=True, max_length=32)),
                ('input', kaopei.office.personal.EncryptedBinaryField('allocation.duty', null=True)),
                ('input_digest', models.CharField(blank=True, max_length=64)),
                ('seed', models.CharField(blank=True, max_length=64)),
                ('notes', models.JSONField(default=list)),
                ('announced_at', models.DateTimeField()),
                ('frozen_at', models.DateTimeField(null=True)),
                ('drawn_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-announced_at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('last_day__gte', models.F('first_day'))), name='duty_first_before_last'), models.CheckConstraint(condition=models.Q(('first_by', models.F('second_by')), _negated=True), name='duty_two_persons'), models.CheckConstraint(condition=models.Q(models.Q(('seed__gt', ''), ('status', 'drawn')), models.Q(models.Q(('status', 'drawn'), _negated=True), ('seed', '')), _connector='OR'), name='duty_seed_when_drawn')],
            },
        ),
        migrations.AddField(
            model_name='dutyplace',
            name='roster',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='places', to='allocation.dutyroster'),
        ),
        migrations.AddConstraint(
            model_name='dutyplace',
            constraint=models.UniqueConstraint(fields=('roster', 'position'), name='duty_place_once'),
        ),
        *(operation for table in ("dutyroster", "dutyplace", "dutyreplacement") for operation in policy(f"allocation_{table}")),
        *freeze("allocation_dutyreplacement"),
    ]

