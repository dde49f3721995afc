"""Rows from before there were versions get their first one; new tables come under row-level security.

Nobody noted when the older facts were entered: they count as known since the day they began.
"""

from django.db import migrations

from kaopei.office.append_only import freeze
from kaopei.office.scope import policy

NEW = ("attachment", "exambody", "sheet", "sitecap", "siterecord", "staffrecord", "staffrelation", "writtenreport")
FILL = """
SELECT set_config('kaopei.scope', '*', true);
UPDATE registry_registration r SET name = i.name, district = i.district, address = i.address, phone = i.phone,
  recorded_at = least(r.from_day::timestamp AT TIME ZONE 'Asia/Shanghai', now())
  FROM registry_institution i WHERE i.id = r.institution_id;
UPDATE registry_qualification SET recorded_at = least(from_day::timestamp AT TIME ZONE 'Asia/Shanghai', now());
UPDATE registry_bodystanding SET recorded_at = least(from_day::timestamp AT TIME ZONE 'Asia/Shanghai', now());
INSERT INTO registry_siterecord (city, site_id, name, kind, host_code, district, longitude, latitude, theory_seats, agreement,
  from_day, recorded_at, source)
  SELECT s.city, s.id, s.name, s.kind, s.host_code, s.district, s.longitude, s.latitude, s.theory_seats, '',
    coalesce(min(q.from_day), current_date), now(), '以前的登记'
  FROM registry_site s LEFT JOIN registry_qualification q ON q.site_id = s.id GROUP BY s.id;
INSERT INTO registry_staffrecord (city, staff_id, post, full_time, institution_code, trained_on, appraisal, has_pledge, has_agreement,
  from_day, recorded_at, source)
  SELECT city, id, post, full_time, institution_code, trained_on, appraisal, has_pledge, has_agreement, current_date, now(), '以前的登记'
  FROM registry_examstaff;
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_versions")]
    operations = [
        *(operation for table in NEW for operation in policy(f"registry_{table}")),
        *freeze("registry_attachment"),
        # Last: a table with rows of this transaction cannot be altered any more.
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
