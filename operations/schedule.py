"""`[schedule]` of a campaign: when it may call, wherever that is written."""

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from campaigns.rules import elections
from campaigns.rules.blackout import Blackout
from campaigns.rules.frequency import Cap
from campaigns.rules.holidays import HolidaySet
from campaigns.rules.pack import Pack
from campaigns.rules.windows import is_zone
from operations.elections import ElectionValues
from operations.values import Line, When


def _known_zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError("there is no such time zone; write one such as Europe/Paris")
    return name


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
    """`[schedule]`: `hours` tighten the pack's, and `holidays` are kept besides the pack's.

    `no_election_by` is the person who answers for there being no election while it runs.
    `any_hour` lifts hours, holidays and frequency cap for a rehearsal only. `finish_by` is when
    everybody should have been called for the first time; calls go on after.
    """

    model_config = ConfigDict(extra="forbid")

    start_at: When | None = None
    end_at: When | None = None
    finish_by: When | None = None
    hours: list[HourValues] = []
    blackouts: list[BlackoutValues] = Field(default=[], max_length=100)
    elections: list[ElectionValues] = Field(default=[], max_length=20)
    no_election_by: Annotated[Line, Field(max_length=200)] = ""
    holidays: set[HolidaySet] = set()
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

    def all_blackouts(self) -> list[Blackout]:
        """Those written by hand, and those of the elections."""
        own = [one.blackout() for one in self.blackouts]
        return own + list(elections.blackouts([one.election() for one in self.elections]))

    def kept_holidays(self, pack: Pack) -> list[str]:
        """The pack's and its own; none at any hour."""
        return [] if self.any_hour else sorted(pack.holidays | self.holidays)

    def kept_frequency(self, pack: Pack) -> Cap | None:
        """The pack's; none at any hour."""
        return None if self.any_hour else pack.frequency
