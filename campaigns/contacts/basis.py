"""Why a number may be called, and how well that is proved.

For consent the burden of proof lies with the controller (GDPR art. 7.1; Code de la consommation
L.223-1 since 11 August 2026): for each number a date, a source and the wording agreed to.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

from campaigns.contacts.slot import Slot
from campaigns.errors import InvalidInput

EARLIEST = date(2000, 1, 1)
"""Consent to automated calls is not older than the law that first asked for it (LCEN, 2004); an
older date is a default of some software."""

_ISO = re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?:[T ].*)?")
_FRENCH = re.compile(r"(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>\d{4}|\d\d)(?:[T ].*)?")


class BasisKind(StrEnum):
    """The legal bases of GDPR art. 6.1 that a list may rest on."""

    CONSENT = "consent"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTEREST = "legitimate_interest"


class Channel(StrEnum):
    """What a basis, a suppression or a budget is about."""

    VOICE = "voice"


class Evidence(StrEnum):
    """How well a basis is proved, weakest first."""

    NONE = "none"
    LIST = "list"
    ROW = "row"

    def at_least(self, demanded: "Evidence") -> bool:
        """Whether this proof is as strong as the one demanded."""
        return _STRENGTH[self] >= _STRENGTH[demanded]


_STRENGTH = {evidence: strength for strength, evidence in enumerate(Evidence)}


class EvidenceGap(StrEnum):
    """What a row lacks to prove consent for its number."""

    DATE_MISSING = "consent_date_missing"
    DATE_UNREADABLE = "consent_date_unreadable"
    DATE_IN_FUTURE = "consent_date_in_future"
    DATE_TOO_OLD = "consent_date_before_2000"
    SOURCE_MISSING = "consent_source_missing"
    WORDING_MISSING = "wording_missing"
    WORDING_UNKNOWN = "wording_unknown"

    @property
    def text(self) -> str:
        """One sentence for the person who prepared the list."""
        return _GAPS[self]


_GAPS = {
    EvidenceGap.DATE_MISSING: "The row does not say when consent was given.",
    EvidenceGap.DATE_UNREADABLE: "The consent date is not a date; write 2026-01-31 or 31/01/2026.",
    EvidenceGap.DATE_IN_FUTURE: "The consent date has not come yet.",
    EvidenceGap.DATE_TOO_OLD: "The consent date is before the year 2000.",
    EvidenceGap.SOURCE_MISSING: "The row does not say where consent was given.",
    EvidenceGap.WORDING_MISSING: "The row does not say what text was agreed to.",
    EvidenceGap.WORDING_UNKNOWN: "The row names a wording that the list does not define.",
}


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a list comes from, as its controller declares it.

    Attributes:
        supplier: who collected the numbers.
        method: how: paper form, web form, call, ...
        collected_on: the day collection ended.
        purposes: what people were told the calls would be for, such as `political`; one purpose
            never stands for another.
        wordings: id of each text people agreed to -> the exact text.
        basis: the legal basis.
        channel: what it covers.
        slot: the hours to which everybody agreed whose row names no others; None for no word.
        expires_on: the last day on which consent holds, unless a row's own is over before.
    """

    supplier: str
    method: str
    collected_on: date | None
    purposes: tuple[str, ...]
    wordings: Mapping[str, str]
    basis: BasisKind = BasisKind.CONSENT
    channel: Channel = Channel.VOICE
    slot: Slot | None = None
    expires_on: date | None = None

    def __post_init__(self) -> None:
        if not self.purposes or not all(purpose.strip() for purpose in self.purposes):
            raise InvalidInput(
                "purposes",
                "a list must say what its numbers may be called for.",
                "Name at least one purpose, such as political.",
            )
        if not all(key.strip() and text.strip() for key, text in self.wordings.items()):
            raise InvalidInput("wordings", "each wording needs an id and its exact text.")

    @property
    def attested(self) -> bool:
        """Whether the declaration is whole enough to stand for rows that prove nothing."""
        worded = bool(self.wordings) or self.basis is not BasisKind.CONSENT
        return bool(self.supplier and self.method and self.collected_on) and worded


@dataclass(frozen=True, slots=True)
class RowConsent:
    """What one row says about the consent of its number.

    Attributes:
        granted_on: the day, as the list wrote it in its own time zone.
        source: where consent was given.
        wording_id: key of `Provenance.wordings`.
        gaps: what is missing or wrong; empty where consent is proved.
    """

    granted_on: date | None
    source: str
    wording_id: str
    gaps: tuple[EvidenceGap, ...]


def read_consent(
    date_text: str, source: str, wording_id: str, wordings: Mapping[str, str], latest: date
) -> RowConsent:
    """Judge the three cells that prove one number's consent.

    Args:
        date_text: `2026-01-31`, `31/01/2026` or such, with or without a time.
        source: free text.
        wording_id: an id that the list defines.
        wordings: the texts the list defines.
        latest: the last day that is not in the future anywhere in France.
    """
    granted_on, date_gap = _granted_on(date_text, latest)
    gaps = (date_gap, _source_gap(source), _wording_gap(wording_id, wordings))
    return RowConsent(granted_on, source, wording_id, tuple(gap for gap in gaps if gap))


def grade(consent: RowConsent, provenance: Provenance) -> Evidence:
    """How well a number's basis is proved: by its row, by its list's attestation, or not at all."""
    if provenance.basis is BasisKind.CONSENT and not consent.gaps:
        return Evidence.ROW
    return Evidence.LIST if provenance.attested else Evidence.NONE


@lru_cache(maxsize=16384)
def read_date(text: str) -> date | None:
    """A day as French and ISO files write it, day before month; None where it is no date."""
    found = _ISO.fullmatch(text) or _FRENCH.fullmatch(text)
    if found is None:
        return None
    year = int(found["year"])
    try:
        return date(year if year > 99 else 2000 + year, int(found["month"]), int(found["day"]))
    except ValueError:
        return None


@lru_cache(maxsize=16384)
def _granted_on(text: str, latest: date) -> tuple[date | None, EvidenceGap | None]:
    if not text:
        return None, EvidenceGap.DATE_MISSING
    day = read_date(text)
    if day is None:
        return None, EvidenceGap.DATE_UNREADABLE
    if day > latest:
        return day, EvidenceGap.DATE_IN_FUTURE
    return day, EvidenceGap.DATE_TOO_OLD if day < EARLIEST else None


def _source_gap(source: str) -> EvidenceGap | None:
    return None if source else EvidenceGap.SOURCE_MISSING


def _wording_gap(wording_id: str, wordings: Mapping[str, str]) -> EvidenceGap | None:
    if not wording_id:
        return EvidenceGap.WORDING_MISSING
    return None if wording_id in wordings else EvidenceGap.WORDING_UNKNOWN
