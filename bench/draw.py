"""How fast a draw and its verification are, on instances built here: `python bench/draw.py [10000 100000 …]`.

Prints CPU seconds without reading or writing files, for reading the tables (parse) and the draw with its files as
bytes, the ratio of the verifier to both together, and the most memory of each. Draw and verifier run in processes of
their own; `--times N` repeats both in turn and prints the least and the median, since shared machines vary, and `--python
PATH` takes another interpreter, such as a release build (with profile-guided optimization) beside one built from source.
`--shapes` draws and verifies small instances of many shapes: 1 to 21 cities, more and fewer seats than people, public
sites from none to all, one site, no site, all sites suspended. With `--flow PYTHON` an interpreter that has OR-tools
solves the theory part as a min-cost flow in a process of its own (a node a candidate, most seats first, then the
nearest bands), of 10,000 candidates or of every shape, and the ratio to the draw's CPU time is printed.
"""

import gc
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kaopei.lottery import draw, pool, verify  # noqa: E402
from kaopei.lottery.eligibility import Eligibility  # noqa: E402
from kaopei.lottery.odds import Odds  # noqa: E402


class Shape(NamedTuple):
    """What an instance looks like: shares in percent; `load` is people to seats; no `public` share: every third site."""

    cities: int
    load: int = 100
    public: int | None = None
    sites: int = 12
    suspended: bool = False


SEED = sha256(b"bench").hexdigest()
SUBJECTS = [f"S{number:02}" for number in range(36)]


class Dice:
    """Numbers that are the same on every machine."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._stream = self._numbers()

    def _numbers(self) -> Iterator[int]:
        turn = 0
        while True:
            block = sha256(f"{self._name}/{turn}".encode()).digest()
            yield from (int.from_bytes(block[at : at + 4], "big") for at in range(0, 32, 4))
            turn += 1

    def below(self, bound: int) -> int:
        """A number from 0 to bound − 1."""
        return next(self._stream) % bound


def instance(candidates: int, shape: Shape | None = None) -> dict[str, bytes]:
    """A province; if nothing else is asked for, a city for every 5,000 candidates and about as many seats as people."""
    dice, shape = Dice(f"province of {candidates}"), shape or Shape(max(2, min(21, candidates // 5000)))
    cities = shape.cities
    rows: dict[str, list[str]] = {
        "cities.csv": ["city_id,name,own_school_allowed,accepts_cross"],
        "districts.csv": ["district_id,city_id,name,x_m,y_m"],
        "subjects.csv": ["subject,category,has_practical,cross_city"],
        "institutions.csv": ["inst_id,city_id,controller,kind,x_m,y_m"],
        "points.csv": ["point_id,city_id,kind,inst_id,controller,x_m,y_m,theory_subjects,practical_subjects"],
        "suspensions.csv": ["point_id,from_day,to_day"],
        "sessions.csv": ["session_id,point_id,day,slot,part,subjects,seats"],
        "candidates.csv": ["cand_id,city_id,inst_id,subject,parts,district_id,earliest_day,student,avoid"],
    }
    rows["subjects.csv"] += [f"{name},C{at // 6},{int(at % 9 > 1)},{int(at >= 24)}" for at, name in enumerate(SUBJECTS)]
    for city in range(cities):
        _city(rows, dice, city, shape)
    if shape.sites:
        _sessions(rows, dice, candidates * 100 // shape.load)
    number = 0
    while number < candidates:
        # People come in classes: one institution, subject and last day of training.
        city, part = dice.below(cities), ("T", "TP", "TP", "P")[dice.below(4)]
        who = f"C{city:02},I{city:02}{dice.below(20):02},{SUBJECTS[dice.below(36)]},{part}"
        rest = f"{dice.below(20)},{int(dice.below(5) == 0)}"
        for _ in range(min(10 + dice.below(40), candidates - number)):
            rows["candidates.csv"].append(f"K{number:07},{who},D{city:02}{dice.below(8)},{rest},")
            number += 1
    files = {name: ("\n".join(lines) + "\n").encode() for name, lines in rows.items()}
    return files | {"meta.json": b'{"format":"xalloc/1","rules":{}}'}


def _city(rows: dict[str, list[str]], dice: Dice, city: int, shape: Shape) -> None:
    name = f"C{city:02}"
    rows["cities.csv"].append(f"{name},city {city},{city % 2},{int(city % 3 > 0)}")

    def spot() -> str:
        return f"{city * 90000 + dice.below(60000)},{dice.below(60000)}"

    for number in range(8):
        rows["districts.csv"].append(f"D{city:02}{number},{name},district,{spot()}")
    for number in range(20):
        kind = ("training", "school", "online")[number % 3]
        rows["institutions.csv"].append(f"I{city:02}{number:02},{name},{f'G{city}' if number < 3 else ''},{kind},{spot()}")
    for number in range(shape.sites):
        kind = ("public", "attached", "school")[number % 3]
        if shape.public is not None:
            kind = "public" if number * 100 < shape.public * shape.sites else ("attached", "school")[number % 2]
        host = "" if kind == "public" else f"I{city:02}{number:02}"
        lists = [";".join(each for each in SUBJECTS if dice.below(10) < share) for share in (8, 6)]
        rows["points.csv"].append(f"P{city:02}{number:02},{name},{kind},{host},,{spot()},{lists[0]},{lists[1]}")
        if shape.suspended:
            rows["suspensions.csv"].append(f"P{city:02}{number:02},0,99")


def _sessions(rows: dict[str, list[str]], dice: Dice, candidates: int) -> None:
    sites = [line.split(",")[0] for line in rows["points.csv"][1:]]
    for part in "TP":
        wanted, number = candidates * 3 // 4, 0
        while wanted > 0:
            site, seats = sites[number % len(sites)], 20 + dice.below(40)
            subjects = "*" if dice.below(2) else ";".join(each for each in SUBJECTS if dice.below(3))
            line = f"X{part}{number:05},{site},{1 + dice.below(30)},{dice.below(4)},{part},{subjects},{seats}"
            rows["sessions.csv"].append(line)
            wanted -= seats
            number += 1


FLOW = """
import json, sys, time
from ortools.graph.python import min_cost_flow
given = json.load(sys.stdin)
begin = time.process_time()
flow = min_cost_flow.SimpleMinCostFlow()
people, sessions = len(given["open"]), len(given["seats"])
source, sink = people + sessions, people + sessions + 1
for cand, options in enumerate(given["open"]):
    flow.add_arc_with_capacity_and_unit_cost(source, cand, 1, 0)
    for session, cost in options:
        flow.add_arc_with_capacity_and_unit_cost(cand, people + session, 1, cost)
