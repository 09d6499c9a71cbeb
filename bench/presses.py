"""Keys pressed at random instants, and which of them the PBX acted on. Pure.

A caller presses one to eight keys: some in the first tenths of a second, some about the end of the
recording, some twice as fast as a finger can (250 ms), which are two. Some keys are held for as
long as 600 ms. A 9 ends the call, so it is only ever the last key.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import groupby, pairwise
from random import Random

from campaigns.trunk import Keys
from rehearsal.behaviour import PRESS_SECONDS, Press, Route
from rehearsal.ledger import LedgerCall

FASTEST_S = 0.25
"""Between two presses of one finger."""

LISTENED_S = 2.5
"""After the message keys are listened for so long at least, and as long again after each."""

CROSSING_S = 0.15
"""A key released so shortly before the PBX hangs up may cross its BYE."""

LATE_S = 0.02
"""By how much a key may be sent otherwise than it was meant. Where that would make two presses one,
or one two, the network had no processor: what it sent is not what these people pressed, and tells
nothing of the PBX."""

SHORTEST_HELD_S, LONGEST_HELD_S = 0.08, 0.6

_OTHERS = "012345678*#"
_SLOWEST_S = 1.5
_MOST_KEYS = 8
_EARLIEST_S, _EARLY_S, _ABOUT_S = 0.05, 0.3, 0.25

Way = tuple[Route, ...]
RFC4733: Way = (Route.RFC4733,)
BOTH: Way = (Route.RFC4733, Route.INFO)
INFO: Way = (Route.INFO,)
INBAND: Way = (Route.INBAND,)


@dataclass(frozen=True, slots=True)
class Taking:
    """A PBX by how it takes keys, and who calls it.

    Attributes:
        keys: as its trunk is set.
        same_s: within so many seconds the same key is the same press.
        shares: by which way the keys of a caller travel, of 100.
    """

    keys: Keys
    same_s: float
    shares: Mapping[Way, int]

    @property
    def fastest_s(self) -> float:
        """After itself a key is pressed no sooner."""
        return max(FASTEST_S, self.same_s + 2 * LATE_S)


EXACT = Taking(Keys.RFC4733, 0.2, {RFC4733: 65, BOTH: 20, INBAND: 15})
"""INFO is ignored: a key counts as it goes up, however long it was held."""

ANYHOW = Taking(Keys.ANY, 0.7, {BOTH: 50, INFO: 50})
"""INFO counts too, and one press is told from two by time alone."""


def callers(
    count: int, message_s: float, seed: int, taking: Taking = EXACT
) -> Iterator[tuple[Press, ...]]:
    """The keys of so many people who hear a message of this length."""
    lot = Random(seed)
    for _ in range(count):
        way = lot.choices(list(taking.shares), list(taking.shares.values()))[0]
        yield tuple(_presses(lot, message_s, way, taking.fastest_s))


def _presses(lot: Random, message_s: float, way: Way, fastest_s: float) -> Iterator[Press]:
    at, digit = _first(lot, message_s), lot.choice(_OTHERS)
    for _ in range(lot.randint(0, _MOST_KEYS - 1)):
        press = Press(digit, round(at, 3), way, _held(lot))
        yield press
        twice = lot.random() < 0.25
        digit = digit if twice else lot.choice(_OTHERS)
        least = fastest_s if digit == press.digit else FASTEST_S
        # A finger is lifted before it comes down again.
        least = max(least, press.held + FASTEST_S - SHORTEST_HELD_S)
        at += least if twice else lot.uniform(least, max(least, _SLOWEST_S))
        if at > message_s + LISTENED_S:
            return
    yield Press("9" if lot.random() < 0.25 else digit, round(at, 3), way, _held(lot))


def _held(lot: Random) -> float:
    """For how long a key is down: as telephones send it mostly, or as it is tapped or leant on."""
    if lot.random() < 0.5:
        return PRESS_SECONDS
    return round(lot.uniform(SHORTEST_HELD_S, LONGEST_HELD_S), 2)


def _first(lot: Random, message_s: float) -> float:
    spans = (
        (_EARLIEST_S, _EARLY_S),
        (message_s - _ABOUT_S, message_s + _ABOUT_S),
        (_EARLIEST_S, message_s + LISTENED_S),
    )
    return lot.uniform(*lot.choices(spans, (20, 30, 50))[0])


def population(count: int, message_s: float, seed: int, taking: Taking = EXACT) -> str:
    """Those people as a population of the simulated network (docs/rehearsal.md)."""
    rows = ["ring = [0.1, 0.5]"]
    for keys in callers(count, message_s, seed, taking):
        pressed = ", ".join(f'"{key.digit}@{key.at:.3f}/{key.held:.2f}"' for key in keys)
        routes = ", ".join(f'"{route}"' for route in keys[0].routes)
        rows.append(f'[[behaviour]]\nname = "presses_key"\nkeys = [{pressed}]\nroutes = [{routes}]')
    return "\n".join(rows) + "\n"


@dataclass(frozen=True, slots=True)
class Tally:
    """Of one way, or of all calls.

    Attributes:
        pressed: keys that had to be acted on.
        lost: of them never acted on.
        twice: acted on once too often.
        blurred: keys of calls that count nowhere, as the network sent them otherwise than meant.
        odd: SIP Call-ID, what was pressed, and what was acted on, where they differ.
    """

    pressed: int = 0
    lost: int = 0
    twice: int = 0
    blurred: int = 0
    odd: list[tuple[str, str, str]] = field(default_factory=list)

    def __add__(self, other: "Tally") -> "Tally":
        """Of both."""
        return Tally(
            self.pressed + other.pressed,
            self.lost + other.lost,
            self.twice + other.twice,
            self.blurred + other.blurred,
            self.odd + other.odd,
        )

    @property
    def lost_share(self) -> float:
        """Of the keys pressed; 0 of none."""
        return self.lost / max(1, self.pressed)


def due(call: LedgerCall) -> tuple[Way, str]:
    """By which way its keys travelled, and what of them had to be acted on, in order.

    One press sent by two routes has one beginning. What follows a 9 has nothing left to do, and
    what crosses the PBX's own end of the call is nobody's.
    """
    over = call.bye_at if call.bye_at is not None else float("inf")
    found, way = "", ()
    ordered = sorted(call.keys, key=lambda key: (key.start, key.digit))
    for (_, digit), same in groupby(ordered, key=lambda key: (key.start, key.digit)):
        keys = list(same)
        way = tuple(sorted(Route(key.route) for key in keys))
        if max(key.end for key in keys) < over - CROSSING_S and "9" not in found:
            found += digit
    return tuple(reversed(way)), found


def blurred(call: LedgerCall, taking: Taking) -> bool:
    """Whether the network was late in sending this call's keys, where that makes a difference."""
    if taking.keys is Keys.ANY and len({key.route for key in call.keys}) > 1:
        return any(key.end - key.start > taking.same_s - LATE_S for key in call.keys)
    counted = sorted(
        (key.end, key.digit)
        for key in call.keys
        if key.route != Route.INFO or taking.keys is Keys.ANY
    )
    return any(
        digit == before and at - earlier < taking.same_s + LATE_S
        for (earlier, before), (at, digit) in pairwise(counted)
    )


