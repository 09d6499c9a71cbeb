"""A campaign written as a TOML file: everything `portevoix campaign run` needs."""

import tomllib
from collections.abc import Iterable, Mapping, Set
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from campaigns.campaign import (
    LEAST_CPS,
    LEAST_WEIGHT,
    MOST_CHANNELS,
    MOST_CPS,
    MOST_WEIGHT,
    SHORTEST_RING_S,
)
from campaigns.contacts.basis import BasisKind, Provenance
from campaigns.errors import InvalidInput
from campaigns.outcome import NOT_THE_PERSONS, REACHED, Outcome
from campaigns.retry import APART, MAX_NETWORK_TRIES, OTHER_HOUR, OTHER_TRUNK, RetryPolicy
from campaigns.rules.blackout import Blackout
from campaigns.rules.windows import is_zone
from campaigns.stages import MOST_PEOPLE, Measure
from operations.values import Delay, Line, Name, Purposes, When, Wordings

_NEVER_RETRIED = REACHED | NOT_THE_PERSONS | {Outcome.UNWANTED, Outcome.IN_DOUBT}


def _known_zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError("there is no such time zone; write one such as Europe/Paris")
    return name


class ListFile(BaseModel):
    """One `[[lists]]`: a file of contacts and where it comes from."""

    model_config = ConfigDict(extra="forbid")

    file: Path
    name: Annotated[Line, Field(max_length=200)] = ""
    supplier: Line
    method: Line
    collected_on: date | None = None
    purposes: Purposes
    basis: BasisKind = BasisKind.CONSENT
    wordings: Wordings = {}

    def provenance(self) -> Provenance:
        """As the domain knows it."""
        return Provenance(
            supplier=self.supplier,
            method=self.method,
            collected_on=self.collected_on,
            purposes=tuple(self.purposes),
            wordings=self.wordings,
            basis=self.basis,
        )


class LimitValues(BaseModel):
    """`[limits]`."""

    model_config = ConfigDict(extra="forbid")

    max_channels: int = Field(default=30, ge=1, le=MOST_CHANNELS)
    max_cps: float = Field(default=5, ge=LEAST_CPS, le=MOST_CPS)


class HourValues(BaseModel):
    """One of `schedule.hours`: ISO weekdays (1 is Monday) and local times of the callee."""

    model_config = ConfigDict(extra="forbid")

    days: list[Annotated[int, Field(ge=1, le=7)]] = Field(min_length=1)
    start: str
    end: str


class BlackoutValues(BaseModel):
    """One of `schedule.blackouts`: a span without calls, in some zones or in all."""

    model_config = ConfigDict(extra="forbid")

    begin: When
    end: When
    zones: list[Annotated[str, AfterValidator(_known_zone)]] = []

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.end <= self.begin:
            raise ValueError("it ends before it begins")
        return self

    def blackout(self) -> Blackout:
        """As the domain knows it."""
        return Blackout(self.begin, self.end, frozenset(self.zones))


class ScheduleValues(BaseModel):
    """`[schedule]`: `hours` tighten the pack's; `any_hour` lifts them for a rehearsal only.

    `finish_by` is when everybody should have been called for the first time; calls go on after.
    """

    model_config = ConfigDict(extra="forbid")

    start_at: When | None = None
    end_at: When | None = None
    finish_by: When | None = None
    hours: list[HourValues] = []
    blackouts: list[BlackoutValues] = Field(default=[], max_length=100)
    any_hour: bool = False

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.start_at and self.end_at and self.end_at <= self.start_at:
            raise ValueError("it ends before it starts")
        if self.finish_by and self.start_at and self.finish_by <= self.start_at:
            raise ValueError("it should be finished before it starts")
        if self.finish_by and self.end_at and self.finish_by > self.end_at:
            raise ValueError("it ends before it should be finished")
        return self


