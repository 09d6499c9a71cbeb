"""What a person's consent itself says: at what hours, until when, and whether it was withdrawn.

Consent is revocable, and withdrawing it as easy as giving it (GDPR art. 7.3; Code de la
consommation L.223-1 since 11 August 2026).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache, reduce

from campaigns.contacts.basis import read_date
from campaigns.contacts.slot import Slot, common, read_slot
from campaigns.errors import InvalidInput


class TermsFault(StrEnum):
    """Why a cell says nothing clear. The values are reason codes of reject files."""

    EXPIRY_UNREADABLE = "consent_expiry_unreadable"
    WITHDRAWAL_UNREADABLE = "withdrawal_unreadable"


_FAULTS = {
    TermsFault.EXPIRY_UNREADABLE: (
        "consent_expires_on",
        "The last day of the consent is not a date.",
        "Write 2026-01-31 or 31/01/2026, or leave it empty where the consent has no end.",
    ),
    TermsFault.WITHDRAWAL_UNREADABLE: (
        "withdrawn_on",
        "The day on which consent was withdrawn is not a date.",
        "Write 2026-01-31 or 31/01/2026, or leave it empty where it was not withdrawn.",
    ),
}


class InvalidTerms(InvalidInput):
    """A cell that does not say clearly what the consent says.

    Attributes:
        fault: the reason code.
    """

    def __init__(self, fault: TermsFault) -> None:
        self.fault = fault
        super().__init__(*_FAULTS[fault])


@dataclass(frozen=True, slots=True)
class Terms:
    """What a consent says of itself.

    Attributes:
        slot: when calls may start, in the person's local time; None for no word about it.
        expires_on: the last day on which it holds; None for no end.
        withdrawn_on: the day on which it was withdrawn; None where it was not.
    """

    slot: Slot | None = None
    expires_on: date | None = None
    withdrawn_on: date | None = None

    def under(self, declared: "Terms") -> "Terms":
        """With what the whole list declares: its slot where there is none, and the earlier end."""
        ends = [one.expires_on for one in (self, declared) if one.expires_on]
        return Terms(
            self.slot or declared.slot,
            min(ends, default=None),
            self.withdrawn_on or declared.withdrawn_on,
        )

    def beside(self, other: "Terms") -> "Terms":
        """What a call must keep to where another consent of the same number holds too: to both."""
        slots = [one.slot for one in (self, other) if one.slot is not None]
        ends = [one.expires_on for one in (self, other) if one.expires_on]
        return Terms(
            reduce(common, slots) if slots else None,
            min(ends, default=None),
            self.withdrawn_on or other.withdrawn_on,
        )


UNSAID = Terms()
"""A consent that says nothing of the kind."""


@lru_cache(maxsize=16384)
def read_terms(slot: str, expires_on: str, withdrawn_on: str) -> Terms:
    """Read three cells; an empty one says nothing.

    Raises:
        InvalidSlot: the slot has no reading, or two.
        InvalidTerms: a date is none.
    """
    return Terms(
        read_slot(slot) if slot else None,
        _day(expires_on, TermsFault.EXPIRY_UNREADABLE),
        _day(withdrawn_on, TermsFault.WITHDRAWAL_UNREADABLE),
    )


def kept_terms(slot: str | None, expires_on: date | None, withdrawn_on: date | None) -> Terms:
    """Those of a contact, from the columns in which they are kept."""
    if slot is None and expires_on is None and withdrawn_on is None:
        return UNSAID
    return Terms(read_slot(slot) if slot else None, expires_on, withdrawn_on)


SLOTS_APART = "|"
"""Between the slots of several rows, where they are kept together; it stands in none."""


def with_others(terms: Terms, slots: str | None, expires_on: date | None) -> Terms:
    """A contact's terms with what other rows of its number add, as its target keeps that."""
    if slots is None and expires_on is None:
        return terms
    return terms.beside(_others(slots, expires_on))


@lru_cache(maxsize=4096)
def _others(slots: str | None, expires_on: date | None) -> Terms:
    found = UNSAID
    for one in slots.split(SLOTS_APART) if slots else ():
        found = found.beside(Terms(read_slot(one)))
    return found.beside(Terms(expires_on=expires_on))


def _day(text: str, fault: TermsFault) -> date | None:
    if not text:
        return None
    day = read_date(text)
    if day is None:
        raise InvalidTerms(fault)
    return day