def judged(
    calls: Iterable[LedgerCall], acted_on: dict[str, str], taking: Taking = EXACT
) -> dict[Way, Tally]:
    """What became of the keys, by the way they travelled.

    Args:
        calls: as the network saw them.
        acted_on: the keys that the engine recorded, by SIP Call-ID.
        taking: how they were to be taken.
    """
    counts: dict[Way, Counter[str]] = {way: Counter() for way in taking.shares}
    odd: dict[Way, list[tuple[str, str, str]]] = {way: [] for way in taking.shares}
    for call in calls:
        if not call.keys:
            continue
        way, pressed = due(call)
        if blurred(call, taking):
            counts[way].update(blurred=len(pressed))
            continue
        taken = acted_on.get(call.sip_call_id, "")
        alike = _alike(pressed, taken)
        counts[way].update(pressed=len(pressed), lost=len(pressed) - alike)
        counts[way].update(twice=max(0, len(taken) - alike))
        if pressed != taken:
            odd[way].append((call.sip_call_id, pressed, taken))
    return {way: Tally(**count, odd=odd[way]) for way, count in counts.items()}


def _alike(pressed: Sequence[str], taken: Sequence[str]) -> int:
    """How many keys of one are, in order, in the other."""
    blocks = SequenceMatcher(None, pressed, taken, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks)
