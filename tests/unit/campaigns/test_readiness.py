"""Who of a list may be called is decided by the gates of the claim, and counted once."""

from hypothesis import given
from hypothesis import strategies as st

from campaigns.contacts.basis import BasisKind, Evidence
from campaigns.readiness import Cause, Group, ListReadiness, Readiness, reasons_of
from campaigns.rules.gates import Candidate, Demand, Gate, refusal

GROUPS = st.lists(
    st.builds(
        Group,
        st.sampled_from(Evidence),
        st.booleans(),
        st.booleans(),
        st.integers(0, 1000),
        st.booleans(),
    ),
    max_size=12,
)
DEMANDS = st.builds(
    Demand,
    st.sampled_from(["political", "commercial"]),
    st.sampled_from(Evidence),
    st.just(3),
    rehearsal=st.booleans(),
)


def listed(groups: list[Group], demand: Demand) -> ListReadiness:
    contacts = sum(one.count for one in groups)
    reasons = reasons_of(groups, ("political",), demand)
    return ListReadiness(1, "list", "supplier", ("political",), contacts, reasons, {})


def _candidate(one: Group) -> Candidate:
    return Candidate(
        0, ("political",), one.evidence, one.fictional, one.suppressed, False, lapsed=one.lapsed
    )


@given(GROUPS, DEMANDS)
def test_it_says_what_the_claim_would(groups: list[Group], demand: Demand) -> None:
    found = listed(groups, demand)
    allowed = sum(one.count for one in groups if refusal(_candidate(one), demand) is None)
    assert found.callable == allowed
    assert found.callable + found.not_callable == found.contacts


def test_each_reason_is_as_fine_as_a_supplier_can_mend_it() -> None:
    groups = [
        Group(Evidence.ROW, False, False, 5),
        Group(Evidence.LIST, False, False, 4),
        Group(Evidence.NONE, False, False, 3),
        Group(Evidence.ROW, True, False, 2),
        Group(Evidence.LIST, True, True, 1),
        Group(Evidence.ROW, False, False, 6, lapsed=True),
    ]
    found = listed(groups, Demand("political", Evidence.ROW, 3, rehearsal=False))
    assert [(one.gate, one.cause, one.count) for one in found.reasons] == [
        (Gate.NO_BASIS, Cause.LAPSED, 6),
        (Gate.EVIDENCE_TOO_WEAK, Cause.ATTESTED_ONLY, 4),
        (Gate.EVIDENCE_TOO_WEAK, Cause.UNPROVED, 3),
        (Gate.REHEARSAL_ONLY, Cause.FICTIONAL, 2),
        (Gate.SUPPRESSED, Cause.SUPPRESSED, 1),
    ]
    other = listed(groups, Demand("commercial", Evidence.ROW, 3, rehearsal=False))
    assert [(one.cause, one.count) for one in other.reasons] == [
        (Cause.OTHER_PURPOSE, 20), (Cause.SUPPRESSED, 1),
    ]  # fmt: skip


def test_a_list_of_a_basis_that_is_not_allowed_is_told_apart() -> None:
    groups = [Group(Evidence.LIST, False, False, 7)]
    consent = frozenset({BasisKind.CONSENT})
    demand = Demand("political", Evidence.LIST, 3, rehearsal=False, bases=consent)
    (reason,) = reasons_of(groups, ("politique",), demand, BasisKind.PUBLIC_TASK)
    assert (reason.gate, reason.cause, reason.count) == (Gate.NO_BASIS, Cause.OTHER_BASIS, 7)
    assert reasons_of(groups, ("politique",), demand) == ()
    (other,) = reasons_of(groups, ("survey",), demand, BasisKind.PUBLIC_TASK)
    assert other.cause is Cause.OTHER_PURPOSE


def test_who_is_in_two_lists_is_one_person() -> None:
    groups = [Group(Evidence.ROW, False, False, 60), Group(Evidence.NONE, False, False, 40)]
    one = listed(groups, Demand("political", Evidence.ROW, 3, rehearsal=False))
    found = Readiness("political", "pack", Evidence.ROW, (one, one), shared=50)
    assert (found.contacts, found.callable) == (200, 120)
    assert (found.people, found.callable_people) == (150, 90)
    assert found.reasons[0].count == 80
