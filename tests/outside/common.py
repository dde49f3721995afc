"""Shared helpers: synthetic people, companies, table files."""
import csv
import datetime as dt
import os
import unicodedata

import openpyxl

SURNAMES = "赵钱孙李周吴郑王冯陈卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜谢邹窦章苏潘葛范彭鲁韦马苗方任袁柳"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红玲建国文斌宇浩凯晨雪佳欣梅琳海波鹏飞"
HOME_PREFIXES = ["430521", "450981", "360830", "520123", "441581", "422801", "500235", "350881", "341226"]
WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]


def id_check_char(first17):
    total = sum(int(c) * w for c, w in zip(first17, WEIGHTS))
    return "10X98765432"[total % 11]


class People:
    """Makes distinct synthetic names and 18-character identity numbers."""

    def __init__(self, rng):
        self.rng, self.seen = rng, set()

    def name(self):
        return self.rng.choice(SURNAMES) + "".join(self.rng.sample(GIVEN, self.rng.choice([1, 2, 2])))

    def ident(self, prefixes, first_year=1968, last_year=2003):
        while True:
            day = dt.date(self.rng.randint(first_year, last_year), 1, 1) + dt.timedelta(self.rng.randint(0, 364))
            head = self.rng.choice(prefixes) + day.strftime("%Y%m%d") + "%03d" % self.rng.randint(1, 999)
            ident = head + id_check_char(head)
            if ident not in self.seen:
                self.seen.add(ident)
                return ident


def credit_code(rng, kind, region):
    """kind: 91 company, 52 school without profit, 12 public institution."""
    body = kind + region + "MA" + "".join(rng.choice(CREDIT_ALPHABET) for _ in range(7))
    total = sum(CREDIT_ALPHABET.index(c) * w for c, w in zip(body, CREDIT_WEIGHTS))
    return body + CREDIT_ALPHABET[(31 - total % 31) % 31]


def norm(text):
    """Identity numbers and codes: half width, no blanks, upper case."""
    if text is None:
        return ""
    return "".join(unicodedata.normalize("NFKC", str(text)).split()).upper()


def write_xlsx(folder, name, title, header, rows):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title[:20]
    sheet.append([title])
    sheet.append(header)
    for row in rows:
        sheet.append(list(row))
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(header))
    book.save(os.path.join(folder, name))


def read_xlsx(folder, name):
    sheet = openpyxl.load_workbook(os.path.join(folder, name), read_only=True).active
    rows = list(sheet.iter_rows(values_only=True))
    header = rows[1]
    table = []
    for row in rows[2:]:
        row = tuple(row) + (None,) * (len(header) - len(row))
        if any(v not in (None, "") for v in row):
            table.append({h: ("" if v is None else v) for h, v in zip(header, row)})
    return table


def write_csv(folder, name, header, rows):
    with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def read_csv(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8-sig", newline="") as source:
        return list(csv.DictReader(source))


def day(text):
    return dt.date.fromisoformat(str(text).strip()[:10]) if str(text or "").strip() else None


def moment(text):
    return dt.datetime.fromisoformat(str(text))


def stamp(value):
    return value.strftime("%Y-%m-%d %H:%M:%S") if value else ""
