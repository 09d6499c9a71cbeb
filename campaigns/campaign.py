"""A campaign as the dialer needs it: everything that decides its calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from campaigns.contacts.basis import BasisKind, Evidence
from campaigns.errors import InvalidInput
from campaigns.machine import Machines
from campaigns.retry import RetryPolicy
from campaigns.rules.blackout import Blackout
from campaigns.rules.frequency import Cap
from campaigns.rules.holidays import HolidaySet
from campaigns.rules.pack import is_past
from campaigns.rules.windows import Window
from campaigns.script import Script
from campaigns.states import CampaignState

SHORTEST_RING_S = 15
"""Under this a phone hardly rings: a default of the project, law for telemarketing in the US
(47 CFR 64.1200(a)(6))."""

LEAST_CPS = 0.01
"""Calls per second under which a limit is taken for a mistake: 36 calls an hour."""

MOST_CPS = 1000
"""Calls per second above which a limit is taken for a mistake."""

MOST_CHANNELS = 100_000
"""Concurrent calls above which a limit is taken for a mistake."""

LEAST_WEIGHT, MOST_WEIGHT = 0.01, 1000
"""Between which weights have a meaning: beyond them, one campaign would have nothing left."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast and how wide a campaign may call.

    Attributes:
        max_channels: concurrent calls.
        max_cps: calls started in any one second.
    """

    max_channels: int
    max_cps: float

    def __post_init__(self) -> None:
        if not 1 <= self.max_channels <= MOST_CHANNELS:
            raise InvalidInput("max_channels", f"must be 1 to {MOST_CHANNELS} calls.")
        if not LEAST_CPS <= self.max_cps <= MOST_CPS:
            raise InvalidInput("max_cps", f"must be {LEAST_CPS} to {MOST_CPS} calls per second.")


def own_limits(max_channels: int | None, max_cps: float | None) -> Limits | None:
    """A limit of which either half may be absent; None where both are.

    Raises:
        InvalidInput: a half makes no sense.
    """
    if max_channels is None and max_cps is None:
        return None
    return Limits(
        MOST_CHANNELS if max_channels is None else max_channels,
        MOST_CPS if max_cps is None else max_cps,
    )


@dataclass(frozen=True, slots=True)
class Message:
    """What is played in a call.

    Attributes:
        path: of the prepared message, without extension.
        ms: its length.
    """

    path: str
    ms: int


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign that may be dialled.

    Attributes:
        id: its number in the store.
        controller_id: on whose behalf the calls are made.
        name: for people.
        purpose: what the calls are for; must be covered by each number's basis.
        state: where it stands.
        trunk: the trunk its calls go out by.
        other_trunks: trunks they may go out by as well.
        caller_id: E.164 number shown.
        message: path of the prepared message, without extension; empty where everybody who is
            called hears a variant.
        message_ms: its length.
        limits: how fast and how wide.
        ring_timeout_s: seconds a phone may ring.
        windows: hours in the callee's time, pack and campaign together.
        evidence: the weakest proof of basis accepted.
        retry: how often and how soon again.
        pack: label of the rule pack in force.
        rehearsal: it was prepared for the simulated network and may go nowhere else.
        weight: its share of what its controller may call, relative to its other campaigns.
        controller_weight: its controller's share, relative to other controllers.
        controller_limits: of all campaigns of its controller together; None for none.
        finish_by: when everybody should have been called for the first time.
        stages: how many people are called in each stage, counted from the first; after the last
            stage, everybody.
        stage: index of the stage it is in; `len(stages)` for everybody.
        bounds: highest share of calls by measure (see `campaigns.stages`) before it holds.
        hold: the measure for which it waits for a person; empty where it does not.
        blackouts: spans in which nobody may be called.
        holidays: days on which nobody may be called.
        frequency: how often its controller may call a person; None for no cap.
        verify_by: the day after which its pack must be read again; None where that is not known.
        acknowledged_by: who answers for a pack that must be; empty for nobody.
        budget: micro-euros it may spend in all; None for no budget.
        variants: by name, what those targets hear who bear it.
        machines: what is done on answering machines.
        script: what its calls do besides playing a message; None for nothing.
        bases: the legal bases that its lists may rest on.
        longest_ms: how long anybody listens at most, a machine's greeting and its message
            included; it follows from the others.
    """

    id: int
    controller_id: int
    name: str
    purpose: str
    state: CampaignState
    trunk: str
    caller_id: str
    message: str
    message_ms: int
    limits: Limits
    windows: tuple[Window, ...]
    evidence: Evidence
    ring_timeout_s: int = 25
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    pack: str = ""
    rehearsal: bool = False
    other_trunks: tuple[str, ...] = ()
    weight: float = 1.0
    controller_weight: float = 1.0
    controller_limits: Limits | None = None
    finish_by: datetime | None = None
    stages: tuple[int, ...] = ()
    stage: int = 0
    bounds: Mapping[str, float] = field(default_factory=dict)
    hold: str = ""
    blackouts: tuple[Blackout, ...] = ()
    holidays: frozenset[HolidaySet] = frozenset()
    frequency: Cap | None = None
    verify_by: date | None = None
    acknowledged_by: str = ""
    budget: int | None = None
    variants: Mapping[str, Message] = field(default_factory=dict)
    machines: Machines = field(default_factory=Machines)
    script: Script | None = None
    bases: frozenset[BasisKind] = frozenset(BasisKind)
    longest_ms: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        # Once for all: it is asked of each call, twice a second.
        longest = max(self.message_ms, *(one.ms for one in self.variants.values()), 0)
        longest += self.machines.most_ms
        object.__setattr__(self, "longest_ms", longest)

    def heard_by(self, variant: str | None) -> Message:
        """What a target hears: its variant's message, or the campaign's own where it has none.

        Raises:
            InvalidInput: the campaign has no such message; nobody hears another in its place.
        """
        found = self._own if variant is None else self.variants.get(variant)
        if found is None:
            named = f"no message «{variant}»" if variant else "no message of its own"
            raise InvalidInput("variant", f"the campaign has {named}.")
        return found

    @property
    def messages(self) -> list[Message]:
        """Everything that anybody hears: its own, where it has one, and those of its variants."""
        return [*filter(None, [self._own]), *self.variants.values()]

    @property
    def _own(self) -> Message | None:
        return Message(self.message, self.message_ms) if self.message else None

    @property
    def trunks(self) -> tuple[str, ...]:
        """Every trunk its calls may go out by, the preferred one first."""
        return (self.trunk, *self.other_trunks)

    @property
    def stage_limit(self) -> int | None:
        """How many people may have been called so far; None where everybody may."""
        return self.stages[self.stage] if self.stage < len(self.stages) else None

    def awaits_reading(self, day: date) -> bool:
        """Whether somebody must answer for its pack before it is launched on that day.

        Not for a rehearsal, which reaches nobody.
        """
        if self.rehearsal or self.acknowledged_by or self.verify_by is None:
            return False
        return is_past(self.verify_by, day)

    @property
    def max_call_s(self) -> int:
        """Whole seconds after which the PBX ends a call that nothing else has ended."""
        besides = self.script.longest_s(self.longest_ms) if self.script else 0
        return self.ring_timeout_s + self.longest_ms // 1000 + besides + 60