for session, seats in enumerate(given["seats"]):
    flow.add_arc_with_capacity_and_unit_cost(people + session, sink, seats, 0)
flow.set_node_supply(source, people)
flow.set_node_supply(sink, -people)
status = flow.solve_max_flow_with_min_cost()
assert status == flow.OPTIMAL, status
print(json.dumps([time.process_time() - begin, flow.maximum_flow()]))
"""


def against_flow(python: str, files: dict[str, bytes]) -> None:
    """The theory part at home: CPU of OR-tools and of the draw on the same instance, and that both seat as many."""
    head, *rows = files["candidates.csv"].decode().splitlines()
    theory = [row.replace(",TP,", ",T,") for row in rows if ",P," not in row]
    files = files | {"candidates.csv": "\n".join([head, *theory, ""]).encode()}
    files["cities.csv"] = files["cities.csv"].replace(b",1\n", b",0\n")
    parsed = pool.parse(files)
    begin = time.process_time()
    seated = len(draw.draw(parsed, SEED).allocation)
    mine = time.process_time() - begin
    eligibility, people, open_ = Eligibility(parsed, "T"), parsed.candidates, []
    odds = Odds(parsed, eligibility)
    for number in range(len(people.id)):
        who = (people.city[number], people.subject[number], people.inst[number], people.student[number])
        sites = eligibility.home_sites(*who, people.avoid[number])
        kind = eligibility.kind(sites, people.subject[number], (people.earliest[number], -1))
        wheels = [odds.wheel(kind, people.district[number], tier) for tier in (0, 1)]
        cost = {
            site: 10 * tier - band for tier, wheel in enumerate(wheels) if wheel for site, band in zip(wheel.options.sites, wheel.bands, strict=True)
        }
        open_.append(
            [
                (session, 10 + cost[site])
                for site, mask in zip(kind.sites, kind.masks, strict=True)
                for session in eligibility.sessions_at[site]
                if eligibility.bit[session] & mask
            ]
        )
    given = {"open": open_, "seats": [session.seats * (not session.suspended) for session in parsed.sessions]}
    done = subprocess.run([python, "-c", FLOW], input=json.dumps(given), capture_output=True, text=True, check=True)
    theirs, most = json.loads(done.stdout)
    print(f"theory of {len(open_)}: draw {mine:.3f} s, OR-tools {theirs:.3f} s, ratio {theirs / mine:.1f}")
    print(f"seated {seated}, maximum flow {most}{'' if seated == most else ': DIFFERENT'}")


SHAPES = [
    *(Shape(cities, load, public) for cities in (1, 5, 21) for load in (70, 100, 130) for public in (0, 33, 100)),
    *(Shape(cities, sites=1) for cities in (1, 21)),
    *(Shape(2, sites=0), Shape(21, suspended=True)),
]


def shapes(candidates: int, python: str) -> None:
    """One line a shape: drawn, verified, and held against the flow solver if there is one."""
    print("cities load public sites suspended   draw s verify s  ratio     rows   seated  public")
    for shape in SHAPES:
        files = instance(candidates, shape)
        start = time.process_time()
        outcome = draw.draw(pool.parse(files), SEED)
        outputs = outcome.files()
        drawn = time.process_time()
        problems = verify.verify(files, outputs)
        done = time.process_time()
        if problems:
            raise SystemExit(f"{shape}: {problems[0]}")
        counts, parts = outcome.transcript["counts"], outcome.transcript["components"]
        public = sum(part["public"]["seated"] for part in parts)
        looks = "third" if shape.public is None else shape.public
        print(
            f"{shape.cities:>6} {shape.load:>4} {looks:>6} {shape.sites:>5} {shape.suspended!s:>9}"
            f" {drawn - start:>8.3f} {done - drawn:>8.3f} {(done - drawn) / (drawn - start):>6.2f}"
            f" {counts['rows']:>8} {counts['seated']:>8} {public:>7}"
        )
        if python and shape.sites and not shape.suspended:
            against_flow(python, files)


def timed(python: str, size: int, folder: Path) -> list[float]:
    """One draw and one verification, each in a process of its own: CPU seconds and the most memory of each, in MiB."""
    found: list[float] = []
    for step in ("--draw", "--verify"):
        done = subprocess.run([python, __file__, step, str(folder), str(size)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        found += json.loads(done.stdout)
    return found


def step(word: str, folder: Path, size: int) -> None:
    """Draw the instance in the folder, or verify what was drawn; prints seconds (parse, draw) or (verify), and MiB."""
    files = {path.name: path.read_bytes() for path in (folder / "in").iterdir()}
    outputs = {path.name: path.read_bytes() for path in (folder / "out").iterdir()} if word == "--verify" else {}
    # As the command line does: a draw makes no cycles.
    gc.disable()
    start = time.process_time()
    if word == "--verify":
        problems = verify.verify(files, outputs)
        if problems:
            raise SystemExit(f"{size}: {problems[0]}")
        seconds = [time.process_time() - start]
    else:
        parsed = pool.parse(files)
        read = time.process_time()
        outcome = draw.draw(parsed, SEED)
        # All bytes of the files are made, none is kept, as on the command line.
        made = sum(len(piece) for pieces in outcome.pieces().values() for piece in pieces)
        seconds = [read - start, time.process_time() - read]
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if word == "--draw":
        outputs = outcome.files()
        assert made == sum(map(len, outputs.values()))
        for name, data in outputs.items():
            (folder / "out" / name).write_bytes(data)
    print(json.dumps([*seconds, most]))


def main(python: str, sizes: list[int], times: int) -> None:
    """One line a size: the least and the median of each figure over some runs, and of the ratios of these runs."""
    told = "import platform as p; print(p.python_implementation(), p.python_version(), p.machine(), p.system(), p.python_compiler(), sep=', ')"
    version = subprocess.run([python, "-c", told], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{version}; least / median of {times}")
    print("candidates sessions  parse and draw s    of it parse s         verify s         ratio  seated MiB draw verify")
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for each in ("in", "out"):
                (folder / each).mkdir()
            for each, data in instance(size).items():
                (folder / "in" / each).write_bytes(data)
            runs = [timed(python, size, folder) for _ in range(times)]
            counts = json.loads((folder / "out" / "transcript.json").read_text())["counts"]
        both = [(run[0] + run[1], run[0], run[3], run[3] / (run[0] + run[1])) for run in runs]
        (least, mid), parse, checked, ratio = ((min(each), statistics.median(each)) for each in zip(*both, strict=True))
        print(
            f"{size:>10} {counts['sessions']:>8}  {least:>7.3f} /{mid:>7.3f} {parse[0]:>7.3f} /{parse[1]:>7.3f}"
            f" {checked[0]:>7.3f} /{checked[1]:>7.3f} {ratio[0]:>5.2f} /{ratio[1]:>5.2f}"
            f" {counts['seated']:>7} {max(run[2] for run in runs):>8} {max(run[4] for run in runs):>6}"
        )


if __name__ == "__main__":
    words = sys.argv[1:]
    options = {"--flow": "", "--times": "1", "--python": sys.executable}
    for option in options:
        if option in words:
            at = words.index(option)
            options[option] = words[at + 1]
            words = words[:at] + words[at + 2 :]
    if words[:1] in (["--draw"], ["--verify"]):
        step(words[0], Path(words[1]), int(words[2]))
    elif "--shapes" in words:
        shapes(2000, options["--flow"])
    else:
        if options["--flow"]:
            against_flow(options["--flow"], instance(10_000))
        main(options["--python"], [int(word) for word in words] or [1000, 10_000, 100_000], int(options["--times"]))
