"""Safe Exam Browser's keys as a signal. The right values were computed with `openssl dgst -sha256` over address and key, not by this program."""

import asyncio
from types import SimpleNamespace

import pytest

from kaopei.edge import devices, gate

HOST = b"edge.440601.example"
CONFIG = "81aad4ab9dfd447cc479e6a4a7c9a544e2cafc7f3adeb68b2a21efad68eb4dc2"
EXAM = "0321cacbe2e73700407a53ffe4018f79145351086b26791e69cf7563c6657899"
# (what the address was) → SHA-256(address ‖ Config Key), SHA-256(address ‖ Browser Exam Key)
VECTORS = {
    "https://edge.440601.example/api/state": (
        "fead68422c3f17da145078037a7da3f4d504d33a324ebc3fcc88237be68ed547", "01cb97faefe26a247a46bcd4980d3097d538badf368243272b120414747224f5",
    ),
    "https://edge.440601.example/exam/": (
        "922cf13b6773d217540db8e9900792e1e703463a4070baa7371c40f9d79a34c8", "dd555cda17e1d42ab61a32f1337eb6c3075f9c0c256a6781de90b28a3797a029",
    ),
    "https://edge.440601.example/exam/?seat=A-01": (
        "42cea6071b4834e0250e968ce58f9cd1542c4ecccf4e8097081c5e945a629dea", "d75a0a9193988cc801611c6b2c69a2de43f09782a2653572fe1b2a0d227ce011",
    ),
}  # fmt: skip


def edge(config=(CONFIG,), exam=(EXAM,)):
    return SimpleNamespace(settings=SimpleNamespace(seb_config_keys=config, seb_exam_keys=exam))


def headers(config="", exam="", referer=""):
    made = {b"host": HOST, b"x-safeexambrowser-configkeyhash": config.encode(), b"x-safeexambrowser-requesthash": exam.encode()}
    return {**made, b"referer": referer.encode()} if referer else made


def shown(address, *, config=None, exam=None, referer="", path="/api/state", where=None):
    right = VECTORS[address]
    said = headers(right[0] if config is None else config, right[1] if exam is None else exam, referer)
    return devices.browser_signal(where or edge(), said, path)


def test_browser_that_signs_the_request_itself_is_believed():
    assert shown("https://edge.440601.example/api/state") == ""


def test_page_may_hand_on_what_the_script_interface_said():
    assert shown("https://edge.440601.example/exam/") == ""
    seat = "https://edge.440601.example/exam/?seat=A-01"
    assert shown(seat, referer=seat) == ""
    assert shown(seat, referer=f"{seat}#item") == ""


def test_value_of_another_address_is_no_signal():
    seat = "https://edge.440601.example/exam/?seat=A-01"
    assert shown(seat) == "config_key"
    assert shown(seat, referer="https://elsewhere.example/exam/?seat=A-01") == "config_key"
    assert shown("https://edge.440601.example/api/state", path="/api/events") == "config_key"


@pytest.mark.parametrize(
    ("config", "exam", "missing"),
    [("", None, "config_key"), ("0" * 64, None, "config_key"), (None, "", "exam_key"), (None, "0" * 64, "exam_key"), (CONFIG, EXAM, "config_key")],
)
def test_missing_or_wrong_key_is_named(config, exam, missing):
    assert shown("https://edge.440601.example/api/state", config=config, exam=exam) == missing


def test_values_and_keys_are_compared_without_case_and_any_of_several_keys_is_right():
    right = VECTORS["https://edge.440601.example/api/state"]
    assert devices.browser_signal(edge(("f" * 64, CONFIG.upper())), headers(right[0].upper(), right[1]), "/api/state") == ""


def test_without_agreed_keys_nothing_is_asked():
    assert devices.browser_signal(edge((), ()), headers(), "/api/state") == ""
    assert devices.browser_signal(edge(exam=()), headers(VECTORS["https://edge.440601.example/exam/"][0]), "/api/state") == ""


def test_unlocked_browser_is_told_once_and_never_turned_away():
    told = []
    attempt = SimpleNamespace(attempt="x", lease=1)
    made = SimpleNamespace(**vars(edge()), noted=set(), terminal=lambda _secret: ("sitting", attempt, 1))

    async def note(*args, **more):
        told.append((args[1], more["attempt"]))

    made.note_irregularity, made._later = note, asyncio.run
    for _ in range(3):
        gate._browser(made, headers() | {b"authorization": b"Bearer k"}, "/api/state")
    assert told == [("device.browser_unlocked", "x")]
