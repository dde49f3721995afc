"""A sitting that was held, scored and released, its certificates signed: what is published about people."""

import pytest

from kaopei.center.certificates import actions as certificates
from kaopei.center.certificates import issuing
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.audit.tasks import sequence
from tests.center.results.conftest import another, ground, held, world  # noqa: F401 (fixtures)


@pytest.fixture
def released(held):  # noqa: F811
    """Results are out."""
    held.release()
    return held


@pytest.fixture
def issued(released):
    """Certificates are signed, and the first status list too."""
    clerk = released.world.people["clerk"]
    ready = issuing.ready(released.number, at=released.at)
    for one in ready.people:
        if one.allowed:
            certificates.issue(one, ready=ready, by=clerk, at=released.at)
    sequence(released.at)
    released.certificates = certificates.sign(released.number, progress=lambda *_: None, by=clerk, at=released.at)
    certificates.publish_status(by=SYSTEM, at=released.at)
    return released
