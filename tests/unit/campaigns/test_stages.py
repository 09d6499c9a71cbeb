"""Staged launch and the bounds that hold a campaign."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import InvalidInput
from campaigns.outcome import NOT_THE_PERSONS, Outcome
from campaigns.stages import (
    LATE_START,
    LEAST_CALLS,
    LEAST_EVENTS,
    Measure,
    as_careful,
    check_stages,
    stage_over,
    verdict,
)

BOUNDS = {
    "opt_outs": 0.02,
    "invalid_numbers": 0.10,
    "early_hang_ups": 0.60,
    "silent_calls": 0.03,
    "unwanted": 0.01,
    "analytics_blocked": 0.01,
}
USUAL = (200, 2000, 20000)

EVENT = {
    Measure.OPT_OUTS: Outcome.OPTED_OUT,
    Measure.INVALID_NUMBERS: Outcome.INVALID_NUMBER,
    Measure.EARLY_HANG_UPS: Outcome.HUNG_UP_EARLY,
    Measure.SILENT_CALLS: Outcome.SILENT_CALL,
    Measure.UNWANTED: Outcome.UNWANTED,
    Measure.ANALYTICS_BLOCKED: Outcome.ANALYTICS_BLOCKED,
}

measures = st.sampled_from(Measure)
calls = st.integers(LEAST_CALLS, 1_000_000)


def ended(measure: Measure, events: int, calls: int) -> dict[str, int]:
    """Calls of which so many count for a measure, and the others were heard to the end."""
    return {EVENT[measure].value: events, Outcome.DELIVERED.value: calls - events}


@given(measures, calls, st.floats(0, 1), st.booleans())
def test_within_its_bound_nothing_is_ever_held(
    measure: Measure, calls: int, part: float, at_end: bool
) -> None:
    events = int(part * BOUNDS[measure] * calls)
    assert verdict(ended(measure, events, calls), {}, BOUNDS, ended=at_end) is None


@given(measures, st.integers(20_000, 1_000_000), st.booleans())
def test_clearly_over_its_bound_it_is_always_held(
    measure: Measure, calls: int, at_end: bool
) -> None:
    events = int(BOUNDS[measure] * 1.25 * calls)
    found = verdict(ended(measure, events, calls), {}, BOUNDS, ended=at_end)
    assert found is not None
    assert (found.measure, found.bound, found.calls) == (measure, BOUNDS[measure], calls)
    assert found.share == events / calls


@given(measures, st.integers(0, 2000), st.integers(0, 2000), st.booleans())
def test_more_of_what_is_measured_never_lets_go(
    measure: Measure, events: int, more: int, at_end: bool
) -> None:
    calls = 4000
    before = verdict(ended(measure, events, calls), {}, BOUNDS, ended=at_end)
    after = verdict(ended(measure, events + more, calls), {}, BOUNDS, ended=at_end)
    assert before is None or after is not None


@given(measures, calls, st.floats(0, 1))
def test_the_end_of_a_stage_is_stricter_than_the_watch_between(
    measure: Measure, calls: int, share: float
) -> None:
    counts = ended(measure, int(share * calls), calls)
    if verdict(counts, {}, BOUNDS, ended=False) is not None:
        assert verdict(counts, {}, BOUNDS, ended=True) is not None


@given(measures, st.integers(0, LEAST_CALLS - 1), st.booleans())
def test_few_calls_tell_nothing(measure: Measure, calls: int, at_end: bool) -> None:
    assert verdict(ended(measure, calls, calls), {}, BOUNDS, ended=at_end) is None


def test_one_of_ten_is_chance_and_so_are_two_of_sixty() -> None:
    for events, calls in [(1, 10), (LEAST_EVENTS - 1, 60)]:
        assert verdict(ended(Measure.OPT_OUTS, events, calls), {}, BOUNDS, ended=True) is None


def test_eight_percent_of_opt_outs_are_seen_within_the_first_stage() -> None:
    assert verdict(ended(Measure.OPT_OUTS, 8, 100), {}, BOUNDS, ended=False) is not None


def test_three_percent_are_seen_at_its_end_and_between_only_with_certainty() -> None:
    counts = ended(Measure.OPT_OUTS, 6, 200)
    assert verdict(counts, {}, BOUNDS, ended=True) is not None
    assert verdict(counts, {}, BOUNDS, ended=False) is None


@given(measures, calls, st.integers(0, 10_000), st.data())
def test_calls_that_end_soonest_do_not_weigh_more(
    measure: Measure, calls: int, up: int, data: st.DataObject
) -> None:
    """Whatever ends first: where all of them together are within the bound, nothing is held."""
    events = data.draw(st.integers(0, min(calls, int(BOUNDS[measure] * (calls + up)))))
    assert verdict(ended(measure, events, calls), {}, BOUNDS, ended=False, up=up) is None


def test_a_bad_share_of_many_calls_is_seen_though_others_are_up() -> None:
    counts = ended(Measure.UNWANTED, 60, 1000)
    assert verdict(counts, {}, BOUNDS, ended=False, up=500) is not None


@given(st.dictionaries(st.sampled_from(Outcome), st.integers(0, 10_000)))
def test_a_release_answers_for_everything_before_it(counts: dict[Outcome, int]) -> None:
    plain = {outcome.value: many for outcome, many in counts.items()}
    assert verdict(plain, plain, BOUNDS, ended=True) is None


def test_what_comes_after_a_release_is_measured_alone() -> None:
    before = Counter(ended(Measure.OPT_OUTS, 500, 1000))
    good = Counter(ended(Measure.OPT_OUTS, 1, 1000))
    bad = Counter(ended(Measure.OPT_OUTS, 40, 1000))
    assert verdict(before + good, before, BOUNDS, ended=True) is None
    found = verdict(before + bad, before, BOUNDS, ended=True)
    assert found is not None
    assert (found.share, found.calls) == (0.04, 1000)


@given(st.sampled_from(sorted(NOT_THE_PERSONS - {Outcome.ANALYTICS_BLOCKED})), calls)
def test_our_own_faults_hide_nothing(fault: Outcome, many: int) -> None:
    counts = {**ended(Measure.INVALID_NUMBERS, 60, 300), fault.value: many}
    found = verdict(counts, {}, BOUNDS, ended=True)
    assert found is not None
    assert found.share == 0.2


def test_of_several_the_one_furthest_over_is_named() -> None:
    counts = Counter(ended(Measure.OPT_OUTS, 30, 1000)) + Counter({"silent_call": 100})
    found = verdict(counts, {}, BOUNDS, ended=True)
    assert found is not None
    assert found.measure is Measure.SILENT_CALLS


@pytest.mark.parametrize("silence", ["silent_call", "answered_too_late", LATE_START])
def test_whoever_answered_and_was_not_spoken_to_counts_however_that_came(silence: str) -> None:
    counts = {Outcome.DELIVERED.value: 960, silence: 40}
    found = verdict(counts, {}, BOUNDS, ended=True)
    assert found is not None
    assert found.measure is Measure.SILENT_CALLS
    assert verdict(counts, counts, BOUNDS, ended=True) is None


def test_a_late_start_is_counted_among_answered_calls_only_once() -> None:
    """A call that began late has an outcome too: the share is of calls, not of both."""
    found = verdict({Outcome.DELIVERED.value: 100, LATE_START: 100}, {}, BOUNDS, ended=True)
    assert found is not None
    assert (found.share, found.calls) == (1.0, 100)


def test_what_has_no_bound_is_not_watched() -> None:
    assert verdict(ended(Measure.OPT_OUTS, 1000, 1000), {}, {}, ended=True) is None


@pytest.mark.parametrize(
    ("limit", "begun", "up", "over"),
    [
        (200, 199, 0, False),
        (200, 200, 1, False),
        (200, 200, 0, True),
        (200, 203, 0, True),
        (None, 10**6, 0, False),
    ],
)
def test_a_stage_is_over_when_all_its_people_were_called(
    limit: int | None, begun: int, up: int, over: bool
) -> None:
    assert stage_over(limit, begun, up) is over


@pytest.mark.parametrize("stages", [[0], [200, 200], [2000, 200], [200, 2000, 1999]])
def test_stages_that_cannot_follow_each_other(stages: list[int]) -> None:
    with pytest.raises(InvalidInput, match="larger than the one before"):
        check_stages(stages)


@given(st.lists(st.integers(1, 10**7), unique=True).map(sorted))
def test_as_careful_means_nobody_is_called_earlier(stages: list[int]) -> None:
    check_stages(stages)
    looks = [sum(one <= most for one in stages) for most in USUAL]
    assert as_careful(stages, USUAL) is all(
        done >= place for place, done in enumerate(looks, start=1)
    )


def test_smaller_and_more_stages_are_as_careful_and_fewer_are_not() -> None:
    assert as_careful([50, 200, 1000, 2000, 20000], USUAL)
    assert not as_careful([200, 2000], USUAL)
    assert not as_careful([300, 2000, 20000], USUAL)
    assert not as_careful([], USUAL)
