"""What row-level security by city costs: python bench/scope.py [ROWS]. Prints figures and the ratio, asserts nothing about time.

The same table twice, one under the policy of `office.scope`, one without; queries by the program's role, 21 cities. Three columns: without
the policy, the query names the city; under the policy, as the programs ask, through the manager of `CityRow`, which names the city in
scope (the ratio is what policy and manager cost together); under the policy alone, a query that leaves the city to it (the ratio is what
it costs not to name the city: `… OR scope = '*'` uses no index).
"""

import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import django  # noqa: E402
import psycopg  # noqa: E402
from django.conf import settings  # noqa: E402

settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.postgresql"}}, INSTALLED_APPS=[])
django.setup()

from django.db import models  # noqa: E402

from kaopei.office import scope  # noqa: E402
from kaopei.office.database import Cluster  # noqa: E402
from kaopei.office.database_roles import prepare  # noqa: E402

ROUNDS = 200
CITY = "440600"
QUERIES = {
    "a page of 50, newest first": "SELECT id, number, decision FROM {table} {where} ORDER BY id DESC LIMIT 50",
    "one row by its number": "SELECT id, number, decision FROM {table} {where} {also} number = 'N-{mine}'",
    "count of a city by decision": "SELECT decision, count(*) FROM {table} {where} GROUP BY decision",
    "the whole city, read": "SELECT id, number, decision FROM {table} {where}",
}


class Scoped(scope.CityRow):
    """The table under the policy, as a model of the programs is written."""

    number = models.TextField()
    decision = models.TextField()

    class Meta:
        app_label, db_table = "bench", "scoped"


FIELDS = ("id", "number", "decision")
# The same questions, asked through the manager; nothing in them names a city.
ASKED = {
    "a page of 50, newest first": lambda mine: Scoped.objects.order_by("-id").values_list(*FIELDS)[:50],
    "one row by its number": lambda mine: Scoped.objects.filter(number=f"N-{mine}").values_list(*FIELDS),
    "count of a city by decision": lambda mine: Scoped.objects.values_list("decision").annotate(n=models.Count("*")),
    "the whole city, read": lambda mine: Scoped.objects.values_list(*FIELDS),
}


def fill(line: psycopg.Connection, rows: int) -> int:
    """Both tables with rows of 21 cities; the position of a row of ours."""
    for table in ("plain", "scoped"):
        line.execute(f"CREATE TABLE {table} (id bigserial PRIMARY KEY, city varchar(6) NOT NULL, number text NOT NULL, decision text NOT NULL)")
        line.execute(
            f"INSERT INTO {table} (city, number, decision) SELECT (440100 + 100 * (n %% 21))::text, 'N-' || n,"
            " (ARRAY['accept', 'refuse', 'hold'])[1 + n %% 3] FROM generate_series(1, %s) n", [rows],
        )  # fmt: skip
        line.execute(f"CREATE INDEX ON {table} (city, id)")
        line.execute(f"CREATE INDEX ON {table} (number)")
    for operation in scope.policy("scoped"):
        line.execute(operation.sql)
    for table in ("plain", "scoped"):
        line.execute(f"ANALYZE {table}")
    return 5 + 21 * (rows // 42)


def milliseconds(line: psycopg.Connection, query: str, values: tuple[object, ...] = ()) -> float:
    """The median of many rounds."""
    took = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        line.execute(query, values or None).fetchall()
        took.append(time.perf_counter() - begin)
    return 1000 * statistics.median(took)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 210_000
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with Cluster(Path(folder) / "pg", name="kaopei", durable=False) as server:
            server.start()
            prepare(server.owner_url)
            with psycopg.connect(server.owner_url, autocommit=True) as owner:
                mine = fill(owner, rows)
            with psycopg.connect(server.app_url, autocommit=True) as line:
                print(f"{platform.machine()} {platform.python_version()}, {rows} rows of 21 cities, {ROUNDS} rounds, median")
                line.execute("SELECT set_config('kaopei.scope', %s, false)", [CITY])
                for name, query in QUERIES.items():
                    base = query.format(table="plain", where=f"WHERE city = '{CITY}'", also="AND", mine=mine)
                    under = query.format(table="scoped", where="", also="WHERE", mine=mine)
                    with scope.named(CITY):
                        asked, values = ASKED[name](mine).query.sql_with_params()
                    found = [line.execute(base), line.execute(under), line.execute(asked, values)]
                    same = len({str(sorted(one.fetchall())) for one in found}) == 1
                    without, within, alone = milliseconds(line, base), milliseconds(line, asked, values), milliseconds(line, under)
                    print(
                        f"{without:8.3f} ms  {within:8.3f} ms {within / without:5.2f} ×  alone {alone:8.3f} ms {alone / without:5.2f} ×"
                        f"  {name}{'' if same else '  ROWS DIFFER'}"
                    )
                line.execute("SELECT set_config('kaopei.scope', '', false)")
                print(f"without a scope: {line.execute('SELECT count(*) FROM scoped').fetchone()} rows")


if __name__ == "__main__":
    main()
