"""`./run training …`: a city's training taken in, counted, checked."""

from pathlib import Path

from kaopei.commandline.words import Parser


def main(argv: list[str]) -> int:
    """import, count, check."""
    parser = Parser("training", zh="培训：导入学习记录、计算学时、复核封签", en="training records: take in, count hours, check seals")
    words = parser.words()
    take = words.add_parser("import", zh="导入一个城市的培训班、名册、签到和线上学习，封入台账，算出学时和线索", en="take in, seal, count")
    take.arg("dir", zh="文件所在的文件夹", en="folder with the files", type=Path, metavar="DIR")
    take.arg("--city", default="", zh="六位城市代码；默认取自班号", en="city code; from the class numbers by default")
    count = words.add_parser("count", zh="重新计算学时和线索", en="count hours and leads again")
    count.arg("--city", required=True, zh="六位城市代码", en="city code")
    check = words.add_parser("check", zh="对照台账复核全部签到和学习记录；有改动则指出第一条", en="check all records against the ledger")
    for one in (take, count, check):
        one.arg("--data", type=Path, metavar="DATADIR", zh="数据目录，默认 var/", en="data directory, var/ by default")
    chosen = parser.parse_args(argv)
    from kaopei.center import commands

    if chosen.action == "import":
        return commands.training_import(chosen.dir, chosen.city, data=chosen.data)
    if chosen.action == "count":
        return commands.training_count(chosen.city, data=chosen.data)
    return commands.training_check(data=chosen.data)
