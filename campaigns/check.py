"""One thing that is looked at before a launch, and what was found. Pure.

What is said is a template and its values, so that each language puts both in its own words; the
template itself is the English.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from campaigns.money import Euros, shown

_CLOCK = ZoneInfo("Europe/Paris")

Value = str | int | float | date | datetime | Euros
"""What a template may hold: an instant is told by the clock of Paris."""


class Verdict(StrEnum):
    """What a check found; only a fail keeps a campaign from being launched."""

    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"
    FAIL = "fail"


class Subject(StrEnum):
    """What is looked at, in this order."""

    STOP = "stop"
    PERSONS = "persons"
    PACK = "pack"
    PURPOSE = "purpose"
    ELECTIONS = "elections"
    BASIS = "basis"
    PEOPLE = "people"
    SUPPRESSIONS = "suppressions"
    MESSAGE = "message"
    MACHINES = "machines"
    TRUNK = "trunk"
    CALLER_ID = "caller_id"
    HOURS = "hours"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True)
class Check:
    """What was found of one subject.

    Attributes:
        said: English template of a sentence.
        values: what stands in its holes, and in those of the remedy.
        remedy: template of what to do; empty where nothing need be done.
    """

    subject: Subject
    verdict: Verdict
    said: str
    values: Mapping[str, Value] = field(default_factory=dict)
    remedy: str = ""

    def in_english(self) -> str:
        """Sentence and remedy."""
        return " ".join(
            one.format(**{name: _english(value) for name, value in self.values.items()})
            for one in (self.said, self.remedy)
            if one
        )


def _english(value: Value) -> str:
    match value:
        case Euros():
            return shown(value.micros)
        case datetime():
            return f"{value.astimezone(_CLOCK):%A %d %B, %H:%M}"
        case date():
            return f"{value:%d %B %Y}"
        case str():
            return str(value)
        case int():
            return f"{value:,}"
    return f"{value:,.1f}"
