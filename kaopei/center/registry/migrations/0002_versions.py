"""Versions of what the register says, written reports, spreadsheets, the exam body, relations of staff."""

import datetime
import django.db.models.deletion
import kaopei.office.personal
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0001_initial'),
    ]

    operations = [
        migrations.RenameModel('SiteStanding', 'BodyStanding'),
        migrations.AlterModelOptions('bodystanding', {'ordering': ['site', 'institution', 'from_day']}),
        migrations.AlterField(
            model_name='bodystanding',
            name='site',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='standings', to='registry.site'),
        ),
        migrations.AddField(
            model_name='bodystanding',
            name='closed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='bodystanding',
            name='recorded_at',
            field=models.DateTimeField(default=datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('city', models.CharField(max_length=6)),
                ('obj', models.CharField(max_length=80)),
                ('name', models.TextField()),
                ('media_type', models.CharField(max_length=40)),
                ('size', models.PositiveIntegerField()),
                ('digest', models.CharField(max_length=64)),
                ('content', kaopei.office.personal.EncryptedBinaryField('registry.attachment')),
                ('added_by', models.CharField(max_length=32)),
                ('added_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='ExamBody',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('city', models.CharField(max_length=6)),
                ('from_day', models.DateField()),
                ('to_day', models.DateField(null=True)),
                ('recorded_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('source', models.TextField()),
                ('name', models.TextField()),
                ('nature', models.CharField(choices=[('internal_department', '部门内设机构'), ('attached_unit', '直属单位'), ('other', '其他')], max_length=20)),
                ('document', models.TextField()),
                ('premises', models.TextField(blank=True)),
                ('budget', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['city', 'from_day'],
            },
        ),
        migrations.CreateModel(
            name='Sheet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('city', models.CharField(max_length=6)),
                ('number', models.CharField(max_length=24, unique=True)),
                ('list', models.CharField(max_length=20)),
                ('filename', models.TextField()),
                ('digest', models.CharField(max_length=64)),
                ('content', kaopei.office.personal.EncryptedBinaryField('registry.sheet')),
                ('status', models.CharField(choices=[('read', '待确认'), ('applied', '已写入'), ('set_aside', '已作废')], default='read', max_length=10)),
                ('rows', models.PositiveIntegerField()),
                ('changed', models.PositiveIntegerField(default=0)),
                ('read_by', models.CharField(max_length=32)),
                ('read_at', models.DateTimeField()),
                ('applied_by', models.CharField(blank=True, max_length=32)),
                ('applied_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-read_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='SiteCap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('city', models.CharField(max_length=6)),
                ('from_day', models.DateField()),
                ('to_day', models.DateField(null=True)),
                ('recorded_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('source', models.TextField()),
                ('most', models.PositiveIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='SiteRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('city', models.CharField(max_length=6)),
                ('from_day', models.DateField()),
                ('to_day', models.DateField(null=True)),
                ('recorded_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('source', models.TextField()),
                ('name', models.TextField()),
                ('kind', models.CharField(choices=[('public', '公共考试基地'), ('attached', '依托培训机构'), ('campus', '校内考试点'), ('other', '其他')], max_length=10)),
                ('host_code', models.TextField(blank=True)),
                ('district', models.TextField(blank=True)),
                ('longitude', models.DecimalField(decimal_places=6, max_digits=9, null=True)),
                ('latitude', models.DecimalField(decimal_places=6, max_digits=9, null=True)),
                ('theory_seats', models.PositiveIntegerField()),
                ('accepted_on', models.DateField(null=True)),
                ('agreement', models.TextField(blank=True)),
                ('agreement_from', models.DateField(null=True)),
                ('agreement_to', models.DateField(null=True)),
            ],
            options={
                'ordering': ['site', 'from_day'],
            },
        ),
        migrations.CreateModel(
            name='StaffRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('city', models.CharField(max_length=6)),
                ('from_day', models.DateField()),
                ('to_day', models.DateField(null=True)),
                ('recorded_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('source', models.TextField()),
                ('post', models.TextField()),
                ('full_time', models.BooleanField()),
                ('institution_code', models.TextField(blank=True)),
                ('trained_on', models.DateField(null=True)),
                ('appraisal', models.TextField(blank=True)),
                ('has_pledge', models.BooleanField()),
                ('has_agreement', models.BooleanField()),
                ('pledge_until', models.DateField(null=True)),
                ('agreement_until', models.DateField(null=True)),
            ],
            options={
                'ordering': ['staff', 'from_day'],
            },
        ),
        migrations.CreateModel(
            name='StaffRelation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('city', models.CharField(max_length=6)),
                ('person', models.CharField(max_length=64)),
                ('kind', models.TextField()),
                ('body', models.TextField()),
                ('share', models.DecimalField(decimal_places=3, max_digits=6, null=True)),
                ('from_day', models.DateField(null=True)),
                ('to_day', models.DateField(null=True)),
                ('declared', models.BooleanField()),
                ('source', models.TextField(blank=True)),
                ('recorded_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['person', 'body'],
            },
        ),
        migrations.CreateModel(
            name='WrittenReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('city', models.CharField(max_length=6)),
                ('number', models.CharField(max_length=24, unique=True)),
                ('ulid', models.CharField(max_length=26, unique=True)),
                ('kind', models.CharField(choices=[('first', '首次'), ('scope', '增加、变更业务范围'), ('change', '信息变更'), ('deregistration', '注销')], max_length=14)),
                ('code', models.CharField(max_length=18)),
                ('said', kaopei.office.personal.EncryptedTextField('registry.report')),
                ('digest', models.CharField(max_length=64)),
                ('changed_on', models.DateField()),
                ('days_late', models.PositiveIntegerField(default=0)),
                ('submitted_by', models.CharField(max_length=32)),
                ('submitted_at', models.DateTimeField()),
                ('due_on', models.DateField(null=True)),
                ('status', models.CharField(choices=[('submitted', '待核实'), ('registered', '已登记'), ('returned', '已退回'), ('withdrawn', '已撤回')], default='submitted', max_length=10)),
                ('revision', models.PositiveIntegerField(default=0)),
                ('checked', models.JSONField(default=list)),
                ('reasons', models.TextField(blank=True)),
                ('decided_by', models.CharField(blank=True, max_length=32)),
                ('decided_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-submitted_at', '-pk'],
            },
        ),
        migrations.AddField(
            model_name='examstaff',
            name='agreement_until',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='examstaff',
            name='pledge_until',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='examstaff',
            name='revision',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='institution',
            name='kind',
            field=models.CharField(choices=[('institution', '培训机构'), ('platform', '网络培训平台')], default='institution', max_length=12),
        ),
        migrations.AddField(
            model_name='institution',
            name='revision',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='institution',
            name='website',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='qualification',
            name='closed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='qualification',
            name='recorded_at',
            field=models.DateTimeField(default=datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='qualification',
            name='source',
            field=models.TextField(default=''),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='registration',
            name='address',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='registration',
            name='closed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='registration',
            name='district',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='registration',
            name='name',
            field=models.TextField(default=''),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='registration',
            name='phone',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='registration',
            name='recorded_at',
            field=models.DateTimeField(default=datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='registration',
            name='report',
            field=models.CharField(blank=True, max_length=24),
        ),
        migrations.AddField(
            model_name='registration',
            name='website',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='site',
            name='revision',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddIndex(
            model_name='attachment',
            index=models.Index(fields=['city', 'obj'], name='registry_at_city_8e1c92_idx'),
        ),
        migrations.AddField(
            model_name='bodystanding',
            name='institution',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='standings', to='registry.institution'),
        ),
        migrations.AddConstraint(
            model_name='exambody',
            constraint=models.CheckConstraint(condition=models.Q(('to_day__isnull', True), ('to_day__gte', models.F('from_day')), _connector='OR'), name='exam_body_from_before_to'),
        ),
        migrations.AddConstraint(
            model_name='exambody',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True), ('to_day__isnull', True)), fields=('city',), name='one_exam_body_per_city'),
        ),
        migrations.AddConstraint(
            model_name='sitecap',
            constraint=models.CheckConstraint(condition=models.Q(('to_day__isnull', True), ('to_day__gte', models.F('from_day')), _connector='OR'), name='site_cap_from_before_to'),
        ),
        migrations.AddConstraint(
            model_name='sitecap',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True), ('to_day__isnull', True)), fields=('city',), name='one_open_site_cap'),
        ),
        migrations.AddField(
            model_name='siterecord',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='records', to='registry.site'),
        ),
        migrations.AddField(
            model_name='staffrecord',
            name='staff',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='records', to='registry.examstaff'),
        ),
        migrations.AddIndex(
            model_name='staffrelation',
            index=models.Index(fields=['city', 'person'], name='registry_st_city_c4c066_idx'),
        ),
        migrations.AddIndex(
            model_name='writtenreport',
            index=models.Index(fields=['city', 'status', 'due_on'], name='registry_wr_city_b33a25_idx'),
        ),
        migrations.AddConstraint(
            model_name='writtenreport',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'submitted')), fields=('city', 'code'), name='one_open_report'),
        ),
        migrations.AddConstraint(
            model_name='writtenreport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('status', 'submitted')), models.Q(models.Q(('status', 'submitted'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='report_open_is_undecided'),
        ),
        migrations.AddConstraint(
            model_name='bodystanding',
            constraint=models.CheckConstraint(condition=models.Q(('site__isnull', True), ('institution__isnull', True), _connector='XOR'), name='standing_of_one_body'),
        ),
        migrations.AddConstraint(
            model_name='siterecord',
            constraint=models.CheckConstraint(condition=models.Q(('to_day__isnull', True), ('to_day__gte', models.F('from_day')), _connector='OR'), name='site_record_from_before_to'),
        ),
        migrations.AddConstraint(
            model_name='siterecord',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True), ('to_day__isnull', True)), fields=('site',), name='one_open_site_record'),
        ),
        migrations.AddConstraint(
            model_name='staffrecord',
            constraint=models.CheckConstraint(condition=models.Q(('to_day__isnull', True), ('to_day__gte', models.F('from_day')), _connector='OR'), name='staff_record_from_before_to'),
        ),
        migrations.AddConstraint(
            model_name='staffrecord',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True), ('to_day__isnull', True)), fields=('staff',), name='one_open_staff_record'),
        ),
    ]

