"""二（四）N2.4.8–11、三（二）N3.2.2c、N3.2.5c Cameras and recorders: on in time, on all the time, moving, on the hour, recorded."""

from collections.abc import Iterator, Sequence

from kaopei.center.sittings.site_day.facts import CameraEvent, Finding, Settings, SiteDay, Span, merged, without

STATES = ("on", "off", "frozen")


def findings(day: SiteDay, settings: Settings) -> Iterator[Finding]:
    """Everything about the recorders of a site and each of its cameras."""
    gaps = []
    for recorder, beats in sorted(day.beats.items()):
        for before, after in zip(beats, beats[1:], strict=False):
            if after - before > settings.beat_gap_seconds:
                gaps.append((before, after))
                yield Finding("recorder_gap", f"{day.site}/{recorder}", before, after, "N2.4.8", f"{after - before} 秒")
    for camera, events in sorted(day.cameras.items()):
        name = f"{day.site}/{camera}"
        yield from _offset(name, events, settings)
        states = _states(events)
        yield from _opened(name, states, day, settings)
        yield from _frozen(name, states, day, settings)
        if day.recordings and day.beats:
            yield from _recorded(name, camera, states, gaps, day, settings)


def _windows(day: SiteDay, settings: Settings) -> list[Span]:
    return [(start - 60 * settings.lead_minutes, end) for start, end in day.sittings]


def _states(events: Sequence[CameraEvent]) -> list[tuple[int, int, str]]:
    """(from, to, state) without gaps; the last state lasts. A camera that is turned on was off, any other one was on."""
    changes = [event for event in events if event.state in STATES]
    rows: list[tuple[int, int, str]] = []
    held, since = "off" if changes and changes[0].state == "on" else "on", 0
    for event in changes:
        if event.state != held:
            rows.append((since, event.at, held))
            held, since = event.state, event.at
    rows.append((since, 1 << 62, held))
    return rows


def _offset(name: str, events: Sequence[CameraEvent], settings: Settings) -> Iterator[Finding]:
    wrong = [event for event in events if event.offset is not None and abs(event.offset) > settings.offset_seconds]
    if wrong:
        note = f"{max((event.offset or 0.0 for event in wrong), key=abs):g} 秒"
        yield Finding("clock_offset", name, wrong[0].at, wrong[-1].at, "N2.4.11", note)


def _opened(name: str, states: Sequence[tuple[int, int, str]], day: SiteDay, settings: Settings) -> Iterator[Finding]:
    for begin, end in _windows(day, settings):
        for since, until, state in states:
            if state != "off" or until <= begin or since >= end:
                continue
            if since <= begin:
                yield Finding("camera_late", name, begin, min(until, end), "N2.4.9")
            else:
                yield Finding("camera_off_mid", name, since, min(until, end), "N3.2.5c")


def _frozen(name: str, states: Sequence[tuple[int, int, str]], day: SiteDay, settings: Settings) -> Iterator[Finding]:
    for begin, end in _windows(day, settings):
        for since, until, state in states:
            first, last = max(since, begin), min(until, end)
            if state == "frozen" and last - first >= settings.frozen_seconds:
                yield Finding("camera_frozen", name, first, last, "N2.4.11", f"{last - first} 秒")


def _recorded(
    name: str, camera: str, states: Sequence[tuple[int, int, str]], gaps: Sequence[Span], day: SiteDay, settings: Settings
) -> Iterator[Finding]:
    """While camera and recorder ran there must be a recording; what either of them missed is told there."""
    running = list(merged((since, until) for since, until, state in states if state != "off"))
    watched = [
        (max(begin, since), min(end, until)) for begin, end in _windows(day, settings) for since, until in running if since < end and until > begin
    ]
    for begin, end in without(without(watched, gaps), day.recordings.get(camera, ())):
        if end - begin > settings.missing_seconds:
            yield Finding("recording_missing", name, begin, end, "N3.2.2c", f"{end - begin} 秒")
