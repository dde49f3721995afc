"""Fixtures of the vault's tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kaopei.office import scope
from tests.parcel import cast
from tests.parcel.cast import Province
from tests.vault.sealing import lay_keys


@pytest.fixture(scope="session")
def province_keys() -> Province:
    return cast.found()


@pytest.fixture
def vault(db: None, tmp_path: Path, settings: Any, province_keys: Province) -> Iterator[Province]:
    """The vault with a rehearsal's keys in a folder of its own."""
    settings.DATA = tmp_path / "vault"
    lay_keys(province_keys, settings.DATA)
    with scope.entered(scope.PROVINCE):
        yield province_keys
