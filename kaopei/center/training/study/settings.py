"""一（一）、一（三） What a city sets for counting hours. The values are samples of its rules, shown as assumptions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Minutes, seconds, people, kilometres as named."""

    lecture_minutes: int = 90
    break_minutes: int = 15
    grace_minutes: int = 10
    hour_minutes: int = 45
    day_minutes: int = 480
    late_record_minutes: int = 30
    kinds_of_evidence: int = 2
    identical_people: int = 5
    device_people: int = 3
    travel_kmh: int = 120
    travel_from_km: float = 2.0
    beat_seconds: int = 90
    speed_percent: int = 110
    speed_slack_seconds: int = 2
    unit_minutes: int = 45
    check_seconds: int = 900
    quiz_points: int = 60
    idle_seconds: int = 300


SAMPLE = Settings()
# Evidence of one kind counts once.
EVIDENCE = ("人脸", "动态码", "刷卡", "教师确认")
