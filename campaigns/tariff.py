"""What a call costs, by where it goes: a carrier's tariff, and what a call may cost at most. Pure.

Sums are whole micro-euros. Where a price does not come out even it is rounded up once, for the
whole call, so that no carrier's invoice of the same seconds is higher by its rounding.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

from campaigns.errors import InvalidInput

_PREFIX = re.compile(r"\+\d{0,15}")

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Tariff:
    """The price of calls to numbers of one prefix. A call nobody answers costs nothing.

    Attributes:
        prefix: E.164 with its plus sign, such as `+336`; `+` alone is every number.
        per_call: micro-euros for each answered call.
        per_minute: micro-euros for sixty seconds that are counted.
        first_s: seconds of the first increment: a shorter call counts as so many.
        next_s: seconds of each further one: what was begun counts whole. 60 and 1 is the
            carriers' 60/1.
        free_s: seconds at the beginning of each call that are not counted.
        short_under_s: answered calls shorter than so many seconds bear a surcharge; 0 for none.
        short_surcharge: micro-euros of that surcharge.
    """

    prefix: str = "+"
    per_call: int = 0
    per_minute: int = 0
    first_s: int = 1
    next_s: int = 1
    free_s: int = 0
    short_under_s: int = 0
    short_surcharge: int = 0

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.prefix):
            raise InvalidInput(
                f"tariff {self.prefix}",
                f"«{self.prefix}» is no prefix of numbers.",
                "Write + and digits, such as +336; + alone is every number.",
            )
        if min(self.per_call, self.per_minute, self.free_s, self.short_surcharge) < 0:
            raise InvalidInput(f"tariff {self.prefix}", "nothing in it may be below zero.")
        if min(self.first_s, self.next_s) < 1:
            raise InvalidInput(
                f"tariff {self.prefix}", "an increment is a second or more.", "Write 60/1 or 1/1."
            )
        if (self.short_under_s > 0) != (self.short_surcharge > 0):
            raise InvalidInput(
                f"tariff {self.prefix}",
                "a surcharge for short calls needs both its price and the seconds it ends at.",
                "Write short_under_s and short_surcharge, or neither.",
            )

    def cost(self, seconds: int) -> int:
        """Micro-euros of a call that was answered, for whole seconds from answer to end."""
        short = self.short_surcharge if seconds < self.short_under_s else 0
        return self._without_surcharge(seconds) + short

    def worst(self, longest_s: int) -> int:
        """The most micro-euros that a call of at most so many whole seconds can cost.

        A short call with its surcharge may cost more than a long one.
        """
        short_s = min(longest_s, self.short_under_s - 1)
        return max(self.cost(longest_s), self.cost(max(short_s, 0)))

    def counted(self, seconds: int) -> int:
        """The seconds of an answered call that are paid for."""
        left = seconds - self.free_s
        if left <= 0:
            return 0
        further = max(0, left - self.first_s)
        return self.first_s + -(-further // self.next_s) * self.next_s

    def _without_surcharge(self, seconds: int) -> int:
        return self.per_call - (-self.counted(seconds) * self.per_minute // 60)

    def written(self) -> str:
        """As it is kept with each call that was claimed under it."""
        prefix, *figures = astuple(self)
        return f"{prefix} {' '.join(map(str, figures))}"


def read(written: str) -> Tariff:
    """The tariff that was written so."""
    prefix, *figures = written.split()
    return Tariff(prefix, *map(int, figures))


class Tariffs:
    """The tariffs of one trunk; the longest prefix that a number begins with is its own."""

    def __init__(self, tariffs: Iterable[Tariff] = ()) -> None:
        """Take them in.

        Raises:
            InvalidInput: two are of one prefix.
        """
        self._by_prefix: dict[str, Tariff] = {}
        for one in tariffs:
            if one.prefix in self._by_prefix:
                raise InvalidInput(
                    f"tariff {one.prefix}", "this prefix has a tariff already.", "Keep one of them."
                )
            self._by_prefix[one.prefix] = one
        self._lengths = sorted({len(one) for one in self._by_prefix}, reverse=True)

    def __bool__(self) -> bool:
        return bool(self._by_prefix)

    def __iter__(self) -> Iterator[Tariff]:
        """Those of the longest prefixes first."""
        return iter(sorted(self._by_prefix.values(), key=lambda one: -len(one.prefix)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tariffs) and self._by_prefix == other._by_prefix

    def __hash__(self) -> int:
        return hash(frozenset(self._by_prefix.values()))

    def of(self, number: str) -> Tariff | None:
        """The tariff of an E.164 number; None where no prefix fits."""
        found = (self._by_prefix.get(number[:length]) for length in self._lengths)
        return next((one for one in found if one is not None), None)


def talked_s(answered_at: datetime | None, ended_at: datetime | None) -> int:
    """Whole seconds from answer to end, a begun one counted; 0 where nobody answered."""
    if answered_at is None or ended_at is None:
        return 0
    return max(0, -((answered_at - ended_at) // _SECOND))
