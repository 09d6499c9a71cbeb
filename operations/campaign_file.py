"""A campaign written as a TOML file: everything `portevoix campaign run` needs."""

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from campaigns.campaign import LEAST_CPS, MOST_CHANNELS, MOST_CPS, SHORTEST_RING_S
from campaigns.contacts.basis import BasisKind, Provenance
from campaigns.errors import InvalidInput
from campaigns.outcome import NOT_THE_PERSONS, REACHED, Outcome
from campaigns.retry import MAX_NETWORK_TRIES, RetryPolicy
from operations.values import Delay, Line, Name, Purposes, When, Wordings

_NEVER_RETRIED = REACHED | NOT_THE_PERSONS | {Outcome.UNWANTED, Outcome.IN_DOUBT}


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


class ScheduleValues(BaseModel):
    """`[schedule]`: `hours` tighten the pack's; `any_hour` lifts them for a rehearsal only."""

    model_config = ConfigDict(extra="forbid")

    start_at: When | None = None
    end_at: When | None = None
    hours: list[HourValues] = []
    any_hour: bool = False

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.start_at and self.end_at and self.end_at <= self.start_at:
            raise ValueError("it ends before it starts")
        return self


class RetryValues(BaseModel):
    """`[retry]`: delays as `HH:MM:SS` by outcome; an outcome that is not named is not retried."""

    model_config = ConfigDict(extra="forbid")

    max_attempts: int = Field(default=3, ge=1, le=10)
    delays: dict[Outcome, Delay] | None = None
    network_tries: int = Field(default=MAX_NETWORK_TRIES, ge=1, le=100)
    network_delay: Delay = timedelta(minutes=1)

    def policy(self) -> RetryPolicy:
        """As the domain knows it.

        Raises:
            InvalidInput: a delay for an outcome after which nobody may be called again.
        """
        for outcome in self.delays or {}:
            if outcome in _NEVER_RETRIED:
                raise InvalidInput(
                    f"retry.delays.{outcome}", "this outcome has no delay of its own.", "Remove it."
                )
        delays = RetryPolicy().delays if self.delays is None else self.delays
        return RetryPolicy(self.max_attempts, delays, self.network_tries, self.network_delay)


class CampaignValues(BaseModel):
    """What a campaign is, wherever it is written: in a file or sent to the API."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    purpose: Name
    pack: Name
    trunk: Name
    caller_id: Name
    ring_timeout_s: int = Field(default=25, ge=SHORTEST_RING_S, le=90)
    limits: LimitValues = LimitValues()
    schedule: ScheduleValues = ScheduleValues()
    retry: RetryValues = RetryValues()


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
