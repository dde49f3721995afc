"""The command line: one table of words; a program is imported only when its word is asked for."""

import importlib
import sys

COMMANDS = {
    "up": "start a small province with demo data",
    "center": "the center's pages",
    "portal": "the public pages",
    "people": "log-ins of the center",
    "intake": "take a city's spreadsheets in",
    "lottery": "draw, verify, chance",
    "law": "coverage, clause",
    "hours": "effective training hours",
    "findings": "leads in training, staff and site records",
    "training": "training records: take in, count, check",
    "recusal": "who may not serve where",
    "roster": "the staff duty draw",
    "vault": "item banks, papers, sealing, scoring",
    "parcel": "check parcels",
    "edge": "the exam site's server",
    "ledger": "verify a ledger",
    "certificate": "check certificates",
    "trust": "keys and the list of whom we trust",
    "rehearse": "the whole month on real parts",
}


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 done, 1 the answer is no, 2 bad input (one line on stderr)."""
    argv = list(sys.argv[1:] if argv is None else argv)
    word = argv.pop(0) if argv and not argv[0].startswith("-") else "up"
    if argv[:1] in (["-h"], ["--help"]) and word == "up":
        from kaopei.commandline.words import overview

        print(overview(argv))
        return 0
    if word not in COMMANDS:
        print(f"没有命令 {word}。可用：{' '.join(COMMANDS)}", file=sys.stderr)
        return 2
    command = importlib.import_module(f"kaopei.commandline.{word}")
    try:
        return int(command.main(argv) or 0)
    except Exception as problem:
        # Rooms know nothing of each other, so bad input is recognised by an attribute, not by a shared class.
        status = getattr(problem, "exit_status", None)
        if status is None:
            raise
        print(" ".join(str(problem).split()), file=sys.stderr)
        return int(status)


if __name__ == "__main__":
    sys.exit(main())
