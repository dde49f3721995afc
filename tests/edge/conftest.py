"""One enrolled exam server a run; each test that serves copies its folder."""

import pytest

from tests.edge import site as at


@pytest.fixture(scope="session")
def laid(tmp_path_factory):
    site = at.found(tmp_path_factory.mktemp("laid"))
    site.errors.close()
    return site
