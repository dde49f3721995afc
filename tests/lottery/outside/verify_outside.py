"""Recompute a draw from its document alone and compare every byte of its result.

    python3 verify_outside.py INSTANCE RESULT [--previous RESULT0]

Exit status 0: all files agree; 1: the first difference is named; 2: the input is refused. Standard library only.
"""

import argparse
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from outside_changes import Changes
from outside_input import Refused, read_instance
from outside_result import Draw

ORDER = ("rows.jsonl", "allocation.csv", "moves.csv", "transcript.json")


def main(arguments=None):
    """Verify a result folder; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("instance", type=Path, help="folder in format xalloc/1")
    parser.add_argument("result", type=Path, help="folder that the draw wrote")
    parser.add_argument("--previous", type=Path, help="result before, of an incremental draw")
    options = parser.parse_args(arguments)
    try:
        files = recompute(options.instance, read_seed(options.result), options.previous)
        found = first_difference(files, options.result)
    except (Refused, OSError, UnicodeDecodeError) as error:
        print(f"refused: {error}")
        return 2
    if found:
        print(found)
        return 1
    print(f"agrees: {', '.join(name for name in ORDER if name in files)}")
    return 0


def recompute(instance_folder, seed, previous_folder=None):
    """The files of a result, name to bytes."""
    instance = read_instance(instance_folder)
    changes = None
    if previous_folder:
        changes = Changes(instance, previous_folder)
        if seed == changes.previous["seed"]:
            raise Refused("the seed is the one of the previous draw")
    elif instance.changes is not None:
        raise Refused("changes.csv belongs to an incremental draw: say --previous")
    return Draw(instance, seed, changes).run().files()


def read_seed(folder):
    """The seed that the transcript names."""
    try:
        seed = json.loads((folder / "transcript.json").read_bytes())["seed"]
    except (ValueError, KeyError, TypeError):
        raise Refused("transcript.json: no JSON object with a seed") from None
    if not re.fullmatch("[0-9a-f]{64}", str(seed)):
        raise Refused("transcript.json: the seed is not 64 lower-case hexadecimal characters")
    return seed


def first_difference(files, folder):
    """Where the folder differs first from what was recomputed, or an empty text."""
    for name in ORDER:
        path = folder / name
        if name not in files:
            if path.exists():
                return f"{name}: not a file of this draw"
        elif not path.exists():
            return f"{name}: missing"
        elif (have := path.read_bytes()) != files[name]:
            where = in_json if name == "transcript.json" else in_lines
            return f"{name}: {where(files[name], have)}"
    return ""


def in_lines(want, have):
    """The first line that differs."""
    wanted, had = (data.decode("utf-8", "backslashreplace").split("\n") for data in (want, have))
    for number, (a, b) in enumerate(zip(wanted, had), 1):
        if a != b:
            return f"line {number}\n  recomputed {a}\n  in result  {b}"
    return f"{len(had) - 1} lines in the result, {len(wanted) - 1} recomputed"


def in_json(want, have):
    """The first place of a JSON document that differs, by sorted keys."""
    try:
        found = in_value(json.loads(want), json.loads(have), "")
    except ValueError:
        found = ""
    return found or in_bytes(want, have)


def in_value(want, have, path):
    """The path to the first difference of two values."""
    if isinstance(want, dict) and isinstance(have, dict):
        for key in sorted(want.keys() | have.keys()):
            if key not in want or key not in have:
                return f"{path}/{key} is {'not in the result' if key in want else 'only in the result'}"
            if found := in_value(want[key], have[key], f"{path}/{key}"):
                return found
        return ""
    if isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        return next(filter(None, (in_value(a, b, f"{path}/{i}") for i, (a, b) in enumerate(zip(want, have)))), "")
    return "" if type(want) is type(have) and want == have else f"{path}\n  recomputed {want!r}\n  in result  {have!r}"


def in_bytes(want, have):
    """The first byte that differs."""
    shared = zip(want, have)
    return f"byte {next((i for i, (a, b) in enumerate(shared) if a != b), min(len(want), len(have)))}"


if __name__ == "__main__":
    sys.exit(main())
