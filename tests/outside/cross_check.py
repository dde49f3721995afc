"""Usage: cross_check.py DIR   recusal truths again by a second, naive way: every path written out from the tables."""
import datetime as dt
import sys

from common import norm, read_csv, read_xlsx

folder = sys.argv[1]
relations, links = read_xlsx(folder, "考务人员关系.xlsx"), read_xlsx(folder, "机构关联.xlsx")
hosts = {r["考试点编号"]: r["依托单位信用代码"] for r in read_xlsx(folder, "考试点.xlsx")}
sittings = {r["场次编号"]: r for name in ("考试计划.xlsx", "考试计划_实操.xlsx") for r in read_xlsx(folder, name)}
takers = {}
for r in read_csv(folder, "场次考生机构.csv"):
    takers.setdefault(r["场次编号"], set()).add(r["培训机构信用代码"])
staff = {norm(r["身份证号码"]): r for r in read_xlsx(folder, "考务人员.xlsx")}


def ties(person, date):
    found = {norm(staff[person]["关联培训机构信用代码"])} - {""}
    for r in relations:
        if norm(r["身份证号码"]) != person or r["起"] > date:
            continue
        back = str(int(date[:4]) - 2) + date[4:]
        lasting = r["关系类型"] in ("任职", "兼职", "曾任")
        if r["止"] and r["止"] < (back if lasting else date):
            continue
        if r["关系类型"] == "持股" and r["比例%"] < 5:
            continue
        found.add(norm(r["机构或考试点代码"]))
    return found


def next_to(subject, date):
    pairs = [(r["主体甲代码"], r["主体乙代码"]) for r in links if r["起"] <= date and (not r["止"] or date <= r["止"])
             and not (r["关联类型"] == "参股" and r["比例%"] < 5)]
    return {b for a, b in pairs if a == subject} | {a for a, b in pairs if b == subject}


near, wrong, memo = {}, 0, {}
rows = read_csv(folder, "truth_recusal.csv")
for row in rows:
    s, p = sittings[row["sitting"]], staff[row["person"]]
    key = (row["person"], s["日期"])
    if key not in memo:
        direct = ties(*key)
        one = {y for x in direct for y in near.setdefault((x, s["日期"]), next_to(x, s["日期"]))}
        two = {y for x in one for y in near.setdefault((x, s["日期"]), next_to(x, s["日期"]))}
        memo[key] = direct, (one | two) - direct
    direct, linked = memo[key]
    place, schools, want = {s["考试点编号"], hosts[s["考试点编号"]]} - {""}, takers.get(row["sitting"], set()), []
    want += [c for c, a, b in (("R1", place, direct), ("R2", place, linked), ("R3", schools, direct), ("R4", schools, linked)) if a & b]
    want += ["G1"] if p["最近培训日期"][:4] != s["日期"][:4] else []
    want += ["G2"] if not p["年度考核"].endswith("合格") or p["年度考核"].endswith("不合格") else []
    want += ["G3"] if p["责任书"] != "有" else []
    want += ["G4"] if p["保密协议"] != "有" else []
    wrong += ";".join(want) != row["reason"]
print(len(rows), "rows,", wrong, "differ")
