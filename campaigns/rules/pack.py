"""A rule pack: what a jurisdiction asks of a kind of campaign, as data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from campaigns.contacts.basis import Evidence
from campaigns.rules.windows import Window
from campaigns.stages import Measure


class Force(StrEnum):
    """How binding a rule is."""

    LAW = "law"
    REGULATOR = "regulator"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a rule comes from."""

    force: Force
    source: str


@dataclass(frozen=True, slots=True)
class Pack:
    """The rules in force for one kind of campaign.

    Attributes:
        id: such as `fr-political`.
        version: such as `2026.11.21`; written with every attempt.
        as_of: the day the law was read.
        verify_by: the day after which it must be read again.
        windows: hours in the callee's time.
        evidence: the weakest proof of the basis that is accepted.
        max_attempts: attempts a person may receive in one campaign.
        caller_id: E.164 numbers that may be shown, as a pattern.
        stages: how many people are called in each stage of a launch, counted from the first.
        bounds: the highest share of calls by measure before a campaign is held.
        rules: for each field above, its force and source.
    """

    id: str
    version: str
    as_of: date
    verify_by: date
    windows: tuple[Window, ...]
    evidence: Evidence
    max_attempts: int
    caller_id: re.Pattern[str]
    stages: tuple[int, ...]
    bounds: Mapping[Measure, float]
    rules: dict[str, Rule]

    @property
    def label(self) -> str:
        """Id and version, as written with every attempt."""
        return f"{self.id}@{self.version}"

    def allows_caller_id(self, number: str) -> bool:
        """Whether an automated campaign of this kind may show this E.164 number."""
        return self.caller_id.fullmatch(number) is not None
