"""Calling hours in words: `lun.–ven. 10:00–13:00, 14:00–20:00; sam. 10:00–13:00`."""

from collections.abc import Mapping, Sequence
from typing import Any

from babel import dates

from api.language import Language
from campaigns.rules import windows as rules
from store.policies import windows_to_plain

_ALWAYS = windows_to_plain(rules.ALWAYS)


def hours(windows: Sequence[Mapping[str, Any]], language: Language) -> str:
    """The windows of a campaign as it keeps them: ISO weekdays, local times.

    Empty where it may call at any hour.
    """
    if list(windows) == _ALWAYS:
        return ""
    by_days: dict[tuple[int, ...], list[str]] = {}
    for window in windows:
        times = f"{window['start'][:5]}–{window['end'][:5]}"
        by_days.setdefault(tuple(sorted(window["days"])), []).append(times)
    return "; ".join(
        f"{_days(days, language)} {', '.join(times)}" for days, times in by_days.items()
    )


def _days(days: tuple[int, ...], language: Language) -> str:
    names = dates.get_day_names("abbreviated", "stand-alone", language.code)
    shown = [names[day - 1] for day in days]
    in_a_row = days == tuple(range(days[0], days[0] + len(days)))
    return f"{shown[0]}–{shown[-1]}" if in_a_row and len(days) > 2 else ", ".join(shown)
