"""Euros are never rounded on their way in, nor where programs read them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.money import plain, shown, to_euros, to_micros


@given(st.integers(-(10**15), 10**15))
def test_there_and_back(micros: int) -> None:
    assert to_micros(to_euros(micros)) == to_micros(Decimal(plain(micros))) == micros


@pytest.mark.parametrize("text", ["0.0000001", "NaN", "Infinity"])
def test_what_cannot_be_counted_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"decimals|no sum"):
        to_micros(Decimal(text))


@pytest.mark.parametrize(
    ("micros", "short", "exact"),
    [(8_500, "€0.01", "0.0085"), (1_234_500_000, "€1,234.50", "1234.50"), (0, "€0.00", "0.00")],
)
def test_as_people_and_programs_read_them(micros: int, short: str, exact: str) -> None:
    assert (shown(micros), plain(micros)) == (short, exact)
