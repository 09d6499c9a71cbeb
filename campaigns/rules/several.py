"""Several rows of one number: which of them its calls rest on, and what the others add. Pure.

A person may be on several lists of a campaign. The newest row that gives a basis is the one that a
call rests on. Whoever agreed again has not taken back what they said before, so the hours and the
last day of every other row that gives one hold besides (GDPR art. 7.1: what cannot be proved to be
wider is not).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from campaigns.contacts.basis import Evidence
from campaigns.contacts.terms import Terms
from campaigns.rules.consent import lapsed


@dataclass(frozen=True, slots=True)
class Row:
    """What one list says of a number.

    Attributes:
        contact_id: its contact; a later one has a higher id.
        purposes: what the list's basis covers.
        evidence: how well it is proved for this number.
        consented_on: the day of consent; None where the row names none.
        terms: what the consent says of itself.
        zones: where the person may be.
    """

    contact_id: int
    purposes: tuple[str, ...]
    evidence: Evidence
    consented_on: date | None
    terms: Terms
    zones: frozenset[str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a campaign asks of each.

    Attributes:
        purpose: what its calls are for.
        evidence: the weakest that it accepts.
        at: when it is asked; aware.
    """

    purpose: str
    evidence: Evidence
    at: datetime


@dataclass(frozen=True, slots=True)
class Besides:
    """What holds besides the row that calls rest on.

    Attributes:
        slots: hours of other rows, as they are kept, in one order; calls keep to each.
        expires_on: the earliest last day of theirs; None for no end.
        zones: where the person may be, by any row.
    """

    slots: tuple[str, ...]
    expires_on: date | None
    zones: frozenset[str]


def gives_basis(row: Row, asked: Asked) -> bool:
    """Whether it covers the purpose, and neither is over nor was withdrawn."""
    return asked.purpose in row.purposes and not lapsed(row.terms, sorted(row.zones), asked.at)


def is_enough(row: Row, asked: Asked) -> bool:
    """Whether calls may rest on it: it gives a basis, and proves it as well as is asked."""
    return gives_basis(row, asked) and row.evidence.at_least(asked.evidence)


def newest(rows: Sequence[Row], asked: Asked) -> Row:
    """The row that calls rest on: the newest that is enough, or else that gives a basis.

    By the day of consent; where that is the same or not named, the one that was imported last.
    """
    return max(rows, key=lambda row: _rank(row, asked))


def _rank(row: Row, asked: Asked) -> tuple[bool, bool, date, int]:
    basis = gives_basis(row, asked)
    proved = row.evidence.at_least(asked.evidence)
    return basis, proved, row.consented_on or date.min, row.contact_id


def besides(rows: Sequence[Row], chosen: Row, asked: Asked) -> Besides:
    """What the rows but the chosen one add; those that give no basis say nothing."""
    others = [row for row in rows if row is not chosen and gives_basis(row, asked)]
    slots = {str(row.terms.slot) for row in others if row.terms.slot is not None}
    ends = [row.terms.expires_on for row in others if row.terms.expires_on is not None]
    zones = chosen.zones.union(*(row.zones for row in others))
    return Besides(tuple(sorted(slots)), min(ends, default=None), zones)
