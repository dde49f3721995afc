"""Writes docs/api.md anew: `python -m tests.center.write_api`."""

from pathlib import Path

import tests.conftest  # noqa: F401 (settings)

if __name__ == "__main__":
    from kaopei.center.api import page

    (Path(__file__).parents[2] / "docs" / "api.md").write_text(page(), encoding="utf-8")
