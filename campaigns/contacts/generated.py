"""Whether the numbers of a list look made up by a program rather than given by people. Pure.

Such a list has no person's agreement behind it, whatever is declared of it. Four signs are looked
for while the numbers stream by, in memory that does not grow with the list:

- one step from each number to the next, over and over: 1, 1, 1, or 37, 37, 37;
- two steps over and over, as of a constant step that begins anew at the end of a range;
- a thousand numbers of which most are there;
- a spread over a range that is more even than chance, and so than life, ever is.

False alarms: people's numbers, in any order, sorted too, of which at most half of any stretch are
in the list. Sorted at one half, two steps are equal with probability 1/3 and forty in a row are
with less than 2e-12; a spread passes its limit with about 1e-9, and at most 11,000 are looked at;
the other two signs are far rarer. For six million numbers that is less than one list in 10,000.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

import numpy as np
from numpy.typing import NDArray

EQUAL_STEPS = 40
"""So many equal steps one after the other are no chance."""

TWO_STEPS = 128
"""So many steps of which each is one of the same two are no chance either."""

FULL = 750
"""Of a thousand numbers that follow each other, how many are more than people ever are."""

LEAST_SPREAD = 1000
"""Numbers of a range under which nothing is said of how they are spread."""

EVEN = 36.0
"""Chi-squared over 100 parts below which a spread is too even: its expectation is 99, its standard
deviation 14, and its quantile of 1e-9 is 36 (Wilson and Hilferty, Proceedings of the National
Academy of Sciences 17 (1931), 684-688)."""

_THOUSANDS = 1_000_000
"""Of nine digits. Overseas numbers share the counters of others, which makes none of them even."""
_PARTS = 100
_AT_ONCE = 10_000

_Ints = NDArray[np.int64]


class Sign(StrEnum):
    """What gives a list away."""

    CONSTANT_STEP = "constant_step"
    TWO_STEPS = "two_steps"
    FULL_RANGE = "full_range"
    EVEN_SPREAD = "even_spread"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Why a list looks generated.

    Attributes:
        sign: what was seen.
        numbers: how many numbers it was seen on, at least.
        step: from each to the next, where that is the sign; else 0.
    """

    sign: Sign
    numbers: int
    step: int = 0

    @property
    def said(self) -> str:
        """In a few words."""
        words = {
            Sign.CONSTANT_STEP: f"follow each other at a step of {self.step}",
            Sign.TWO_STEPS: "follow each other at two steps only",
            Sign.FULL_RANGE: f"fill a range of a thousand by more than {FULL}",
            Sign.EVEN_SPREAD: "are spread over their range more evenly than chance does it",
        }
        return f"{self.numbers} numbers {words[self.sign]}"


class Detector:
    """Looks at the numbers of one list, some at a time, in the order of its file."""

    def __init__(self) -> None:
        self._last: _Ints = np.empty(0, np.int64)
        self._run_step, self._run = 0, 0
        self._longest_step, self._longest = 0, 0
        self._left: _Ints = np.empty(0, np.int64)
        self._blocks_of_two = 0
        self._counts = np.zeros(_THOUSANDS, np.uint16)

    def look(self, numbers: Sequence[str]) -> None:
        """Take in the next numbers, as E.164, none of them seen before."""
        if not numbers:
            return
        found = np.fromiter((int(one[1:]) for one in numbers), np.int64, len(numbers))
        np.add.at(self._counts, found // 1000 % _THOUSANDS, np.uint16(1))
        joined = np.concatenate((self._last, found))
        steps = joined[1:] - joined[:-1]
        self._last = found[-1:]
        if steps.size:
            self._look_for_runs(steps)
            self._look_for_two(steps)

    def verdict(self) -> Suspicion | None:
        """Why all numbers so far look generated; None where they do not."""
        if self._longest >= EQUAL_STEPS:
            return Suspicion(Sign.CONSTANT_STEP, self._longest + 1, self._longest_step)
        if self._blocks_of_two:
            return Suspicion(Sign.TWO_STEPS, self._blocks_of_two * TWO_STEPS)
        if (fullest := int(self._counts.max())) >= FULL:
            return Suspicion(Sign.FULL_RANGE, fullest)
        by_ten = self._counts.reshape(-1, 10).sum(axis=1, dtype=np.int64)
        even = max(_most_even(self._counts, 1000), _most_even(by_ten, 10_000))
        return Suspicion(Sign.EVEN_SPREAD, even) if even else None

    def _look_for_runs(self, steps: _Ints) -> None:
        """Count on the run of equal steps that the numbers before ended with."""
        begins = np.concatenate(([0], np.flatnonzero(np.diff(steps)) + 1))
        lengths = np.diff(np.concatenate((begins, [steps.size])))
        if steps[0] == self._run_step:
            lengths[0] += self._run
        longest = int(lengths.argmax())
        if lengths[longest] > self._longest:
            self._longest_step = int(steps[begins[longest]])
            self._longest = int(lengths[longest])
        self._run_step, self._run = int(steps[-1]), int(lengths[-1])

    def _look_for_two(self, steps: _Ints) -> None:
        """Whether each of a block of steps is the smallest or the largest of the block."""
        waiting = np.concatenate((self._left, steps))
        whole = waiting.size // TWO_STEPS * TWO_STEPS
        blocks = waiting[:whole].reshape(-1, TWO_STEPS)
        self._left = waiting[whole:]
        lowest, highest = blocks.min(axis=1, keepdims=True), blocks.max(axis=1, keepdims=True)
        two = ((blocks == lowest) | (blocks == highest)).all(axis=1)
        self._blocks_of_two += int(two.sum())


def suspicion(numbers: Iterable[str]) -> Suspicion | None:
    """Why a list of these numbers looks generated, or None; they are read once, as they come."""
    detector, left = Detector(), iter(numbers)
    while some := list(islice(left, _AT_ONCE)):
        detector.look(some)
    return detector.verdict()


def _most_even(counts: NDArray[np.integer], size: int) -> int:
    """How many numbers the ranges hold that are spread too evenly over their hundred parts.

    Args:
        counts: numbers of each part.
        size: how many numbers a part has room for. The fuller it is, the less chance is left.
    """
    parts = counts.reshape(-1, _PARTS).astype(np.int64)
    many = parts.sum(axis=1)
    enough = many >= LEAST_SPREAD
    parts, many = parts[enough], many[enough]
    mean = many / _PARTS
    chi_squared = ((parts - mean[:, None]) ** 2).sum(axis=1) / mean
    return int(many[chi_squared < EVEN * (1 - mean / size)].sum())
