"""What the database itself refuses: a changed certificate, one taken away, another city's rows."""

from django.db import migrations

from kaopei.office.append_only import freeze
from kaopei.office.scope import policy

# What was decided never changes; what was signed never changes; there is one step, and only forwards.
CERTIFICATE = """
CREATE FUNCTION certificates_certificate_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.status = 'signed' OR NEW.status <> 'signed'
    OR (NEW.city, NEW.number, NEW.cert_id, NEW.sitting, NEW.attempt, NEW.person, NEW.name, NEW.subject, NEW.category, NEW.kind,
        NEW.issued_on, NEW.valid_from, NEW.valid_to, NEW.review_by, NEW.notes, NEW.previous, NEW.outcomes_digest, NEW.roster_leaf,
        NEW.release_digest, NEW.event, NEW.issued_by, NEW.issued_at)
       IS DISTINCT FROM
       (OLD.city, OLD.number, OLD.cert_id, OLD.sitting, OLD.attempt, OLD.person, OLD.name, OLD.subject, OLD.category, OLD.kind,
        OLD.issued_on, OLD.valid_from, OLD.valid_to, OLD.review_by, OLD.notes, OLD.previous, OLD.outcomes_digest, OLD.roster_leaf,
        OLD.release_digest, OLD.event, OLD.issued_by, OLD.issued_at)
  THEN
    RAISE EXCEPTION 'certificate % may not change', OLD.number USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER certificates_certificate_steps BEFORE UPDATE OR DELETE ON certificates_certificate
  FOR EACH ROW EXECUTE FUNCTION certificates_certificate_guard();
REVOKE DELETE, TRUNCATE ON certificates_certificate FROM kaopei_app;
"""
UNDO = "DROP TRIGGER certificates_certificate_steps ON certificates_certificate; DROP FUNCTION certificates_certificate_guard()"


class Migration(migrations.Migration):
    dependencies = [("certificates", "0001_initial")]

    operations = [
        migrations.RunSQL(CERTIFICATE, UNDO),
        *freeze("certificates_statuslist"),
        *policy("certificates_certificate"),
    ]