class RetryValues(BaseModel):
    """`[retry]`: delays as `HH:MM:SS` by outcome; an outcome that is not named is not retried.

    `other_hour` is `no_answer` unless a shorter delay than two hours is written for it.
    """

    model_config = ConfigDict(extra="forbid")

    max_attempts: int = Field(default=3, ge=1, le=10)
    delays: dict[Outcome, Delay] | None = None
    network_tries: int = Field(default=MAX_NETWORK_TRIES, ge=1, le=100)
    network_delay: Delay = timedelta(minutes=1)
    counts: dict[Outcome, Annotated[int, Field(ge=1, le=100)]] = {}
    other_hour: set[Outcome] | None = None
    other_trunk: set[Outcome] = set(OTHER_TRUNK)

    def policy(self) -> RetryPolicy:
        """As the domain knows it.

        Raises:
            InvalidInput: a rule for an outcome after which it could have no effect.
        """
        delays = RetryPolicy().delays if self.delays is None else self.delays
        self._check("delays", self.delays or {}, _NEVER_RETRIED)
        self._check("counts", self.counts, _NEVER_RETRIED - NOT_THE_PERSONS)
        self._check("other_hour", self.other_hour or (), _NEVER_RETRIED)
        self._check("other_trunk", self.other_trunk, _NEVER_RETRIED - NOT_THE_PERSONS)
        return RetryPolicy(
            self.max_attempts,
            delays,
            self.network_tries,
            self.network_delay,
            self.counts,
            self._other_hour(delays),
            frozenset(self.other_trunk),
        )

    def _other_hour(self, delays: Mapping[Outcome, timedelta]) -> frozenset[Outcome]:
        if self.other_hour is not None:
            return frozenset(self.other_hour)
        return frozenset(one for one in OTHER_HOUR if delays.get(one, timedelta()) >= APART)

    def _check(self, name: str, given: Iterable[Outcome], never: Set[Outcome]) -> None:
        for outcome in given:
            if outcome in never:
                raise InvalidInput(
                    f"retry.{name}.{outcome}",
                    f"this outcome has no {_RULES[name]} of its own.",
                    "Remove it.",
                )


_RULES = {"delays": "delay", "counts": "count", "other_hour": "hour", "other_trunk": "trunk"}


class LaunchValues(BaseModel):
    """`[launch]`: how carefully it begins; `watch` may be false in a rehearsal only.

    `stages` and `bounds` are the pack's where they are not written; they can only be tightened.
    """

    model_config = ConfigDict(extra="forbid")

    watch: bool = True
    stages: Annotated[list[Annotated[int, Field(ge=1, le=MOST_PEOPLE)]], Field(max_length=20)] | (
        None
    ) = None
    bounds: dict[Measure, Annotated[float, Field(gt=0, le=1)]] = {}


class CampaignValues(BaseModel):
    """What a campaign is, wherever it is written: in a file or sent to the API."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    purpose: Name
    pack: Name
    trunk: Name
    other_trunks: list[Name] = Field(default=[], max_length=20)
    caller_id: Name
    weight: float = Field(default=1, ge=LEAST_WEIGHT, le=MOST_WEIGHT)
    ring_timeout_s: int = Field(default=25, ge=SHORTEST_RING_S, le=90)
    limits: LimitValues = LimitValues()
    schedule: ScheduleValues = ScheduleValues()
    retry: RetryValues = RetryValues()
    launch: LaunchValues = LaunchValues()


class CampaignFile(CampaignValues):
    """The whole file: the campaign, its recordings in the order heard, its lists."""

    controller: Name
    recordings: list[Path] = Field(min_length=1)
    lists: list[ListFile] = Field(min_length=1)


def read_campaign_file(path: Path) -> CampaignFile:
    """Read a campaign file; paths in it are relative to it.

    Raises:
        InvalidInput: names the first value that is wrong.
    """
    try:
        values = CampaignFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError as error:
        raise InvalidInput(str(path), "there is no such file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(str(path), f"is not readable TOML: {error}.") from error
    except ValidationError as error:
        raise first_fault(error) from error
    return _anchored(values, path.parent)


def first_fault(error: ValidationError) -> InvalidInput:
    """The first fault of a validation, in the writer's terms."""
    first = error.errors()[0]
    said = first["msg"].removeprefix("Value error, ")
    return InvalidInput(".".join(str(part) for part in first["loc"]), f"{said}.")


def _anchored(values: CampaignFile, directory: Path) -> CampaignFile:
    values.recordings = [directory / path for path in values.recordings]
    for one in values.lists:
        one.file = directory / one.file
    for path in [*values.recordings, *(one.file for one in values.lists)]:
        if not path.is_file():
            raise InvalidInput(str(path), "there is no such file.")
    return values
