"""A campaign written as a TOML file: everything `portevoix campaign run` needs."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import date, timedelta
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
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
from campaigns.contacts.slot import read_slot
from campaigns.errors import InvalidInput
from campaigns.machine import MachineMode
from campaigns.outcome import NOT_THE_PERSONS, OURS, REACHED, Outcome
from campaigns.retry import APART, MAX_NETWORK_TRIES, OTHER_HOUR, OTHER_TRUNK, RetryPolicy
from campaigns.stages import MOST_PEOPLE, Measure
from operations.elections import read_election
from operations.schedule import ScheduleValues
from operations.script_values import Says, ScriptValues
from operations.tariff_values import Euros
from operations.values import Delay, Line, Name, Purposes, SlotText, Wordings, first_fault

MOST_VARIANTS = 1000
"""France has 577 constituencies."""

_NEVER_RETRIED = REACHED | OURS | {Outcome.UNWANTED}


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
    slot: SlotText = ""
    consent_expires_on: date | None = None

    def provenance(self) -> Provenance:
        """As the domain knows it."""
        return Provenance(
            supplier=self.supplier,
            method=self.method,
            collected_on=self.collected_on,
            purposes=tuple(self.purposes),
            wordings=self.wordings,
            basis=self.basis,
            slot=read_slot(self.slot) if self.slot else None,
            expires_on=self.consent_expires_on,
        )


class LimitValues(BaseModel):
    """`[limits]`."""

    model_config = ConfigDict(extra="forbid")

    max_channels: int = Field(default=30, ge=1, le=MOST_CHANNELS)
    max_cps: float = Field(default=5, ge=LEAST_CPS, le=MOST_CPS)


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
    With `two_persons`, whoever launches it is not who prepared it.
    """

    model_config = ConfigDict(extra="forbid")

    watch: bool = True
    stages: Annotated[list[Annotated[int, Field(ge=1, le=MOST_PEOPLE)]], Field(max_length=20)] | (
        None
    ) = None
    bounds: dict[Measure, Annotated[float, Field(gt=0, le=1)]] = {}
    two_persons: bool = False


class VariantValues(BaseModel):
    """One `[[variants]]`: a message of its own for a segment, or for a constituency.

    `says` is the script's where it is not written.
    """

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Name, Field(max_length=40)]
    segment: Annotated[Line, Field(max_length=200)] = ""
    constituency: Annotated[Line, Field(max_length=200)] = ""
    says: Annotated[list[Says], Field(max_length=50)] = []


class VariantFile(VariantValues):
    """A variant of a campaign file, with its recordings in the order heard."""

    recordings: list[Path] = Field(min_length=1)


class MachineValues(BaseModel):
    """`[machines]`: what is done on answering machines."""

    model_config = ConfigDict(extra="forbid")

    mode: MachineMode = MachineMode.OFF


class MachineFile(MachineValues):
    """The same of a campaign file, with the recordings that are left, in the order heard."""

    recordings: list[Path] = []


class Others(StrEnum):
    """What becomes of people for whom there is no variant."""

    MESSAGE = "message"
    NOT_CALLED = "not_called"


class SegmentValues(BaseModel):
    """Who of its lists a campaign calls, and what becomes of those for whom there is no variant."""

    model_config = ConfigDict(extra="forbid")

    segments: dict[Name, dict[str, Any]] = Field(default={}, max_length=1000)
    segment: Annotated[Line, Field(max_length=200)] = ""
    others: Others = Others.MESSAGE


