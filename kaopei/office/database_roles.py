"""Who may do what in the database: the owner migrates, programs work as `kaopei_app`, the portal reads what is published.

A superuser passes every row-level policy, so no program ever works as one.
"""

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql

OWNER, APP, PORTAL = "kaopei_owner", "kaopei_app", "kaopei_portal"


def make(admin_url: str, name: str) -> None:
    """Make the three roles and the database, if missing; repeatable."""
    with psycopg.connect(admin_url, autocommit=True) as line:
        for role in (OWNER, APP, PORTAL):
            if not line.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                # CREATEDB only serves the tests, whose databases the owner makes.
                more = "CREATEDB" if role == OWNER else ""
                line.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE {more}")
        if not line.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            line.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER)))


def prepare(owner_url: str) -> None:
    """Before migrations: what the owner makes from now on, programs may read and write; the portal only what is granted."""
    with psycopg.connect(owner_url, autocommit=True) as line:
        line.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        line.execute(f"GRANT USAGE ON SCHEMA public TO {APP}, {PORTAL}")
        line.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP}")
        line.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP}")


def addresses(url: str, owner_url: str | None) -> tuple[str, str, str]:
    """Owner, program and portal addresses on a server named by the environment.

    An address whose user may take the roles (an administrator's) is enough: each connection then takes its role when it opens.
    An address of `kaopei_app` itself needs the owner's address beside it for migrations.
    """
    if urlsplit(url).username == APP:
        return owner_url or url, url, url
    admin = owner_url or url
    with psycopg.connect(admin, autocommit=True) as line:
        _take_roles(line)
    return as_role(admin, OWNER), as_role(url, APP), as_role(url, PORTAL)


def _take_roles(line: psycopg.Connection) -> None:
    for role in (OWNER, APP, PORTAL):
        if not line.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
            line.execute(f"CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS")
        line.execute(f"GRANT {role} TO CURRENT_USER")
    here = line.info.dbname
    line.execute(sql.SQL("GRANT ALL ON DATABASE {} TO {}").format(sql.Identifier(here), sql.Identifier(OWNER)))
    line.execute(f"GRANT ALL ON SCHEMA public TO {OWNER} WITH GRANT OPTION")


def as_role(url: str, role: str) -> str:
    """The same address, taking `role` as soon as the connection opens."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    query["options"] = " ".join(filter(None, [query.get("options", ""), f"-crole={role}"]))
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))


def identity(url: str) -> str:
    """What makes a server that server, however it is reached."""
    with psycopg.connect(url, autocommit=True) as line:
        row = line.execute("SELECT system_identifier::text FROM pg_control_system()").fetchone()
    assert row is not None
    return str(row[0])
