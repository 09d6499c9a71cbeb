"""What a call is promised of a budget."""

import pytest

from campaigns.budget import FREE, Price, Prices, Spending
from campaigns.tariff import Tariff, Tariffs

MOBILE = Tariff("+336", per_minute=60_000)


def test_a_call_is_promised_its_longest_life() -> None:
    prices = Prices(Tariffs([MOBILE]), longest_s=100, unknown_is_free=False)
    assert prices.of("+33639980001") == Price(100_000, MOBILE.written())


@pytest.mark.parametrize(("free", "price"), [(True, FREE), (False, None)])
def test_a_number_without_a_tariff_is_free_in_a_rehearsal_alone(
    free: bool, price: Price | None
) -> None:
    assert Prices(Tariffs([MOBILE]), 100, free).of("+33199001234") == price


def test_room_is_what_neither_is_spent_nor_promised() -> None:
    assert Spending(30, 50, 100).room == 20
    assert Spending(30, 50).room is None
