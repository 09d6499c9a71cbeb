"""How exactly limits are kept and used, as the far side counts them."""

import math
import time
from dataclasses import asdict, dataclass
from typing import Any

from bench import people
from bench.ceiling import wait_for_quiet
from bench.climbers import CHANNELS
from bench.figures import Span, mean_up, most_in_a_second, most_up, rate, within
from bench.installation import Installation, Plan, installed
from bench.meter import Meter
from bench.report import table, tell
from campaigns.campaign import Limits
from campaigns.states import Action
from rehearsal.ledger import LedgerCall, read

CHANNEL_LIMIT = 200
RATES = (25, 50, 100)
SETTLED_S = 4.0
"""What is in force by then is all that counts: a change holds within a second."""

FULL_S = 10.0
"""Until as many calls are up as may be."""

TAIL_S = 2.0


@dataclass(frozen=True, slots=True)
class Kept:
    """One limit in force for a while.

    Attributes:
        what: `calls up` or `calls/s`.
        most: the most that the far side counted, at one moment or in one second.
        used: share of the limit used on average.
        idle_share: of all cores meanwhile.
    """

    what: str
    limit: int
    most: int
    used: float
    idle_share: float

    @property
    def overshoot(self) -> int:
        """By how much it was passed."""
        return max(0, self.most - self.limit)


def rates(site: Installation, campaign: int, seconds: float) -> list[Kept]:
    """Run at each rate for so long. The site has no dialer; the campaign runs."""
    start = wait_for_quiet(site)
    people.limit(site, campaign, Limits(CHANNELS, RATES[0]))
    site.start_dialer()
    runs = []
    for per_second in RATES:
        tell(f"limit {per_second} calls/s for {seconds:.0f} s")
        runs.append(_held(site, campaign, Limits(CHANNELS, per_second), seconds, SETTLED_S))
    _end(site, campaign)
    calls = read(site.ledger, start)
    return [
        _rate_kept(calls, span, limit, idle)
        for limit, (span, idle) in zip(RATES, runs, strict=True)
    ]


def channels(seconds: float) -> Kept:
    """Run for so long with no more calls up than may be, in an installation of its own."""
    with installed(Plan(CHANNELS, 1000, "answers")) as site:
        wanted = Limits(CHANNEL_LIMIT, RATES[-1])
        campaign = people.campaign(site, int((FULL_S + seconds + 10) * RATES[-1]), wanted)
        people.start(site, campaign)
        tell(f"limit {CHANNEL_LIMIT} calls up for {seconds:.0f} s")
        site.start_dialer()
        span, idle = _held(site, campaign, wanted, seconds, FULL_S)
        _end(site, campaign)
        return _channels_kept(read(site.ledger), span, idle)


def _end(site: Installation, campaign: int) -> None:
    """Leave the campaign running and the site without a dialer."""
    people.act(site, campaign, Action.PAUSE)
    people.wait_for_silence(site, campaign)
    site.end_dialer()
    people.act(site, campaign, Action.RESUME)


def _held(
    site: Installation, campaign: int, wanted: Limits, seconds: float, settled_s: float
) -> tuple[Span, float]:
    """A limit in force; when it counts, and the idle share of the machine then."""
    people.limit(site, campaign, wanted)
    time.sleep(settled_s)
    meter = Meter(site.pids)
    begun = time.time()
    time.sleep(seconds)
    site.check()
    return (begun, time.time()), meter.read().idle_share


def _rate_kept(calls: list[LedgerCall], span: Span, limit: int, idle: float) -> Kept:
    starts = within((call.invite_at for call in calls), span)
    return Kept("calls/s", limit, most_in_a_second(starts), rate(starts, span) / limit, idle)


def _channels_kept(calls: list[LedgerCall], span: Span, idle: float) -> Kept:
    lives = [
        (call.invite_at, math.inf if call.ended_at is None else call.ended_at) for call in calls
    ]
    steady = (span[0], span[1] - TAIL_S)
    used = mean_up(lives, steady) / CHANNEL_LIMIT
    return Kept("calls up", CHANNEL_LIMIT, most_up(lives, steady), used, idle)


def result(runs: list[Kept]) -> dict[str, Any]:
    """The keys of `make bench`."""
    paced = [one for one in runs if one.what == "calls/s"]
    (up,) = (one for one in runs if one.what == "calls up")
    return {
        "channel_overshoot": up.overshoot,
        "channel_use": up.used,
        "cps_overshoot": max(one.overshoot for one in paced),
        "cps_use": min(one.used for one in paced),
    }


def show(runs: list[Kept]) -> None:
    """Print them."""
    table(
        "Limits, as the far side counts",
        ("limit of", "limit", "most seen", "overshoot", "used", "idle share"),
        [(one.what, one.limit, one.most, one.overshoot, one.used, one.idle_share) for one in runs],
    )


def detail(runs: list[Kept]) -> list[dict[str, Any]]:
    """Everything, to be kept."""
    return [asdict(one) for one in runs]
