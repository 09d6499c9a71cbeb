"""What a campaign takes: hours, channels, processors, lines. Pure arithmetic over measured figures.

The figures are those of docs/benchmarks.md, on two cores of an AMD EPYC; a test holds them against
what was saved there. Other processors take another time, so that the hours are as sure as the rate
a carrier grants, and the cores are a first guess to be measured again.
"""

from dataclasses import dataclass
from math import ceil

from campaigns.errors import InvalidInput

PBX_CALL_S = 0.0068
"""Processor seconds that Asterisk takes for a call, however long it is: `bench` and `bench-paris`
measured 10.6 ms for calls of 2.4 s and 42 ms for calls of 23 s, two-way RTP included."""

PBX_SECOND_S = 0.00158
"""And for each second that a call is up."""

DIALER_CALL_S = 0.0013
"""Processor seconds that the dialer takes for a call (`bench`, `ms_per_call`)."""

DIALER_CORES = 0.07
"""What it takes beside (`bench-paris`: 0.09 cores at 17.3 calls a second)."""

FASTEST_CPS = 150.0
"""Calls a second at which one dialer was seen to go on for an hour (`bench-day`)."""

BUSY = 0.75
"""Share of a machine's cores that may be busy: limits were kept at a third idle (`bench-paris`)."""

CHANNEL_KBITS = 80.0
"""One way, G.711 in packets of 20 ms: 160 bytes of sound, 12 of RTP (RFC 3550), 8 of UDP, 20 of IP,
50 times a second."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A campaign to be sized.

    Attributes:
        people: how many are to be called.
        message_s: seconds of the message; who answers is taken to hear `heard` of it.
        answered: share of calls that are answered, 0 to 1.
        attempts: calls that a person who does not answer may receive in all.
        cps: calls begun a second that the carrier grants, over all trunks.
        channels: calls up at once that it grants.
        hours_a_day: in which people may be called.
        ring_s: seconds until an answer, or until nobody answers, on average.
        heard: share of the message that is heard on average.
    """

    people: int
    message_s: float
    answered: float = 0.6
    attempts: int = 1
    cps: float = 18.0
    channels: int = 700
    hours_a_day: float = 9.0
    ring_s: float = 9.0
    heard: float = 0.75


@dataclass(frozen=True, slots=True)
class Size:
    """What it takes.

    Attributes:
        calls: in all.
        hold_s: seconds a call holds its channel on average.
        cps: calls begun a second that come of it.
        channels: calls up at once, on average, at that rate.
        hours: of calling, from the first call to the last.
        days: of `hours_a_day`.
        pbx_cores: that Asterisk keeps busy.
        dialer_cores: that dialers keep busy.
        machines: of the cores asked about.
        mbits: of sound each way.
        bound_by: what keeps it from going faster: calls per second, or channels.
    """

    calls: int
    hold_s: float
    cps: float
    channels: int
    hours: float
    days: float
    pbx_cores: float
    dialer_cores: float
    machines: int
    mbits: float
    bound_by: str


def size(plan: Plan, cores: int = 2) -> Size:
    """Size a campaign.

    Args:
        plan: what is asked for.
        cores: of each machine.

    Raises:
        InvalidInput: a figure can be none.
    """
    _check(plan, cores)
    calls = ceil(plan.people * calls_per_person(plan.answered, plan.attempts))
    hold_s = plan.ring_s + plan.answered * plan.heard * plan.message_s
    widest = plan.channels / hold_s
    cps = min(plan.cps, widest)
    hours = calls / cps / 3600
    pbx = cps * (PBX_CALL_S + PBX_SECOND_S * hold_s)
    machines = max(ceil(cps / FASTEST_CPS), ceil((pbx + cps * DIALER_CALL_S) / (cores * BUSY)))
    return Size(
        calls=calls,
        hold_s=hold_s,
        cps=cps,
        channels=ceil(cps * hold_s),
        hours=hours,
        days=hours / plan.hours_a_day,
        pbx_cores=pbx,
        dialer_cores=cps * DIALER_CALL_S + machines * DIALER_CORES,
        machines=machines,
        mbits=cps * hold_s * CHANNEL_KBITS / 1000,
        bound_by="calls per second" if plan.cps <= widest else "channels",
    )


def calls_per_person(answered: float, attempts: int) -> float:
    """Calls that a person receives on average: whoever answers is not called again.

    Args:
        answered: share of calls that are answered, the same at each attempt.
        attempts: at most.
    """
    missed = 1 - answered
    return float(attempts) if missed == 1 else (1 - missed**attempts) / answered


def _check(plan: Plan, cores: int) -> None:
    for field, value in (
        ("people", plan.people), ("message", plan.message_s), ("attempts", plan.attempts),
        ("cps", plan.cps), ("channels", plan.channels), ("hours-a-day", plan.hours_a_day),
        ("ring", plan.ring_s), ("cores", cores),
    ):  # fmt: skip
        if value <= 0:
            raise InvalidInput(field, "it must be more than nothing.", "Give a larger one.")
    for field, share in (("answered", plan.answered), ("heard", plan.heard)):
        if not 0 <= share <= 1:
            raise InvalidInput(field, "it is a share, from 0 to 1.", "Write 0.6 for 60 %.")
