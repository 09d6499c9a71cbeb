"""What a PBX can do, from its version and its own answers.

Versions: advanced event filters came with Asterisk 18.25, 20.11, 21.6 and 22.1 (manager.conf's
documentation); Hangup's TechCause with 20.17, 22.7 and 23.1 (asterisk/asterisk pull request 1538).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from dialer.pbx import Capabilities

_VERSION = re.compile(r"(?:.*/)?(\d+)\.(\d+)")
_FIRST_WITH_FILTERS = {18: 25, 20: 11, 21: 6, 22: 1}
_FIRST_WITH_TECH_CAUSE = {20: 17, 22: 7, 23: 1}
_QUARTER_HOUR = 900


def capabilities(version: str, started_at_ms: int) -> Capabilities:
    """What Asterisk of this version can do; a version that can't be read counts as the oldest."""
    return Capabilities(
        version=version.partition("+")[0].partition("~")[0],
        started_at_ms=started_at_ms,
        advanced_filters=_has(version, _FIRST_WITH_FILTERS),
        tech_cause=_has(version, _FIRST_WITH_TECH_CAUSE),
    )


def _has(version: str, first: Mapping[int, int]) -> bool:
    found = _VERSION.match(version)
    if found is None:
        return False
    major, minor = int(found[1]), int(found[2])
    return major > max(first) or minor >= first.get(major, minor + 1)


def started_at_ms(date: str, time: str, uptime_s: int | None, now: datetime) -> int:
    """When the PBX started, in ms since the epoch.

    Args:
        date: CoreStartupDate, `2026-11-21`, in the PBX's own time zone, which AMI does not tell.
        time: CoreStartupTime, `20:21:28`.
        uptime_s: FullyBooted's Uptime, which shows the zone; None where it was not sent, and then
            the PBX is taken to be in this machine's zone.
        now: the moment the PBX was asked, aware.

    Returns:
        The moment; the same at every asking until the PBX restarts. 0 where it can't be read.
    """
    try:
        wall = datetime.fromisoformat(f"{date}T{time}")
    except ValueError:
        return 0
    if uptime_s is None:
        return int(wall.astimezone().timestamp() * 1000)
    as_utc = wall.replace(tzinfo=UTC)
    ahead = (as_utc - (now - timedelta(seconds=uptime_s))).total_seconds()
    offset = round(ahead / _QUARTER_HOUR) * _QUARTER_HOUR
    return int((as_utc.timestamp() - offset) * 1000)


def seconds_into_quarter(start: str, timestamp: str) -> float | None:
    """How long the PBX has been up, modulo 15 minutes, in seconds.

    AMI tells the start in an unknown time zone, but zones differ by quarters of an hour: so a PBX
    that is more than a few seconds into the quarter since its start is not just starting.

    Args:
        start: CoreStartupTime, `20:21:28`.
        timestamp: the Timestamp of Ping's answer, seconds since the epoch.
    """
    try:
        hours, minutes, seconds = (int(part) for part in start.split(":"))
        return (float(timestamp) - (hours * 60 + minutes) * 60 - seconds) % _QUARTER_HOUR
    except ValueError:
        return None
