"""What one look at one link of the chain found."""

from dataclasses import dataclass
from enum import StrEnum

from dialer.instance.inspect import Finding


class Level(StrEnum):
    """How it stands."""

    OK = "ok"
    SKIPPED = "skipped"  # it cannot be known here
    WARNING = "warning"  # calls can be placed, but something deserves a look
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Check:
    """One link of the chain.

    Attributes:
        name: what was looked at.
        level: how it stands.
        detail: what was seen.
        remedy: how to mend it; empty where nothing is to be done.
    """

    name: str
    level: Level
    detail: str
    remedy: str = ""


def ok(name: str, detail: str) -> Check:
    """It is as it must be."""
    return Check(name, Level.OK, detail)


def skipped(name: str, why: str) -> Check:
    """Nobody can tell here."""
    return Check(name, Level.SKIPPED, why)


def warning(name: str, detail: str, remedy: str) -> Check:
    """Worth a look."""
    return Check(name, Level.WARNING, detail, remedy)


def fault(name: str, detail: str, remedy: str) -> Check:
    """Calls cannot be placed, or not as promised."""
    return Check(name, Level.FAULT, detail, remedy)


def of_finding(finding: Finding) -> Check:
    """What the dialer's own inspection found."""
    level = Level.OK if finding.ok else Level.FAULT
    return Check(finding.name, level, finding.detail, finding.remedy)
