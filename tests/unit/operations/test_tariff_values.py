"""Tariffs in the settings: exact sums, and faults that name their line."""

from decimal import Decimal
from pathlib import Path

import pytest

from campaigns.errors import InvalidInput
from campaigns.tariff import Tariff
from operations.settings import FILE_NAME, load

HEAD = """
[trunks.carrier]
host = "sip.carrier.example"

[[trunks.carrier.tariffs]]
prefix = "+33"
per_minute = 0.0085
increments = "60/1"
"""


def tariffs(home: Path, more: str = "") -> object:
    (home / FILE_NAME).write_text(HEAD + more)
    return next(one for one in load(home).all_trunks() if one.name == "carrier").tariffs


def test_what_is_written_is_counted_exactly(tmp_path: Path) -> None:
    more = """
[[trunks.carrier.tariffs]]
prefix = "+336"
per_call = "0.05"
per_second = 0.0012
increments = "30/6"
free_s = 3
short_under_s = 6
short_surcharge = 0.02
"""
    found = tariffs(tmp_path, more)
    assert found.of("+33199001234") == Tariff("+33", per_minute=8_500, first_s=60)  # type: ignore[attr-defined]
    assert found.of("+33639980001") == Tariff(  # type: ignore[attr-defined]
        "+336", 50_000, 72_000, 30, 6, 3, 6, 20_000
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('prefix = "+33"', r"line 2: \+33 has its price in line 1"),
        ('prefix = "336"', "line 2, .*no prefix"),
        ('prefix = "+336"\nper_minute = "dear"', "line 2, per_minute: .*decimal"),
        ('prefix = "+336"\nper_minute = -1', "line 2, per_minute: .*greater than or equal"),
        ('prefix = "+336"\nper_minute = 0.00000001', "line 2, per_minute: .*six decimals"),
        ('prefix = "+336"\nper_minute = 1\nper_second = 1', "line 2, per_second: .*already"),
        ('prefix = "+336"\nincrements = "0/1"', "line 2, .*a second or more"),
        ('prefix = "+336"\nincrements = "a minute"', "line 2, increments"),
        ('prefix = "+336"\nshort_under_s = 6', "line 2, .*needs both"),
        ('prefix = "+336"\nper_hour = 1', "line 2, per_hour"),
    ],
)
def test_a_fault_names_its_line(tmp_path: Path, line: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=rf"trunks\.carrier\.tariffs: {why}"):
        tariffs(tmp_path, f"\n[[trunks.carrier.tariffs]]\n{line}\n")


def test_a_rehearsal_may_be_reckoned_by_a_tariff(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('[[rehearsal.tariffs]]\nprefix = "+"\nper_call = 0.01\n')
    (trunk,) = load(tmp_path).all_trunks()
    assert trunk.tariffs.of("+33639980001") == Tariff("+", per_call=10_000)
    assert Decimal("0.01") == load(tmp_path).rehearsal.tariffs[0].per_call