class CampaignValues(SegmentValues):
    """What a campaign is, wherever it is written: in a file or sent to the API.

    `signatory` is the person who signs for an alert, where its pack asks for one.
    """

    name: Name
    purpose: Name
    pack: Name
    trunk: Name
    other_trunks: list[Name] = Field(default=[], max_length=20)
    caller_id: Name
    weight: float = Field(default=1, ge=LEAST_WEIGHT, le=MOST_WEIGHT)
    ring_timeout_s: int = Field(default=25, ge=SHORTEST_RING_S, le=90)
    budget: Euros | None = None
    limits: LimitValues = LimitValues()
    schedule: ScheduleValues = ScheduleValues()
    retry: RetryValues = RetryValues()
    launch: LaunchValues = LaunchValues()
    machines: MachineValues = MachineValues()
    signatory: Annotated[Line, Field(max_length=200)] = ""


class CampaignFile(CampaignValues):
    """The whole file: the campaign, its recordings in the order heard, its lists."""

    controller: Name
    recordings: list[Path] = []
    variants: list[VariantFile] = Field(default=[], max_length=MOST_VARIANTS)
    machines: MachineFile = MachineFile()
    script: ScriptValues[Path] | None = None
    lists: list[ListFile] = Field(min_length=1)


def read_campaign_file(path: Path) -> CampaignFile:
    """Read a campaign file; paths in it are relative to it.

    An election may be written in it, or be the path of a file of its own.

    Raises:
        InvalidInput: names the first value that is wrong.
    """
    try:
        plain = tomllib.loads(path.read_text("utf-8"))
        values = CampaignFile.model_validate(_with_elections(plain, path.parent))
    except FileNotFoundError as error:
        raise InvalidInput(str(path), "there is no such file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(str(path), f"is not readable TOML: {error}.") from error
    except ValidationError as error:
        raise first_fault(error) from error
    check_message(values, values.recordings, values.variants)
    check_machines(values.machines.mode, values.machines.recordings)
    return _anchored(values, path.parent)


def check_message(
    values: CampaignValues, recordings: Sequence[Any], variants: Sequence[Any]
) -> None:
    """Refuse a campaign in which somebody who is called would hear nothing.

    Raises:
        InvalidInput: it has no message of its own, and not only people with a variant are called.
    """
    if not recordings and not (variants and values.others is Others.NOT_CALLED):
        raise InvalidInput("recordings", "there is nothing to say.", "Name at least one recording.")


def check_machines(mode: MachineMode, recordings: Sequence[Any]) -> None:
    """Refuse a message for machines without recordings, and recordings that nobody would hear.

    Raises:
        InvalidInput: one of both.
    """
    leaves = mode is MachineMode.LEAVE_MESSAGE
    if leaves and not recordings:
        raise InvalidInput(
            "machines.recordings",
            "there is nothing to leave on a machine.",
            "Name a recording that says who calls, which number to call back, and how to stop.",
        )
    if recordings and not leaves:
        raise InvalidInput(
            "machines.recordings",
            "they are heard only where a message is left.",
            'Write mode = "leave_message", or remove them.',
        )


def _with_elections(plain: dict[str, Any], directory: Path) -> dict[str, Any]:
    """The same with elections in the place of the files that are named."""
    schedule = plain.get("schedule")
    named = schedule.get("elections") if isinstance(schedule, dict) else None
    if not isinstance(named, list):
        return plain
    found = [read_election(directory / one) if isinstance(one, str) else one for one in named]
    return {**plain, "schedule": {**plain["schedule"], "elections": found}}


def _anchored(values: CampaignFile, directory: Path) -> CampaignFile:
    values.recordings = [directory / path for path in values.recordings]
    for one in values.lists:
        one.file = directory / one.file
    for variant in values.variants:
        variant.recordings = [directory / path for path in variant.recordings]
    machines = values.machines
    machines.recordings = [directory / path for path in machines.recordings]
    if values.script is not None:
        values.script = values.script.recorded(lambda path: directory / path)
    asides = values.script.recordings() if values.script else ()
    variants = (one.recordings for one in values.variants)
    heard = chain(values.recordings, machines.recordings, *variants, asides)
    for path in [*heard, *(one.file for one in values.lists)]:
        if not path.is_file():
            raise InvalidInput(str(path), "there is no such file.")
    return values
