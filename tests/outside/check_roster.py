"""Usage: check_roster.py DIR ROSTER.csv   checks a duty roster against the written rules.

ROSTER.csv has one row per person and duty; the columns may be called
sitting/场次编号, post/岗位, person/身份证号码 (others are ignored; a row without a person is a gap).
Without ROSTER.csv only the best possible coverage is printed.
"""
import csv
import sys
from collections import Counter, defaultdict

from common import norm, read_xlsx
from staff_rules import Recusal

NAMES = {"sitting": ("sitting", "场次编号", "场次"), "post": ("post", "岗位", "role", "duty"),
         "person": ("person", "身份证号码", "身份证号", "id", "staff")}
EVEN_WITHIN = 3


def read_roster(path):
    with open(path, encoding="utf-8-sig", newline="") as source:
        table = list(csv.DictReader(source))
    header = table[0].keys() if table else []
    columns = {}
    for key, choices in NAMES.items():
        columns[key] = next((c for c in choices if c in header), None)
        if table and not columns[key]:
            sys.exit("no column for %s in %s" % (key, list(header)))
    rows = [tuple(str(r[columns[k]] or "").strip() for k in ("sitting", "post", "person")) for r in table]
    return [(s, p, norm(i)) for s, p, i in rows if norm(i)]


class Duties:
    def __init__(self, folder):
        self.recusal = Recusal(folder)
        self.post = {norm(p["身份证号码"]): str(p["岗位"]).strip() for p in self.recusal.staff}
        self.need = {(r["场次编号"], r["岗位"]): r for r in read_xlsx(folder, "值班需求.xlsx")}
        self.allowed = {(row[0], row[1]): row[2] for row in self.recusal.table()}

    def can(self, person, duty):
        return self.post.get(person) == duty[1] and self.allowed.get((person, duty[0])) == 1

    def when(self, duty):
        row = self.need[duty]
        return str(row["日期"]), row["开始"], row["结束"]

    def clash(self, a, b):
        (da, sa, ea), (db, sb, eb) = self.when(a), self.when(b)
        return da == db and sa < eb and sb < ea


def faults(duties, roster):
    found, load = [], defaultdict(list)
    for (sitting, post, person), times in Counter(roster).items():
        duty = (sitting, post)
        if times > 1:
            found.append(("twice", person, duty))
        if duty not in duties.need:
            found.append(("no such duty", person, duty))
            continue
        if person not in duties.post:
            found.append(("no such person", person, duty))
        elif duties.post[person] != post:
            found.append(("wrong post", person, duty))
        if duties.allowed.get((person, sitting)) != 1:
            found.append(("barred", person, duty))
        found += [("two places at once", person, duty, other) for other in load[person] if duties.clash(duty, other)]
        load[person].append(duty)
    filled = Counter((s, p) for s, p, _ in roster)
    found += [("too many", "", d) for d, n in filled.items() if d in duties.need and n > int(duties.need[d]["人数"])]
    return found, load, filled


def best_cover(duties):
    """Most places that can be filled, by post; exact while the hours of one post's duties are equal or disjoint."""
    best, groups = Counter(), defaultdict(list)
    for duty in duties.need:
        groups[(duty[1],) + duties.when(duty)].append(duty)
    for a in groups:
        for b in groups:
            if a < b and a[:2] == b[:2] and a[2] < b[3] and b[2] < a[3]:
                print("note: overlapping unequal hours", a, b, "- the best coverage is only an upper bound")
    for group, members in groups.items():
        places = [d for d in members for _ in range(int(duties.need[d]["人数"]))]
        people = {d: [p for p in duties.post if duties.can(p, d)] for d in members}
        best[group[0]] += matching(places, people)
    return best


def matching(places, people):
    holder = {}

    def seat(index, tried):
        for person in people[places[index]]:
            if person not in tried:
                tried.add(person)
                if person not in holder or seat(holder[person], tried):
                    holder[person] = index
                    return True
        return False

    return sum(seat(i, set()) for i in range(len(places)))


def evenness(duties, load):
    """A duty that could go straight from one person to another with at least 4 fewer is uneven."""
    uneven, spread = [], {}
    for post in sorted({d[1] for d in duties.need}):
        people = [p for p in duties.post if duties.post[p] == post]
        usable = [p for p in people if any(duties.can(p, d) for d in duties.need)]
        loads = [len(load[p]) for p in usable]
        spread[post] = (min(loads), max(loads)) if loads else (0, 0)
        for giver in usable:
            for taker in usable:
                if len(load[giver]) - len(load[taker]) > EVEN_WITHIN and any(
                        duties.can(taker, d) and not any(duties.clash(d, o) for o in load[taker]) for d in load[giver]):
                    uneven.append((post, giver, len(load[giver]), taker, len(load[taker])))
    return spread, uneven


def main():
    sys.setrecursionlimit(5000)
    duties = Duties(sys.argv[1])
    best, wanted = best_cover(duties), Counter()
    for (_, post), row in duties.need.items():
        wanted[post] += int(row["人数"])
    if len(sys.argv) < 3:
        for post in sorted(wanted):
            print(post, "wanted", wanted[post], "best possible", best[post])
        return
    found, load, filled = faults(duties, read_roster(sys.argv[2]))
    kinds = Counter(f[0] for f in found)
    print("faults", sum(kinds.values()), dict(kinds))
    for fault in found[:20]:
        print("  ", *fault)
    got = Counter()
    for duty, number in filled.items():
        got[duty[1]] += number
    for post in sorted(wanted):
        print(post, "wanted", wanted[post], "filled", got[post], "best possible", best[post],
              "" if got[post] >= best[post] else "<- fewer than possible")
    spread, uneven = evenness(duties, load)
    print("load, least and most per person:", spread)
    print("pairs more than %d apart that one straight hand-over would bring closer: %d" % (EVEN_WITHIN, len(uneven)))
    for line in uneven[:10]:
        print("  ", *line)
    short = any(got[p] < best[p] for p in wanted)
    sys.exit(1 if found or short or uneven else 0)


if __name__ == "__main__":
    main()
