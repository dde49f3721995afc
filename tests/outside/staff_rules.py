"""Recusal and staff gates, straight from the written rules; reads only the pack's files."""

from common import day, norm, read_csv, read_xlsx

ENDED_STILL_COUNTS = {"任职", "兼职", "曾任"}
CLAUSES = {"R1": "N2.2.5", "R2": "N2.2.5", "R3": "N2.2.5", "R4": "N2.2.5",
           "G1": "N2.5.3", "G2": "N2.5.4", "G3": "N2.5.5", "G4": "N2.5.6"}
GATE_KINDS = {"G1": "gate_training", "G2": "gate_appraisal", "G3": "gate_pledge", "G4": "gate_nda"}


def two_years_before(date):
    try:
        return date.replace(year=date.year - 2)
    except ValueError:
        return date.replace(year=date.year - 2, day=28)


class Recusal:
    """Options name other readings of the rules: 'any_path', 'host_is_link', 'as_written'."""

    def __init__(self, folder, option=""):
        self.option = option
        self.key = (lambda t: str(t or "")) if option == "as_written" else norm
        self.staff = read_xlsx(folder, "考务人员.xlsx")
        self.relations = {}
        for row in read_xlsx(folder, "考务人员关系.xlsx"):
            self.relations.setdefault(self.key(row["身份证号码"]), []).append(row)
        self.links = read_xlsx(folder, "机构关联.xlsx")
        self.hosts = {str(r["考试点编号"]): self.key(r["依托单位信用代码"]) for r in read_xlsx(folder, "考试点.xlsx")}
        self.sittings = read_xlsx(folder, "考试计划.xlsx") + read_xlsx(folder, "考试计划_实操.xlsx")
        self.takers = {}
        for row in read_csv(folder, "场次考生机构.csv"):
            self.takers.setdefault(row["场次编号"], set()).add(self.key(row["培训机构信用代码"]))
        self.graphs, self.reaches = {}, {}

    def tie_counts(self, row, date):
        kind, start, end = row["关系类型"], day(row["起"]), day(row["止"])
        if start and date < start:
            return False
        if kind == "持股" and row["比例%"] != "" and float(row["比例%"]) < 5:
            return False
        if end and end < date:
            return kind in ENDED_STILL_COUNTS and end >= two_years_before(date)
        return True

    def direct(self, person, date):
        found = {}
        column = self.key(person["关联培训机构信用代码"])
        if column:
            found.setdefault(column, "任职")
        for row in self.relations.get(self.key(person["身份证号码"]), []):
            if self.tie_counts(row, date):
                found.setdefault(self.key(row["机构或考试点代码"]), row["关系类型"])
        return found

    def graph(self, date):
        if date not in self.graphs:
            graph = self.graphs[date] = {}
            pairs = []
            for row in self.links:
                start, end = day(row["起"]), day(row["止"])
                small = row["关联类型"] == "参股" and row["比例%"] != "" and float(row["比例%"]) < 5
                if not small and (not start or start <= date) and (not end or date <= end):
                    pairs.append((self.key(row["主体甲代码"]), self.key(row["主体乙代码"])))
            if self.option == "host_is_link":
                pairs += [(site, host) for site, host in self.hosts.items() if host]
            for a, b in pairs:
                graph.setdefault(a, set()).add(b)
                graph.setdefault(b, set()).add(a)
        return self.graphs[date]

    def spread(self, starts, date):
        """{subject: shortest path} for at most two links from the given starts."""
        paths = {x: (kind, x) for x, kind in sorted(starts.items())}
        edge = list(paths)
        for _ in range(2):
            following = []
            for x in edge:
                for y in sorted(self.graph(date).get(x, ())):
                    if y not in paths:
                        paths[y] = paths[x] + (y,)
                        following.append(y)
            edge = following
        return paths

    def reach(self, person, date):
        slot = (self.key(person["身份证号码"]), date)
        if slot not in self.reaches:
            starts = self.direct(person, date)
            self.reaches[slot] = starts, self.spread(starts, date)
        return self.reaches[slot]

    def linked_path(self, person, date, target):
        starts, paths = self.reach(person, date)
        if self.option == "any_path" and target in starts:
            others = {x: k for x, k in starts.items() if x != target}
            return self.spread(others, date).get(target)
        return paths.get(target) if target not in starts else None

    def tie_codes(self, person, date, targets, codes):
        """codes: the code for a direct tie and the code for a linked one."""
        found = {}
        starts = self.reach(person, date)[0]
        for target in sorted(t for t in targets if t):
            if target in starts:
                found.setdefault(codes[0], []).append((starts[target], target))
            path = self.linked_path(person, date, target)
            if path:
                found.setdefault(codes[1], []).append(path)
        return found

    def site_codes(self, person, site, date):
        return self.tie_codes(person, date, {site, self.hosts.get(site, "")}, ("R1", "R2"))

    def gates(self, person, year):
        trained = day(person["最近培训日期"])
        appraisal = str(person["年度考核"]).strip()
        found = []
        if not trained or trained.year != year:
            found.append("G1")
        if "合格" not in appraisal or "不合格" in appraisal:
            found.append("G2")
        if str(person["责任书"]).strip() != "有":
            found.append("G3")
        if str(person["保密协议"]).strip() != "有":
            found.append("G4")
        return found

    def judge(self, person, sitting):
        date, site = day(sitting["日期"]), str(sitting["考试点编号"])
        found = self.site_codes(person, site, date)
        takers = self.takers.get(sitting["场次编号"], set())
        found.update(self.tie_codes(person, date, takers, ("R3", "R4")))
        codes = sorted(found) + self.gates(person, date.year)
        codes.sort(key=lambda c: (c[0] != "R", c))
        paths = [">".join(p) for code in sorted(found) for p in found[code]]
        return codes, "|".join(paths)

    def table(self):
        for person in self.staff:
            for sitting in self.sittings:
                codes, path = self.judge(person, sitting)
                yield (norm(person["身份证号码"]), sitting["场次编号"], 0 if codes else 1, ";".join(codes),
                       ";".join(CLAUSES[c] for c in codes), path)

    def staff_findings(self):
        rows, years = [], sorted({day(s["日期"]).year for s in self.sittings})
        for person in self.staff:
            for code in sorted({c for y in years for c in self.gates(person, y)}):
                rows.append((GATE_KINDS[code], norm(person["身份证号码"]), "", "", CLAUSES[code], ""))
        for ident, relations in self.relations.items():
            for row in relations:
                if str(row["本人申报"]).strip() == "否":
                    subject = "%s/%s" % (norm(ident), norm(row["机构或考试点代码"]))
                    rows.append(("undeclared_tie", subject, "", "", "N2.5.2", row["关系类型"]))
        return sorted(set(rows))


def write_truth(folder, write_csv):
    """Writes the truths and, beside them, the rows that hang on a reading the rules leave open."""
    rows = list(Recusal(folder).table())
    write_csv(folder, "truth_recusal.csv", "person sitting allowed reason clause path".split(), rows)
    unclear = []
    for option in ("any_path", "host_is_link", "as_written"):
        for mine, other in zip(rows, Recusal(folder, option).table()):
            if mine[2:4] != other[2:4]:
                unclear.append((mine[0], mine[1], mine[3], other[3], option))
    write_csv(folder, "unclear_recusal.csv", "person sitting reason other_reason reading".split(), unclear)
    staff = Recusal(folder).staff_findings()
    write_csv(folder, "truth_staff.csv", "kind object from to clause note".split(), staff)
    return rows, unclear, staff


