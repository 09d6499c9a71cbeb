"""Calls are placed while dialers are killed, stopped, continued and started again."""

import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field

from bench import people
from bench.cluster.site import Site
from bench.installation import Failed
from bench.report import tell
from campaigns.states import Action, TargetState
from store import tallies
from store.engine import reading

LOOK_S = 0.5
AWAY_S = (0.0, 20.0)
"""How long one that was killed stays away: shorter and longer than its lease."""

STOPPED_S = (1.0, 15.0)
"""How long one is stopped (SIGSTOP) before it goes on, and may find that it lost its lease."""

STUCK_S = 180.0
DIALER, PBX_TOO, STOPPED, ENDED = "killed", "killed with its PBX", "stopped", "ended in order"
_WEIGHTS = {DIALER: 4, PBX_TOO: 1, STOPPED: 3, ENDED: 2}


@dataclass(frozen=True, slots=True)
class Order:
    """How many calls are begun, and how many faults are injected meanwhile."""

    calls: int
    faults: int


@dataclass(slots=True)
class Done:
    """What was done.

    Attributes:
        counts: faults by kind.
        pbx_kills: of which node an Asterisk was killed, and when (epoch s).
        seconds: from the first dialer's start to the end of the last call.
    """

    counts: Counter[str] = field(default_factory=Counter)
    pbx_kills: list[tuple[str, float]] = field(default_factory=list)
    seconds: float = 0.0


def run(site: Site, campaign: int, order: Order, chance: random.Random) -> Done:
    """Place the calls; every dialer has ended afterwards, and every call."""
    done = Done()
    site.start_network()
    people.start(site, campaign)
    for node in site.nodes:
        site.start_dialer(node)
    begun = time.monotonic()
    _call(site, campaign, order, chance, done)
    _end(site, campaign)
    done.seconds = time.monotonic() - begun
    return done


def begun_calls(site: Site, campaign: int) -> int:
    """People for whom a call was begun."""
    with reading(site.workspace.engine) as connection:
        return tallies.one(connection, campaign, tallies.BEGUN, tallies.PEOPLE)


def _call(site: Site, campaign: int, order: Order, chance: random.Random, done: Done) -> None:
    back: dict[str, float] = {}
    asleep: dict[str, float] = {}
    last, moved, told = 0, time.monotonic(), 0.0
    while (count := begun_calls(site, campaign)) < order.calls:
        now = time.monotonic()
        if count != last:
            last, moved = count, now
        if now - moved > STUCK_S:
            raise Failed(f"No call for {STUCK_S:.0f} s after {count:,}.")
        if now - told > 10:
            told = now
            tell(f"{count:,} called, {len(site.running)} dialers, {dict(done.counts)}")
        due = order.faults * count / order.calls
        if sum(done.counts.values()) < due:
            _inject(site, chance, done, back, asleep)
        _bring_back(site, back, asleep)
        time.sleep(LOOK_S)
    _bring_back(site, dict.fromkeys(back, 0.0), dict.fromkeys(asleep, 0.0))


def _inject(
    site: Site, chance: random.Random, done: Done, back: dict[str, float], asleep: dict[str, float]
) -> None:
    """Do something to one of those that work, unless it is the only one."""
    working = [one for one in site.running if one not in back and one not in asleep]
    if len(working) < 2:
        return
    node = chance.choice(working)
    what = chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    done.counts[what] += 1
    now = time.monotonic()
    if what == STOPPED:
        site.signal_dialer(node, signal.SIGSTOP)
        asleep[node] = now + chance.uniform(*STOPPED_S)
        return
    site.signal_dialer(node, signal.SIGTERM if what == ENDED else signal.SIGKILL)
    if what == PBX_TOO:
        site.kill_pbx(node)
        done.pbx_kills.append((node, time.time()))
    back[node] = now + chance.uniform(*AWAY_S)


def _bring_back(site: Site, back: dict[str, float], asleep: dict[str, float]) -> None:
    now = time.monotonic()
    for node in [one for one, at in asleep.items() if at <= now]:
        del asleep[node]
        site.signal_dialer(node, signal.SIGCONT)
    for node in site.nodes:
        # One that found another in its place, or that its lease had lapsed, has ended by itself.
        away = node not in site.running and node not in asleep
        if away and back.get(node, 0.0) <= now:
            back.pop(node, None)
            site.start_dialer(node)


def _end(site: Site, campaign: int) -> None:
    """Place no more calls, and have every dialer settle what it had in flight."""
    tell("ending")
    people.act(site, campaign, Action.PAUSE)
    until = time.monotonic() + STUCK_S
    while people.progress(site, campaign).states.get(TargetState.CALLING.value, 0):
        _bring_back(site, {}, {})
        if time.monotonic() > until:
            break  # the verdict tells of them
        time.sleep(LOOK_S)
    site.end_dialers(STUCK_S)
    site.end_network()
