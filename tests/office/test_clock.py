"""Time: moved only where the trust list says that everything is a rehearsal."""

import json
from datetime import UTC, datetime, timedelta

from kaopei.office import clock, trusted
from tests.people import lay_trust

DAY = timedelta(days=14)


def move(data):
    (data / "clock.json").write_text(json.dumps({"offset_seconds": int(DAY.total_seconds())}))


def ahead():
    return clock.now() - datetime.now(UTC) > DAY / 2


def test_earnest_time_is_not_moved(own_data):
    move(own_data)
    assert not ahead()
    lay_trust(own_data, [], rehearsal=False)
    assert not ahead()


def test_rehearsal_time_is_moved(own_data):
    lay_trust(own_data, [])
    assert not ahead()
    move(own_data)
    assert ahead()
    assert clock.now().utcoffset() == timedelta(hours=8)
    assert clock.today() == clock.now().date()


def test_forged_flag_moves_nothing(own_data):
    """The flag counts only in a list that its roots signed."""
    lay_trust(own_data, [], rehearsal=False)
    move(own_data)
    for path in (own_data / "trust.json", own_data / "trust" / "1.json"):
        path.write_bytes(path.read_bytes().replace(b'"rehearsal":false', b'"rehearsal":true'))
    try:
        assert not ahead()
    except trusted.Rejected as refused:
        assert refused.code in ("trust", "root")
