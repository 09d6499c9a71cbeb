"""What a row says of its own consent, and what its list says for all."""

from datetime import date

import pytest

from campaigns.contacts.slot import read_slot
from campaigns.contacts.slot_text import InvalidSlot
from campaigns.contacts.terms import (
    UNSAID,
    InvalidTerms,
    Terms,
    TermsFault,
    kept_terms,
    read_terms,
)

EVENING, MORNING = read_slot("18h-20h"), read_slot("10h-12h")


def test_empty_cells_say_nothing() -> None:
    assert read_terms("", "", "") == UNSAID
    assert kept_terms(None, None, None) is UNSAID


def test_three_cells_are_read_as_lists_write_them() -> None:
    read = read_terms("18h-20h", "31/12/2027", "2026-05-01")
    assert read == Terms(EVENING, date(2027, 12, 31), date(2026, 5, 1))
    assert kept_terms(str(read.slot), read.expires_on, read.withdrawn_on) == read


@pytest.mark.parametrize(
    ("cells", "fault", "field"),
    [
        (("", "bientôt", ""), TermsFault.EXPIRY_UNREADABLE, "consent_expires_on"),
        (("", "31/02/2027", ""), TermsFault.EXPIRY_UNREADABLE, "consent_expires_on"),
        (("", "", "oui"), TermsFault.WITHDRAWAL_UNREADABLE, "withdrawn_on"),
    ],
)
def test_a_date_that_is_none_is_named(
    cells: tuple[str, str, str], fault: TermsFault, field: str
) -> None:
    with pytest.raises(InvalidTerms) as refused:
        read_terms(*cells)
    assert (refused.value.fault, refused.value.field) == (fault, field)
    with pytest.raises(InvalidSlot):
        read_terms("le soir", "", "")


def test_a_row_has_its_own_slot_and_the_earlier_end() -> None:
    early, late = date(2026, 12, 31), date(2027, 12, 31)
    assert Terms(EVENING).under(Terms(MORNING)).slot == EVENING
    assert UNSAID.under(Terms(MORNING)).slot == MORNING
    for own, declared in ((early, late), (late, early), (None, early), (early, None)):
        assert Terms(expires_on=own).under(Terms(expires_on=declared)).expires_on == early
    assert UNSAID.under(UNSAID) == UNSAID
    assert Terms(withdrawn_on=early).under(UNSAID).withdrawn_on == early
