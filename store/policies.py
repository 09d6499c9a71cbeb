"""Rules of a campaign as JSON, in which they are kept, and back."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from campaigns.machine import MachineMode, Machines
from campaigns.outcome import Outcome
from campaigns.retry import RetryPolicy
from campaigns.rules.blackout import Blackout
from campaigns.rules.frequency import Cap
from campaigns.rules.windows import Window


def windows_to_plain(windows: Sequence[Window]) -> list[dict[str, Any]]:
    """Windows as JSON: days as ISO weekdays, local times as HH:MM:SS."""
    return [
        {
            "days": sorted(window.days),
            "start": window.start.isoformat(),
            "end": window.end.isoformat(),
        }
        for window in windows
    ]


def retry_to_plain(policy: RetryPolicy) -> dict[str, Any]:
    """A retry policy as JSON, delays in seconds."""
    return {
        "max_attempts": policy.max_attempts,
        "delays": {
            outcome.value: delay.total_seconds() for outcome, delay in policy.delays.items()
        },
        "network_tries": policy.network_tries,
        "network_delay": policy.network_delay.total_seconds(),
        "counts": {outcome.value: count for outcome, count in policy.counts.items()},
        "other_hour": sorted(policy.other_hour),
        "other_trunk": sorted(policy.other_trunk),
    }


def window(plain: dict[str, Any]) -> Window:
    """A window from its JSON."""
    return Window(
        frozenset(plain["days"]),
        time.fromisoformat(plain["start"]),
        time.fromisoformat(plain["end"]),
    )


def blackouts_to_plain(blackouts: Sequence[Blackout]) -> list[dict[str, Any]]:
    """Blackouts as JSON, instants in ISO 8601."""
    return [
        {
            "begin": one.begin.isoformat(),
            "end": one.end.isoformat(),
            "zones": sorted(one.zones),
        }
        for one in blackouts
    ]


def blackout(plain: dict[str, Any]) -> Blackout:
    """A blackout from its JSON."""
    begin, end = (datetime.fromisoformat(plain[name]) for name in ("begin", "end"))
    return Blackout(begin, end, frozenset(plain["zones"]))


def frequency_to_plain(cap: Cap | None) -> dict[str, int] | None:
    """A frequency cap as JSON; None where there is none."""
    return None if cap is None else {"most": cap.most, "days": cap.days}


def frequency(plain: dict[str, int] | None) -> Cap | None:
    """A frequency cap from its JSON."""
    return None if plain is None else Cap(plain["most"], plain["days"])


def machines(plain: dict[str, Any] | None) -> Machines:
    """What is done on answering machines, from its JSON; nothing where there is none."""
    if plain is None:
        return Machines()
    return Machines(
        MachineMode(plain["mode"]), plain.get("message", ""), plain.get("message_ms", 0)
    )


def retry(plain: dict[str, Any]) -> RetryPolicy:
    """A retry policy from its JSON."""
    return RetryPolicy(
        plain["max_attempts"],
        {Outcome(name): timedelta(seconds=s) for name, s in plain["delays"].items()},
        plain["network_tries"],
        timedelta(seconds=plain["network_delay"]),
        {Outcome(name): count for name, count in plain.get("counts", {}).items()},
        # What campaigns of before these rules did not say is as it was: none.
        frozenset(map(Outcome, plain.get("other_hour", ()))),
        frozenset(map(Outcome, plain.get("other_trunk", ()))),
    )
