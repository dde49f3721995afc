"""What the database itself refuses: a change of anything frozen, a step out of order, another city's rows."""

from django.db import migrations

from kaopei.office.append_only import freeze
from kaopei.office.scope import policy

SITTING = """
CREATE FUNCTION allocation_sitting_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.frozen_in <> '' THEN
    RAISE EXCEPTION 'sitting % is frozen in %', OLD.number, OLD.frozen_in USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER allocation_sitting_frozen BEFORE UPDATE OR DELETE ON allocation_sitting
  FOR EACH ROW EXECUTE FUNCTION allocation_sitting_guard();
"""

# Announced facts never change; what a step has written stays; the status moves only along the table of the model.
DRAW = """
CREATE FUNCTION allocation_draw_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'draw % stays in the record', OLD.number USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF (NEW.city, NEW.number, NEW.batch, NEW.part, NEW.serial, NEW.rules, NEW.rule_document, NEW.rule_published_on, NEW.own_school_allowed,
      NEW.public_source, NEW.public_at, NEW.objections_until, NEW.announced_by, NEW.announced_at)
     IS DISTINCT FROM
     (OLD.city, OLD.number, OLD.batch, OLD.part, OLD.serial, OLD.rules, OLD.rule_document, OLD.rule_published_on, OLD.own_school_allowed,
      OLD.public_source, OLD.public_at, OLD.objections_until, OLD.announced_by, OLD.announced_at)
    OR (OLD.input_digest <> '' AND (NEW.input_digest, NEW.frozen_by, NEW.frozen_at, NEW.freeze_record)
        IS DISTINCT FROM (OLD.input_digest, OLD.frozen_by, OLD.frozen_at, OLD.freeze_record))
    OR (OLD.public_value <> '' AND NEW.public_value <> OLD.public_value)
    OR (OLD.seed <> '' AND (NEW.seed, NEW.drawn_at, NEW.counts, NEW.transcript_digest)
        IS DISTINCT FROM (OLD.seed, OLD.drawn_at, OLD.counts, OLD.transcript_digest))
    OR (OLD.countersignature <> '' AND (NEW.countersignature, NEW.verification, NEW.verified_by)
        IS DISTINCT FROM (OLD.countersignature, OLD.verification, OLD.verified_by))
  THEN
    RAISE EXCEPTION 'draw %: what is fixed may not change', OLD.number USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (
      ('announced', 'committed'), ('announced', 'closed'), ('committed', 'closed'), ('committed', 'frozen'), ('frozen', 'revealed'),
      ('revealed', 'drawn'), ('drawn', 'verified'), ('drawn', 'disputed')) THEN
    RAISE EXCEPTION 'draw %: no step from % to %', OLD.number, OLD.status, NEW.status USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER allocation_draw_steps BEFORE UPDATE OR DELETE ON allocation_draw
  FOR EACH ROW EXECUTE FUNCTION allocation_draw_guard();
"""

PARTY = """
CREATE FUNCTION allocation_party_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE'
    OR (NEW.city, NEW.draw_id, NEW.key, NEW.interest, NEW.title, NEW.username)
       IS DISTINCT FROM (OLD.city, OLD.draw_id, OLD.key, OLD.interest, OLD.title, OLD.username)
    OR (OLD.commitment <> '' AND (NEW.commitment, NEW.committed_at, NEW.commit_record, NEW.deposit, NEW.sealed, NEW.share_digests)
        IS DISTINCT FROM (OLD.commitment, OLD.committed_at, OLD.commit_record, OLD.deposit, OLD.sealed, OLD.share_digests))
    OR (OLD.secret <> '' AND (NEW.secret, NEW.revealed_at, NEW.from_escrow)
        IS DISTINCT FROM (OLD.secret, OLD.revealed_at, OLD.from_escrow))
  THEN
    RAISE EXCEPTION 'party %: a commitment or secret may not change', OLD.key USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.secret <> OLD.secret AND NOT EXISTS (SELECT 1 FROM allocation_draw WHERE id = NEW.draw_id AND input_digest <> '') THEN
    RAISE EXCEPTION 'party %: no secret before the freeze', OLD.key USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER allocation_party_steps BEFORE UPDATE OR DELETE ON allocation_party
  FOR EACH ROW EXECUTE FUNCTION allocation_party_guard();
"""

FILES = """
CREATE FUNCTION allocation_drawfile_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.name LIKE 'instance/%' OR NEW.name LIKE 'seating/%')
     AND EXISTS (SELECT 1 FROM allocation_draw WHERE id = NEW.draw_id AND input_digest <> '') THEN
    RAISE EXCEPTION 'the input of this draw is frozen' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER allocation_drawfile_frozen BEFORE INSERT ON allocation_drawfile
  FOR EACH ROW EXECUTE FUNCTION allocation_drawfile_guard();
"""

EXCEPTION = """
CREATE FUNCTION allocation_siteexception_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.status = 'approved'
    OR (NEW.city, NEW.draw_id, NEW.site, NEW.ground, NEW.reason, NEW.attachment_digest, NEW.from_day, NEW.to_day, NEW.asked_by)
       IS DISTINCT FROM
       (OLD.city, OLD.draw_id, OLD.site, OLD.ground, OLD.reason, OLD.attachment_digest, OLD.from_day, OLD.to_day, OLD.asked_by)
    OR EXISTS (SELECT 1 FROM allocation_draw WHERE id = OLD.draw_id AND input_digest <> '')
  THEN
    RAISE EXCEPTION 'an exception may not change' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER allocation_siteexception_steps BEFORE UPDATE OR DELETE ON allocation_siteexception
  FOR EACH ROW EXECUTE FUNCTION allocation_siteexception_guard();
"""

GUARDED = {"sitting": "frozen", "draw": "steps", "party": "steps", "drawfile": "frozen", "siteexception": "steps"}
WRITTEN_ONCE = ("drawfile", "opening", "thindecision", "placement", "ticketbundle")
TABLES = ("sitting", "draw", "party", "opening", "drawfile", "siteexception", "thindecision", "placement", "ticketbundle")


def undo(table: str) -> str:
    name = f"allocation_{table}"
    return f"DROP TRIGGER {name}_{GUARDED[table]} ON {name}; DROP FUNCTION {name}_guard()"


class Migration(migrations.Migration):
    dependencies = [("allocation", "0001_initial")]

    operations = [
        migrations.RunSQL(SITTING, undo("sitting")),
        migrations.RunSQL(DRAW, undo("draw")),
        migrations.RunSQL(PARTY, undo("party")),
        migrations.RunSQL(FILES, undo("drawfile")),
        migrations.RunSQL(EXCEPTION, undo("siteexception")),
        *(operation for table in WRITTEN_ONCE for operation in freeze(f"allocation_{table}")),
        *(operation for table in TABLES for operation in policy(f"allocation_{table}")),
    ]
