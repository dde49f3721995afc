"""Which program decided: its version and a digest of its rules, so that a decision can be re-run with what gave it."""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from kaopei.law import rulesets


@cache
def named(rules: Path) -> str:
    """`version+digest` over the law and every module of one folder of rules."""
    try:
        number = version("kaopei")
    except PackageNotFoundError:
        # Run from a checkout that was never installed: the digest alone says which program it is.
        number = "checkout"
    digest = hashlib.sha256(rulesets.code_digest().encode())
    for path in sorted(rules.glob("*.py")):
        digest.update(path.read_bytes())
    return f"{number}+{digest.hexdigest()[:16]}"
