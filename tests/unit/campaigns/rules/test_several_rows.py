"""Several rows of one number: the newest that is good counts, and nothing that is said is lost."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from campaigns.contacts.basis import Evidence
from campaigns.contacts.slot import read_slot
from campaigns.contacts.terms import (
    SLOTS_APART,
    UNSAID,
    Terms,
    kept_terms,
    with_others,
)
from campaigns.rules.consent import closed_until, lapsed
from campaigns.rules.several import Asked, Row, besides, gives_basis, is_enough, newest

PARIS = frozenset({"Europe/Paris"})
NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
ASKED = Asked("political", Evidence.ROW, NOW)
OLD = Row(1, ("political",), Evidence.ROW, date(2024, 5, 1), UNSAID, PARIS)
NEW = Row(2, ("political",), Evidence.ROW, date(2026, 5, 1), UNSAID, PARIS)
EVENING, MORNING = Terms(read_slot("18h-20h")), Terms(read_slot("10h-12h"))

ROWS = st.lists(
    st.builds(
        Row,
        st.integers(1, 50),
        st.sampled_from([("political",), ("survey",), ("survey", "political")]),
        st.sampled_from(list(Evidence)),
        st.sampled_from([None, date(2024, 5, 1), date(2026, 5, 1)]),
        st.builds(
            Terms,
            st.sampled_from([None, "0h-24h", "18h-20h", "10h-19h", "lun 8h-12h"]).map(
                lambda text: text and read_slot(text)
            ),
            st.sampled_from([None, date(2026, 1, 1), date(2027, 1, 1), date(2028, 1, 1)]),
            st.sampled_from([None, None, date(2026, 2, 1)]),
        ),
        st.sampled_from([PARIS, frozenset({"Indian/Reunion"})]),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda row: row.contact_id,
)


def test_the_newest_consent_is_the_one_whichever_list_came_first() -> None:
    for rows in ([OLD, NEW], [NEW, OLD]):
        assert newest(rows, ASKED) is NEW
    later = replace(OLD, contact_id=3)
    assert newest([NEW, later], ASKED) is NEW, "an older consent that was imported later"
    same = replace(NEW, contact_id=3)
    assert newest([NEW, same], ASKED) is same
    undated = replace(OLD, contact_id=3, consented_on=None)
    assert newest([OLD, undated], ASKED) is OLD


def test_a_row_that_is_no_basis_takes_nothing_from_one_that_is() -> None:
    over = replace(NEW, terms=Terms(expires_on=NOW.date() - timedelta(days=2)))
    withdrawn = replace(NEW, terms=Terms(withdrawn_on=date(2026, 6, 1)))
    other = replace(NEW, purposes=("survey",), terms=MORNING)
    weak = replace(NEW, evidence=Evidence.LIST)
    for one in (over, withdrawn, other, weak):
        assert newest([OLD, one], ASKED) is OLD
    for one in (over, withdrawn, other):
        assert not gives_basis(one, ASKED)
        assert besides([OLD, one], OLD, ASKED).slots == ()
    assert gives_basis(weak, ASKED)
    assert not is_enough(weak, ASKED)


def test_hours_and_last_days_of_the_others_hold_besides() -> None:
    last = date(2027, 3, 1)
    old = replace(OLD, terms=Terms(EVENING.slot, last), zones=frozenset({"Indian/Reunion"}))
    found = besides([old, NEW], NEW, ASKED)
    assert (found.slots, found.expires_on) == (("18:00-20:00",), last)
    assert found.zones == {"Europe/Paris", "Indian/Reunion"}


@given(ROWS)
def test_what_is_kept_is_never_wider_than_any_row_that_holds(rows: list[Row]) -> None:
    chosen = newest(rows, ASKED)
    found = besides(rows, chosen, ASKED)
    kept = kept_terms(str(chosen.terms.slot or "") or None, *_days(chosen.terms))
    terms = with_others(kept, SLOTS_APART.join(found.slots) or None, found.expires_on)
    zones = sorted(found.zones)
    holding = [row for row in rows if gives_basis(row, ASKED)]
    for hours in range(0, 24 * 14, 5):
        at = NOW + timedelta(hours=hours)
        if closed_until(terms, zones, at) is None:
            assert all(closed_until(row.terms, sorted(row.zones), at) is None for row in holding)
    for days in (0, 30, 60, 600):
        at = NOW + timedelta(days=days)
        if not lapsed(terms, zones, at):
            assert not any(lapsed(row.terms, sorted(row.zones), at) for row in holding)


@given(ROWS, st.randoms())
def test_the_order_of_the_lists_says_nothing(rows: list[Row], chance: random.Random) -> None:
    mixed = list(rows)
    chance.shuffle(mixed)
    chosen = newest(rows, ASKED)
    assert newest(mixed, ASKED) is chosen
    assert besides(mixed, chosen, ASKED) == besides(rows, chosen, ASKED)
    if any(is_enough(row, ASKED) for row in rows):
        assert is_enough(chosen, ASKED)


def test_hours_without_a_minute_in_common_never_open() -> None:
    never = with_others(EVENING, "10:00-12:00", None)
    for hours in range(48):
        assert closed_until(never, ["Europe/Paris"], NOW + timedelta(hours=hours)) is not None
    assert with_others(EVENING, None, None) is EVENING


def _days(terms: Terms) -> tuple[date | None, date | None]:
    return terms.expires_on, terms.withdrawn_on
