"""Bilingual help for every command: Chinese first, English with --lang en."""

import argparse
import sys
from typing import Any


class BadArguments(ValueError):
    """The words after the command do not fit it."""

    exit_status = 2


def language(argv: list[str] | None = None) -> str:
    """`en` if the command line says --lang en, else `zh`."""
    argv = sys.argv if argv is None else argv
    for place, word in enumerate(argv):
        if word == "--lang=en" or (word == "--lang" and argv[place + 1 : place + 2] == ["en"]):
            return "en"
    return "zh"


class Parser(argparse.ArgumentParser):
    """argparse with one Chinese and one English text for each thing."""

    def __init__(self, word: str, *, zh: str = "", en: str = "", **options: Any) -> None:
        self.lang = language()
        super().__init__(prog=f"./run {word}", description=zh if self.lang == "zh" else en, allow_abbrev=False, **options)
        self.add_argument("--lang", choices=["zh", "en"], default="zh", help="帮助的语言 / language of help")
        if self.lang == "zh":
            self._positionals.title = "参数"
            self._optionals.title = "选项"

    def arg(self, *names: str, zh: str, en: str, **options: Any) -> argparse.Action:
        """Like add_argument, with both help texts."""
        return self.add_argument(*names, help=(zh if self.lang == "zh" else en).replace("%", "%%"), **options)

    def words(self, dest: str = "action") -> Any:
        """Sub-commands; add each with `.add_parser(name, zh=…, en=…)`."""
        return self.add_subparsers(dest=dest, required=True, parser_class=_Sub(self.prog.removeprefix("./run ")))

    def error(self, message: str) -> Any:
        """Bad arguments are one line and exit 2, like all bad input."""
        raise BadArguments(f"{self.prog}：参数不对（{message}）。用 --help 查看用法。")


class _Sub:
    """Makes sub-parsers of our kind; argparse passes `prog` as a keyword."""

    def __init__(self, word: str) -> None:
        self.word = word

    def __call__(self, **options: Any) -> Parser:
        prog = str(options.pop("prog", self.word)).removeprefix("./run ")
        options.pop("help", None)
        return Parser(prog, **options)


def overview(argv: list[str]) -> str:
    """The list of commands with what each does."""
    from kaopei.commandline import texts

    lines = [texts.TITLE[language(argv)], ""]
    lines += [f"  ./run {word:<12} {both[language(argv)]}" for word, both in texts.COMMANDS.items()]
    return "\n".join(lines)
