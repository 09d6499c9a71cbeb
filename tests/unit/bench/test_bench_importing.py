"""The file that bench-import makes holds the faults it is judged by."""

from collections import Counter
from typing import Any

from bench.importing_list import broken, people_of

GOOD: dict[str, Any] = {
    "rows": 6_000_000, "rows_per_second": 31_000.0, "memory_ratio": 1.1, "longest_lock_ms": 20.0,
    "rejects_right": True,
}  # fmt: skip


def test_rows_are_faulty_as_often_as_said_and_duplicates_follow_their_first() -> None:
    made = list(people_of(3000))
    assert Counter(code for _, code in made) == {"": 2967, "too_short": 30, "duplicate": 3}
    assert made[999][0][0] == made[998][0][0]
    assert len({row[0] for row, code in made if not code}) == 2967


def test_goals_are_for_large_lists_and_refusals_for_all() -> None:
    assert broken(GOOD) == []
    assert broken({**GOOD, "longest_lock_ms": 51.0}) == ["longest_lock_ms"]
    assert broken({**GOOD, "rows": 20_000, "rows_per_second": 9.0}) == []
    assert broken({**GOOD, "rows": 20_000, "rejects_right": False}) == ["rejects_right"]
