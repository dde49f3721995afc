"""What the database itself refuses: other words under an old version, a step back; and all that the portal's role may see."""

from django.db import migrations

from kaopei.office.append_only import freeze
from kaopei.office.database_roles import PORTAL
from kaopei.office.scope import policy

STEPS = """
CREATE FUNCTION publication_publication_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE'
    OR (NEW.city, NEW.kind, NEW.object, NEW.version, NEW.content, NEW.digest, NEW.ground, NEW.since)
       IS DISTINCT FROM (OLD.city, OLD.kind, OLD.object, OLD.version, OLD.content, OLD.digest, OLD.ground, OLD.since)
  THEN
    RAISE EXCEPTION 'publication % % stays as it was published', OLD.kind, OLD.object USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF (OLD.status, NEW.status) NOT IN (
      ('public', 'superseded'), ('public', 'lapsed'), ('public', 'withdrawn'), ('superseded', 'withdrawn')) THEN
    RAISE EXCEPTION 'publication %: no step from % to %', OLD.object, OLD.status, NEW.status USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER publication_publication_steps BEFORE UPDATE OR DELETE ON publication_publication
  FOR EACH ROW EXECUTE FUNCTION publication_publication_guard();
"""
UNDO_STEPS = "DROP TRIGGER publication_publication_steps ON publication_publication; DROP FUNCTION publication_publication_guard()"

TABLES = ("publication", "publishedfile", "publicationround")

# The portal knows no city scope. Policies that permit add up, so a restrictive one says what it may see whatever it sets:
# what is public now, and earlier versions of what has a public history; never what was withdrawn, has lapsed or was corrected.
SHOWN = """
status = 'public' OR (status = 'superseded' AND kind IN ('institution', 'site', 'sitting', 'draw'))
"""
FILE_SHOWN = """
EXISTS (SELECT 1 FROM publication_publication shown
        WHERE shown.city = publication_publishedfile.city AND shown.kind = 'draw' AND shown.object = publication_publishedfile.draw
          AND shown.status = 'public' AND shown.content -> 'files' @> jsonb_build_array(jsonb_build_object('name', publication_publishedfile.name)))
"""
# Why something was withdrawn is for the office only; it is not even granted as a column.
COLUMNS = "id, city, kind, object, version, content, digest, ground, since, until, status"


def opened(table: str, columns: str, condition: str) -> migrations.RunSQL:
    name = f"publication_{table}"
    return migrations.RunSQL(
        f"GRANT SELECT {columns} ON {name} TO {PORTAL};"
        f"CREATE POLICY {name}_portal ON {name} FOR SELECT TO {PORTAL} USING (true);"
        f"CREATE POLICY {name}_portal_only ON {name} AS RESTRICTIVE FOR SELECT TO {PORTAL} USING ({condition})",
        f"DROP POLICY {name}_portal_only ON {name}; DROP POLICY {name}_portal ON {name}; REVOKE SELECT ON {name} FROM {PORTAL}",
    )


class Migration(migrations.Migration):
    dependencies = [("publication", "0001_initial")]

    operations = [
        migrations.RunSQL(STEPS, UNDO_STEPS),
        *freeze("publication_publishedfile"),
        *freeze("publication_publicationround"),
        *(operation for table in TABLES for operation in policy(f"publication_{table}")),
        opened("publication", f"({COLUMNS})", SHOWN),
        opened("publishedfile", "", FILE_SHOWN),
        opened("publicationround", "", "true"),
    ]
