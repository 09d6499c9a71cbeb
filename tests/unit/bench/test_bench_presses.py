import itertools
import tomllib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.presses import (
    ANYHOW,
    BOTH,
    EXACT,
    FASTEST_S,
    INBAND,
    INFO,
    LISTENED_S,
    RFC4733,
    Taking,
    Tally,
    callers,
    due,
    judged,
    population,
)
from rehearsal.ledger import LedgerCall, LedgerKey
from rehearsal.profile import read as read_profile

MESSAGE_S = 3.0


def call(*keys: LedgerKey, bye_at: float | None = 1010.0) -> LedgerCall:
    return LedgerCall(
        1, "+33639980001", "id", "127.0.0.1:5060", "presses_key", 1, 999.0,
        answer_at=1000.0, keys=keys, hung_up_by="pbx", bye_at=bye_at,
    )  # fmt: skip


def key(digit: str, at: float, route: str = "rfc4733", held: float = 0.16) -> LedgerKey:
    return LedgerKey(digit, route, 1000 + at, 1000 + at + (held if route == "rfc4733" else 0.0))


@pytest.mark.parametrize(
    ("taking", "ways"), [(EXACT, {RFC4733, BOTH, INBAND}), (ANYHOW, {BOTH, INFO})]
)
def test_keys_are_in_order_as_fast_as_a_finger_and_a_9_is_the_last(
    taking: Taking, ways: set[tuple[str, ...]]
) -> None:
    people = list(callers(500, MESSAGE_S, 7, taking))
    for keys in people:
        times = [one.at for one in keys]
        for one, after in itertools.pairwise(keys):
            assert after.at - one.at >= FASTEST_S - 0.001
            assert after.at > one.at + one.held, "the finger is still down"
            if after.digit == one.digit:
                assert after.at - one.at >= taking.same_s
        assert times[0] >= 0.05
        assert times[-1] <= MESSAGE_S + LISTENED_S + 1.5
        assert "9" not in [one.digit for one in keys[:-1]]
        assert len({one.routes for one in keys}) == 1
    assert {one.routes for keys in people for one in keys} == ways
    held = [one.held for keys in people for one in keys]
    assert min(held) >= 0.08
    assert max(held) > 0.55


@pytest.mark.parametrize("taking", [EXACT, ANYHOW])
def test_the_network_can_read_them_and_the_same_seed_gives_the_same(taking: Taking) -> None:
    text = population(40, MESSAGE_S, 3, taking)
    profile = read_profile(tomllib.loads(text), 1)
    assert [entry.plan.keys for entry in profile.entries] == list(callers(40, MESSAGE_S, 3, taking))
    assert population(40, MESSAGE_S, 3, taking) == text


def test_one_press_by_two_routes_is_one_and_two_fast_ones_are_two() -> None:
    both = [key("5", at, route) for at in (1.0, 1.25) for route in ("info", "rfc4733")]
    assert due(call(*both)) == (BOTH, "55")


def test_what_follows_a_9_and_what_crosses_the_end_need_not_be_acted_on() -> None:
    assert due(call(key("1", 1), key("9", 2), key("3", 3))) == (RFC4733, "19")
    assert due(call(key("1", 1), key("2", 9.75))) == (RFC4733, "1")
    assert due(call(key("2", 9.75), bye_at=None)) == (RFC4733, "2")


@pytest.mark.parametrize(
    ("taken", "lost", "twice"),
    [("1234", 0, 0), ("124", 1, 0), ("12234", 0, 1), ("", 4, 0), ("1134", 1, 1)],
)
def test_lost_keys_and_those_counted_twice_are_told_apart(
    taken: str, lost: int, twice: int
) -> None:
    pressed = call(*(key(str(digit), digit) for digit in (1, 2, 3, 4)))
    found = judged([pressed], {"id": taken})[RFC4733]
    assert (found.pressed, found.lost, found.twice) == (4, lost, twice)
    assert bool(found.odd) is bool(lost or twice)


@given(st.text("0123456789*#", max_size=8))
def test_keys_that_were_all_acted_on_are_never_odd(digits: str) -> None:
    pressed = call(*(key(digit, 1 + 0.3 * place) for place, digit in enumerate(digits)))
    whole = digits[: digits.index("9") + 1] if "9" in digits else digits
    found = judged([pressed], {"id": whole})
    assert sum(one.pressed for one in found.values()) == len(whole)
    assert not any(one.lost or one.twice or one.odd for one in found.values())


def both(digit: str, at: float, held: float) -> tuple[LedgerKey, LedgerKey]:
    return key(digit, at, held=held), key(digit, at, "info")


MERGED = (key("4", 1), replace(key("4", 1.25), end=1001.34))


@pytest.mark.parametrize(
    ("keys", "taking", "way", "presses"),
    [
        (MERGED, EXACT, RFC4733, 2),
        ((key("4", 1, "info"), key("4", 1.6, "info")), ANYHOW, INFO, 2),
        (both("4", 1, 0.69), ANYHOW, BOTH, 1),
    ],
)
def test_keys_that_the_network_sent_late_count_nowhere(
    keys: tuple[LedgerKey, ...], taking: Taking, way: tuple[str, ...], presses: int
) -> None:
    found = judged([call(*keys)], {}, taking)[way]
    assert (found.pressed, found.lost, found.blurred) == (0, 0, presses)


@pytest.mark.parametrize(
    ("keys", "taking", "way", "presses"),
    [
        ((key("4", 1, held=1.5),), EXACT, RFC4733, 1),
        ((key("4", 1), key("5", 1.2)), EXACT, RFC4733, 2),
        (both("4", 1, 0.6), EXACT, BOTH, 1),
        ((*both("4", 1, 0.6), *both("4", 1.9, 0.2)), ANYHOW, BOTH, 2),
        ((key("4", 1, "info"), key("4", 1.9, "info")), ANYHOW, INFO, 2),
    ],
)
def test_keys_that_were_sent_as_they_were_meant_count(
    keys: tuple[LedgerKey, ...], taking: Taking, way: tuple[str, ...], presses: int
) -> None:
    found = judged([call(*keys)], {}, taking)[way]
    assert (found.pressed, found.lost, found.blurred) == (presses, presses, 0)


def test_tallies_of_two_trunks_are_those_of_both() -> None:
    one, other = Tally(4, 1, 0, 2, [("a", "1", "")]), Tally(3, 0, 1, 0, [("b", "", "2")])
    assert one + other == Tally(7, 1, 1, 2, [("a", "1", ""), ("b", "", "2")])


def test_a_call_that_the_engine_knows_nothing_of_has_lost_its_keys() -> None:
    other = replace(call(key("4", 1, "info")), sip_call_id="unknown")
    assert judged([other], {}, ANYHOW)[INFO].lost_share == 1.0
