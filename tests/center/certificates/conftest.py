"""The same month; its sitting released."""

import pytest

from tests.center.results.conftest import another, ground, held, world  # noqa: F401 (fixtures)


@pytest.fixture
def released(held):  # noqa: F811
    """A sitting whose results are out."""
    held.release()
    return held


@pytest.fixture
def nothing_seen():
    """A job nobody watches."""
    return lambda done, total=0, note="": None
