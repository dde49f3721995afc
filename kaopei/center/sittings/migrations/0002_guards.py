"""What the database itself refuses: a changed record, a step out of order, a share that comes back, another city's rows."""

from django.db import migrations

from kaopei.office.append_only import freeze
from kaopei.office.scope import policy

MACHINE = """
CREATE FUNCTION sittings_machine_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.status = 'enrolled'
    OR (NEW.city, NEW.site, NEW.serial, NEW.function, NEW.payload, NEW.request_digest, NEW.acceptors, NEW.not_before, NEW.not_after)
       IS DISTINCT FROM
       (OLD.city, OLD.site, OLD.serial, OLD.function, OLD.payload, OLD.request_digest, OLD.acceptors, OLD.not_before, OLD.not_after)
    OR (NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (('asked', 'accepted'), ('accepted', 'enrolled')))
  THEN
    RAISE EXCEPTION 'machine %: what is signed may not change', OLD.serial USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER sittings_machine_steps BEFORE UPDATE OR DELETE ON sittings_machine
  FOR EACH ROW EXECUTE FUNCTION sittings_machine_guard();
"""

CONDUCT = """
CREATE FUNCTION sittings_conduct_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE'
    OR (NEW.city, NEW.sitting, NEW.site, NEW.day, NEW.starts_at, NEW.ends_at)
       IS DISTINCT FROM (OLD.city, OLD.sitting, OLD.site, OLD.day, OLD.starts_at, OLD.ends_at)
    OR (NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (
      ('planned', 'ordered'), ('ordered', 'sealed'), ('sealed', 'seated'), ('seated', 'released'), ('released', 'returned'),
      ('returned', 'receipted'), ('receipted', 'returned'), ('sealed', 'ordered'), ('seated', 'ordered')))
  THEN
    RAISE EXCEPTION 'sitting %: no step from % to %', OLD.sitting, OLD.status, NEW.status USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER sittings_conduct_steps BEFORE UPDATE OR DELETE ON sittings_conduct
  FOR EACH ROW EXECUTE FUNCTION sittings_conduct_guard();
"""

SHARE = """
CREATE FUNCTION sittings_keyshare_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.handed_at IS NOT NULL OR NEW.handed_at IS NULL OR OLD.holder = 'key_service'
    OR (NEW.city, NEW.conduct_id, NEW.package, NEW.number, NEW.stage, NEW.x, NEW.holder, NEW.form, NEW.digest, NEW.taken_at, NEW.taken_by)
       IS DISTINCT FROM
       (OLD.city, OLD.conduct_id, OLD.package, OLD.number, OLD.stage, OLD.x, OLD.holder, OLD.form, OLD.digest, OLD.taken_at, OLD.taken_by)
  THEN
    RAISE EXCEPTION 'share %: it is handed over once and stays what it was', OLD.number USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER sittings_keyshare_steps BEFORE UPDATE OR DELETE ON sittings_keyshare
  FOR EACH ROW EXECUTE FUNCTION sittings_keyshare_guard();
"""

RELEASE = """
CREATE FUNCTION sittings_keyrelease_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.status <> 'asked'
    OR (NEW.city, NEW.conduct_id, NEW.approval, NEW.package, NEW.stage, NEW.machine, NEW.challenge, NEW.waivers, NEW.reason, NEW.asked_by)
       IS DISTINCT FROM
       (OLD.city, OLD.conduct_id, OLD.approval, OLD.package, OLD.stage, OLD.machine, OLD.challenge, OLD.waivers, OLD.reason, OLD.asked_by)
  THEN
    RAISE EXCEPTION 'release %: the log of the key service may not change', OLD.id USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER sittings_keyrelease_steps BEFORE UPDATE OR DELETE ON sittings_keyrelease
  FOR EACH ROW EXECUTE FUNCTION sittings_keyrelease_guard();
"""

GUARDED = ("machine", "conduct", "keyshare", "keyrelease")
WRITTEN_ONCE = ("rosterentry", "artefact", "attempt", "quarantine")


def undo(table: str) -> str:
    name = f"sittings_{table}"
    return f"DROP TRIGGER {name}_steps ON {name}; DROP FUNCTION {name}_guard()"


class Migration(migrations.Migration):
    dependencies = [("sittings", "0001_initial")]

    operations = [
        *(
            migrations.RunSQL(text, undo(table))
            for table, text in zip(GUARDED, (MACHINE, CONDUCT, SHARE, RELEASE), strict=True)
        ),
        *(operation for table in WRITTEN_ONCE for operation in freeze(f"sittings_{table}")),
        *(operation for table in (*GUARDED, *WRITTEN_ONCE) for operation in policy(f"sittings_{table}")),
    ]
