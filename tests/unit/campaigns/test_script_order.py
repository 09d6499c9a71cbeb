"""What a message says is held against the rule pack on its timeline."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import InvalidInput
from campaigns.script_order import NO_RULE, OrderRule, Part, Spoken, check_order

IDENTITY, OPT_OUT, BODY = Part.IDENTITY, Part.OPT_OUT, Part.BODY
RULE = OrderRule(frozenset({IDENTITY, OPT_OUT, BODY}), (IDENTITY, OPT_OUT, BODY), 2.0)


def timeline(*says: Part | tuple[Part, ...], gap_ms: int = 300) -> list[Spoken]:
    """Recordings of 3 s each."""
    parts = [one if isinstance(one, tuple) else (one,) for one in says]
    return [
        Spoken(one, n * (3000 + gap_ms), n * (3000 + gap_ms) + 3000) for n, one in enumerate(parts)
    ]


def fault(spoken: list[Spoken], rule: OrderRule = RULE, **more: frozenset[Part]) -> str:
    with pytest.raises(InvalidInput) as found:
        check_order(spoken, rule, "fr-political", **more)
    return str(found.value)


def test_the_order_of_the_pack_passes() -> None:
    check_order(timeline(IDENTITY, OPT_OUT, BODY), RULE, "p")
    check_order(timeline((IDENTITY, OPT_OUT), BODY), RULE, "p")
    check_order(timeline((IDENTITY, OPT_OUT, BODY)), RULE, "p")


def test_what_is_missing_is_named() -> None:
    assert "nothing says that 9 stops the calls" in fault(timeline(IDENTITY, BODY))


def test_what_a_key_says_need_not_be_in_the_message() -> None:
    rule = OrderRule(RULE.needed | {Part.DATA_SOURCE}, RULE.order)
    spoken = timeline(IDENTITY, OPT_OUT, BODY)
    assert "where the number comes from" in fault(spoken, rule)
    check_order(spoken, rule, "p", frozenset({Part.DATA_SOURCE}))


@given(st.permutations([IDENTITY, OPT_OUT, BODY]))
def test_any_other_order_is_refused(order: list[Part]) -> None:
    if order == [IDENTITY, OPT_OUT, BODY]:
        return
    assert "wants it before" in fault(timeline(*order))


def test_it_is_the_timeline_that_counts_and_not_the_order_in_which_it_is_told() -> None:
    spoken = timeline(IDENTITY, OPT_OUT, BODY)
    check_order(reversed(spoken), RULE, "p")


def test_the_opt_out_comes_right_after_the_name() -> None:
    assert "2.5 s after the name" in fault(timeline(IDENTITY, OPT_OUT, BODY, gap_ms=2500))
    late = timeline(IDENTITY, Part.LABEL, OPT_OUT, BODY)
    assert "3.6 s after the name" in fault(late)


@given(st.lists(st.sampled_from(Part), min_size=1))
def test_a_pack_that_says_nothing_wants_nothing(parts: list[Part]) -> None:
    check_order(timeline(*parts), NO_RULE, "p")
