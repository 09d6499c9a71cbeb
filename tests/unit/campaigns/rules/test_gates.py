"""Gates: a call through a closed one is never placed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.contacts.basis import BasisKind, Evidence
from campaigns.rules.gates import (
    PERMANENT,
    POSTPONED,
    Candidate,
    Demand,
    Gate,
    as_told,
    looked_at_again,
    refusal,
)

OPEN = Candidate(0, ("political",), Evidence.ROW, fictional=False, suppressed=False,
                 live_call=False)  # fmt: skip
NOW = datetime(2027, 3, 1, 11, tzinfo=UTC)
LATER = NOW + timedelta(days=12)
CONSENT = frozenset({BasisKind.CONSENT})
DEMAND = Demand("political", Evidence.ROW, max_attempts=3, rehearsal=False, bases=CONSENT)


def test_a_purpose_is_the_same_however_it_is_written() -> None:
    assert refusal(replace(OPEN, purposes=("Politique",)), DEMAND) is None
    assert refusal(replace(OPEN, purposes=("élections",)), DEMAND) is None


def test_nothing_keeps_it_from_being_called() -> None:
    assert refusal(OPEN, DEMAND) is None


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"suppressed": True}, Gate.SUPPRESSED),
        ({"purposes": ("survey",)}, Gate.NO_BASIS),
        ({"purposes": ()}, Gate.NO_BASIS),
        ({"purposes": ("political-news",)}, Gate.NO_BASIS),
        ({"basis": BasisKind.PUBLIC_TASK}, Gate.NO_BASIS),
        ({"basis": BasisKind.LEGITIMATE_INTEREST}, Gate.NO_BASIS),
        ({"evidence": Evidence.LIST}, Gate.EVIDENCE_TOO_WEAK),
        ({"evidence": Evidence.NONE}, Gate.EVIDENCE_TOO_WEAK),
        ({"fictional": True}, Gate.REHEARSAL_ONLY),
        ({"attempts": 3}, Gate.ATTEMPTS_USED),
        ({"live_call": True}, Gate.LIVE_CALL_ON_NUMBER),
        ({"capped_until": LATER}, Gate.FREQUENCY_CAP),
        ({"lapsed": True}, Gate.NO_BASIS),
        ({"slot_closed_until": LATER}, Gate.OUTSIDE_CONSENTED_SLOT),
    ],
)
def test_each_gate_by_itself(change: dict[str, object], gate: Gate) -> None:
    assert refusal(replace(OPEN, **change), DEMAND) is gate  # type: ignore[arg-type]


def test_a_call_that_is_up_comes_before_the_cap_it_may_not_count_for() -> None:
    both = replace(OPEN, live_call=True, capped_until=LATER)
    assert refusal(both, DEMAND) is Gate.LIVE_CALL_ON_NUMBER


def test_when_a_candidate_is_looked_at_again() -> None:
    capped = replace(OPEN, capped_until=LATER)
    assert looked_at_again(Gate.FREQUENCY_CAP, capped, NOW) == LATER
    early = replace(OPEN, slot_closed_until=LATER)
    assert looked_at_again(Gate.OUTSIDE_CONSENTED_SLOT, early, NOW) == LATER
    up = looked_at_again(Gate.LIVE_CALL_ON_NUMBER, capped, NOW)
    assert up == NOW + POSTPONED[Gate.LIVE_CALL_ON_NUMBER]


@pytest.mark.parametrize("gate", Gate)
def test_nobody_reads_of_another_controller_s_call(gate: Gate) -> None:
    assert as_told(gate, own=True) is gate
    assert as_told(gate, own=False) is not Gate.LIVE_CALL_ON_NUMBER
    if gate is not Gate.LIVE_CALL_ON_NUMBER:
        assert as_told(gate, own=False) is gate


def test_fictional_numbers_are_called_in_a_rehearsal() -> None:
    assert refusal(replace(OPEN, fictional=True), replace(DEMAND, rehearsal=True)) is None


candidates = st.builds(
    Candidate,
    attempts=st.integers(0, 5),
    purposes=st.lists(st.sampled_from(["political", "survey"]), max_size=2).map(tuple),
    evidence=st.sampled_from(Evidence),
    fictional=st.booleans(),
    suppressed=st.booleans(),
    live_call=st.booleans(),
    capped_until=st.sampled_from([None, LATER]),
    lapsed=st.booleans(),
    slot_closed_until=st.sampled_from([None, LATER]),
    basis=st.sampled_from(BasisKind),
)
demands = st.builds(
    Demand,
    purpose=st.sampled_from(["political", "survey"]),
    evidence=st.sampled_from(Evidence),
    max_attempts=st.integers(1, 4),
    rehearsal=st.booleans(),
    bases=st.frozensets(st.sampled_from(BasisKind), min_size=1),
)


@given(candidates, demands)
def test_allowed_means_every_gate_is_open(candidate: Candidate, demand: Demand) -> None:
    strength = list(Evidence).index
    every_gate_open = (
        not candidate.suppressed
        and not candidate.live_call
        and candidate.capped_until is None
        and not candidate.lapsed
        and candidate.slot_closed_until is None
        and demand.purpose in candidate.purposes
        and candidate.basis in demand.bases
        and strength(candidate.evidence) >= strength(demand.evidence)
        and (demand.rehearsal or not candidate.fictional)
        and candidate.attempts < demand.max_attempts
    )
    found = refusal(candidate, demand)
    assert (found is None) == every_gate_open
    assert found is None or found in PERMANENT or looked_at_again(found, candidate, NOW) > NOW


@given(candidates, demands)
def test_a_suppressed_number_is_always_told_as_suppressed(
    candidate: Candidate, demand: Demand
) -> None:
    assert refusal(replace(candidate, suppressed=True), demand) is Gate.SUPPRESSED
