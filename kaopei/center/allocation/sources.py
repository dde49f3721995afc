"""Where the public value of a draw comes from: something that nobody can know or choose before a named future time."""

from dataclasses import dataclass

from kaopei.lottery.seed import keyed


@dataclass(frozen=True, slots=True)
class Source:
    """A source. `typed`: two persons copy the value from the named publication; else it is computed."""

    key: str
    title: str
    how: str
    typed: bool
    rehearsal_only: bool


SOURCES = {
    source.key: source
    for source in (
        Source("rehearsal", "演练值", "由抽签编号、输入摘要和约定时刻推出，或由演练程序填写；不得用于真实抽签", False, True),
        Source(
            "welfare_lottery",
            "约定期次的福利彩票开奖号码",
            "按公布的先后顺序抄录全部号码，以空格分开，双人核对",
            True,
            False,
        ),
        Source("stock_index", "约定交易日的收盘指数", "抄录交易所公布的收盘点位，保留两位小数，双人核对", True, False),
    )
}


def derived(draw_number: str, input_digest: str, moment: str) -> str:
    """The rehearsal's value out of what is public anyway."""
    return keyed("public", draw_number, input_digest, moment)
