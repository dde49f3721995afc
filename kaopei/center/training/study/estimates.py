"""How common each kind of lead is, and how many of them hang on a thread: what a person should know before he looks at one.

The base rate is leads by what was looked at (records, learners, units, lessons). The false-alarm estimate is the share of leads that are
no longer given when clocks, places and players are allowed the tolerance below, in the learner's favour; what survives is no accident of
measuring. Neither says that a lead is true: how many were dismissed by people is counted in the center (`queries.hours.rates`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from kaopei.center.training.study import forgery, totals
from kaopei.center.training.study.facts import Finding
from kaopei.center.training.study.settings import Settings
from kaopei.center.training.study.totals import Counted

LESSONS = frozenset({"batch_identical", "room_over_capacity", "teacher_two_classes", "teacher_unreported"})
UNITS = frozenset({"online_speed", "online_idle", "identity_missing", "two_devices"})
PEOPLE = frozenset({"hours_overclaimed", "over_8h_day", "elsewhere_certified"})


def tolerant(settings: Settings) -> Settings:
    """A minute of the clock, a tenth of speed, one person more: samples, as the settings themselves are."""
    return replace(
        settings,
        late_record_minutes=settings.late_record_minutes + 1,
        identical_people=settings.identical_people + 1,
        device_people=settings.device_people + 1,
        travel_kmh=settings.travel_kmh * 11 // 10,
        travel_from_km=settings.travel_from_km + 0.2,
        beat_seconds=settings.beat_seconds + 10,
        speed_percent=settings.speed_percent + 5,
        idle_seconds=settings.idle_seconds + 60,
        day_minutes=settings.day_minutes + 5,
    )


def estimates(counted: Counted, found: Sequence[Finding]) -> dict[str, tuple[float, float]]:
    """Kind → (base rate, share that the tolerance takes away). Judges the study once more: read `counted` before."""
    study, before = counted.study, Counter(one.kind for one in found)
    looked = {
        **dict.fromkeys(LESSONS, len(study.lessons)),
        **dict.fromkeys(UNITS, len(counted.units)),
        **dict.fromkeys(PEOPLE, len(study.enrolled)),
    }
    again = {(one.kind, one.object, one.study_class) for one in forgery.findings(totals.count(study, tolerant(counted.settings)))}
    kept = Counter(one.kind for one in found if (one.kind, one.object, one.study_class) in again)
    return {
        kind: (count / max(1, looked.get(kind, len(study.sign_ins) or len(counted.units))), 1 - kept[kind] / count) for kind, count in before.items()
    }
