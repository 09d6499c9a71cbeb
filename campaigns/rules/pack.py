"""A rule pack: what a jurisdiction asks of a kind of campaign, as data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from campaigns.contacts.basis import BasisKind, Evidence
from campaigns.rules.frequency import Cap
from campaigns.rules.holidays import HolidaySet
from campaigns.rules.purposes import Purpose
from campaigns.rules.windows import Window
from campaigns.script_order import NO_RULE, OrderRule
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


def is_past(verify_by: date, day: date) -> bool:
    """Whether a pack to be read again by one day is out of date on another; on it, it is not."""
    return day > verify_by


@dataclass(frozen=True, slots=True)
class Pack:
    """The rules in force for one kind of campaign.

    Attributes:
        id: such as `fr-political`.
        version: such as `2026.11.21`; written with every attempt.
        as_of: the day the law was read.
        verify_by: the day after which it must be read again.
        windows: hours in the callee's time.
        holidays: days on which nobody is called.
        evidence: the weakest proof of the basis that is accepted.
        max_attempts: attempts a person may receive in one campaign.
        frequency: how often a controller may call a person, in all its campaigns.
        caller_id: E.164 numbers that may be shown, as a pattern.
        stages: how many people are called in each stage of a launch, counted from the first.
        bounds: the highest share of calls by measure before a campaign is held.
        machine_messages: whether a message may be left on an answering machine.
        purposes: what it is for, and nothing else.
        bases: the legal bases that a list may rest on.
        rules: for each section of it, its force and source.
        script: what a message must say, and in which order, where that is stated.
        calendar: whether a campaign names the elections around which nobody is called, or a
            person says that there is none.
        public_body: whether only a public body may call by it.
        signatory: whether a campaign names who signs for it.
        sha256: of its text, in hexadecimal.
    """

    id: str
    version: str
    as_of: date
    verify_by: date
    windows: tuple[Window, ...]
    holidays: frozenset[HolidaySet]
    evidence: Evidence
    max_attempts: int
    frequency: Cap
    caller_id: re.Pattern[str]
    stages: tuple[int, ...]
    bounds: Mapping[Measure, float]
    machine_messages: bool
    purposes: frozenset[Purpose]
    bases: frozenset[BasisKind]
    rules: dict[str, Rule]
    script: OrderRule = NO_RULE
    calendar: bool = False
    public_body: bool = False
    signatory: bool = False
    sha256: str = field(default="", compare=False)

    @property
    def label(self) -> str:
        """Id and version, as written with every attempt."""
        return f"{self.id}@{self.version}"

    def is_expired(self, today: date) -> bool:
        """Whether the law must be read again before this pack is relied on."""
        return is_past(self.verify_by, today)

    def allows_caller_id(self, number: str) -> bool:
        """Whether an automated campaign of this kind may show this E.164 number."""
        return self.caller_id.fullmatch(number) is not None
