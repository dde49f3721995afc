import django.db.models.deletion
import kaopei.office.personal
from django.db import migrations, models

from kaopei.office.scope import policy

# A chance is waited for, then a draw's or over; who it is for and what it rests on never change.
ENTRY = """
CREATE FUNCTION applications_practicalentry_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.status <> 'waiting'
    OR (NEW.city, NEW.application_id, NEW.pseudonym, NEW.ground, NEW.theory_on, NEW.counts_until, NEW.source, NEW.attempt, NEW.entered_by,
        NEW.entered_at)
       IS DISTINCT FROM
       (OLD.city, OLD.application_id, OLD.pseudonym, OLD.ground, OLD.theory_on, OLD.counts_until, OLD.source, OLD.attempt, OLD.entered_by,
        OLD.entered_at)
  THEN
    RAISE EXCEPTION 'practical entry %: what is written stays', OLD.pseudonym USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER applications_practicalentry_steps BEFORE UPDATE OR DELETE ON applications_practicalentry
  FOR EACH ROW EXECUTE FUNCTION applications_practicalentry_guard();
"""
UNDO = "DROP TRIGGER applications_practicalentry_steps ON applications_practicalentry; DROP FUNCTION applications_practicalentry_guard()"


class Migration(migrations.Migration):

    dependencies = [
        ('applications', '0002_decision_steps'),
    ]

    operations = [
        migrations.CreateModel(
            name='PracticalEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('city', models.CharField(max_length=6)),
                ('pseudonym', models.CharField(max_length=16, unique=True)),
                ('ground', models.CharField(choices=[('first', '理论合格'), ('resit', '实操补考'), ('again', '重新列入')], max_length=6)),
                ('theory_on', models.DateField()),
                ('counts_until', models.DateField()),
                ('source', models.CharField(max_length=40)),
                ('attempt', models.CharField(max_length=16)),
                ('status', models.CharField(choices=[('waiting', '待抽签'), ('frozen', '已进入抽签'), ('closed', '暂不排考')], default='waiting', max_length=8)),
                ('frozen_in', models.CharField(blank=True, max_length=40)),
                ('reason', kaopei.office.personal.EncryptedTextField('applications.ruling', blank=True)),
                ('entered_by', models.CharField(max_length=60)),
                ('entered_at', models.DateTimeField()),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='practicals', to='applications.application')),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(fields=['city', 'status'], name='application_city_476413_idx')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'waiting')), fields=('application',), name='practical_waits_once'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'frozen'), models.Q(('frozen_in', ''), _negated=True)), models.Q(models.Q(('status', 'frozen'), _negated=True), ('frozen_in', '')), _connector='OR'), name='practical_frozen_has_draw'), models.CheckConstraint(condition=models.Q(('counts_until__gte', models.F('theory_on'))), name='practical_theory_counts')],
            },
        ),
        *policy("applications_practicalentry"),
        migrations.RunSQL(ENTRY, UNDO),
    ]
