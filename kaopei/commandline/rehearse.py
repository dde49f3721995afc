"""`./run rehearse DIR --out OUT`: the whole month on real parts."""

from pathlib import Path

from kaopei.commandline.words import Parser


def main(argv: list[str]) -> int:
    """Arguments in, exit status out."""
    parser = Parser(
        "rehearse",
        zh="全流程演练：受理、抽签、密封、考试、评分、发证，全部经由各程序对外的命令、页面和文件完成，每一步都核对。",
        en="The whole month, from spreadsheets to certificates, through the programs' public doors only; every step is checked.",
    )
    parser.arg("dir", type=Path, metavar="DIR", zh="当月报名表格的文件夹", en="folder with the month's workbooks")
    parser.arg("--out", type=Path, required=True, metavar="OUT", zh="结果写入此目录（应为空或不存在）", en="results go here; empty or new")
    zh, en = "64 位十六进制种子；同一种子得到同样的抽签、座次和试卷", "64 hex characters; the same seed gives the same draw and papers"
    parser.arg("--seed", metavar="HEX", zh=zh, en=en)
    zh, en = "实际开考的场次数，按日期、开始时间、编号取前 N 个", "how many sittings are sat, the first N"
    parser.arg("--sittings", type=int, default=1, metavar="N", zh=zh, en=en)
    parser.arg("--browser", action="store_true", zh="其中一名考生用真正的 Chromium 作答", en="one candidate sits in a real Chromium")
    zh, en = "再办一场实操：理论合格的考生抽签、考评、发证", "go on to a practical exam of those who passed theory"
    parser.arg("--practical", action="store_true", zh=zh, en=en)
    zh, en = "题库文件夹，默认 DIR/../item-bank，再次用自带示例", "item banks; default DIR/../item-bank, else the example"
    parser.arg("--bank", type=Path, metavar="BANKDIR", zh=zh, en=en)
    zh, en = "数据目录，默认 OUT/data（演练须用新目录）", "data directory, OUT/data by default; must be new"
    parser.arg("--data", type=Path, metavar="DATADIR", zh=zh, en=en)
    chosen = parser.parse_args(argv)
    from kaopei.rehearsal import journey

    return journey.run(
        journey.Wishes(
            folder=chosen.dir, out=chosen.out, seed=chosen.seed, sittings=chosen.sittings, browser=chosen.browser,
            practical=chosen.practical, bank=chosen.bank, data=chosen.data,
        )
    )
