"""Windows and places that the tests of calling hours speak of."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from campaigns.rules.windows import Window

WEEKDAYS = frozenset({1, 2, 3, 4, 5})
EVERY_DAY = frozenset(range(1, 8))
OFFICE = (Window(WEEKDAYS, time(10), time(13)), Window(WEEKDAYS, time(14), time(20)))
PARIS = ["Europe/Paris"]
POLYNESIA = ["Pacific/Tahiti", "Pacific/Marquesas", "Pacific/Gambier"]
ZONES = [
    "Europe/Paris", "Indian/Reunion", "Indian/Mayotte", "America/Martinique", "America/Cayenne",
    "America/Miquelon", "Pacific/Noumea", "Pacific/Wallis", *POLYNESIA,
]  # fmt: skip


def at(zone: str, text: str) -> datetime:
    """A local time of a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
