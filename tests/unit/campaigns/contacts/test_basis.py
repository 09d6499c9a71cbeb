"""Consent is proved by the row, by the list, or not at all."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.contacts.basis import (
    BasisKind,
    Evidence,
    EvidenceGap,
    Provenance,
    grade,
    read_consent,
    read_date,
)
from campaigns.errors import InvalidInput

TODAY = date(2026, 11, 21)
WORDINGS = {"w1": "J'accepte d'être appelé par un automate."}


def provenance(
    supplier: str = "Comité de quartier",
    method: str = "paper form",
    collected_on: date | None = date(2026, 9, 1),
    wordings: dict[str, str] | None = None,
    basis: BasisKind = BasisKind.CONSENT,
) -> Provenance:
    texts = WORDINGS if wordings is None else wordings
    return Provenance(supplier, method, collected_on, ("political",), texts, basis)


def graded(day: str, source: str, wording: str, declared: Provenance) -> Evidence:
    return grade(read_consent(day, source, wording, declared.wordings, TODAY), declared)


def test_a_date_a_source_and_a_known_wording_prove_a_row() -> None:
    assert graded("2026-03-14", "stand du marché", "w1", provenance()) is Evidence.ROW


@pytest.mark.parametrize(
    ("day", "source", "wording", "gap"),
    [
        ("", "stand", "w1", EvidenceGap.DATE_MISSING),
        ("au printemps", "stand", "w1", EvidenceGap.DATE_UNREADABLE),
        ("31/02/2026", "stand", "w1", EvidenceGap.DATE_UNREADABLE),
        ("2026-11-22", "stand", "w1", EvidenceGap.DATE_IN_FUTURE),
        ("01/01/1970", "stand", "w1", EvidenceGap.DATE_TOO_OLD),
        ("2026-03-14", "", "w1", EvidenceGap.SOURCE_MISSING),
        ("2026-03-14", "stand", "", EvidenceGap.WORDING_MISSING),
        ("2026-03-14", "stand", "w9", EvidenceGap.WORDING_UNKNOWN),
    ],
)
def test_each_gap_is_named_and_leaves_the_list_s_word(
    day: str, source: str, wording: str, gap: EvidenceGap
) -> None:
    consent = read_consent(day, source, wording, WORDINGS, TODAY)
    assert consent.gaps == (gap,)
    assert gap.text
    assert grade(consent, provenance()) is Evidence.LIST


@pytest.mark.parametrize(
    "declared",
    [
        provenance(supplier=""),
        provenance(method=""),
        provenance(collected_on=None),
        provenance(wordings={}),
    ],
)
def test_a_list_that_declares_too_little_proves_nothing(declared: Provenance) -> None:
    assert graded("", "", "", declared) is Evidence.NONE


def test_a_public_task_rests_on_the_list_even_where_rows_carry_consent() -> None:
    task = provenance(wordings={}, basis=BasisKind.PUBLIC_TASK)
    assert graded("", "", "", task) is Evidence.LIST
    own = provenance(basis=BasisKind.PUBLIC_TASK)
    assert graded("2026-03-14", "stand", "w1", own) is Evidence.LIST


def test_stronger_evidence_meets_a_weaker_demand_only() -> None:
    order = [Evidence.NONE, Evidence.LIST, Evidence.ROW]
    for strength, held in enumerate(order):
        for demand, demanded in enumerate(order):
            assert held.at_least(demanded) is (strength >= demand)


def test_a_list_without_a_purpose_is_refused() -> None:
    with pytest.raises(InvalidInput, match="purposes"):
        Provenance("s", "m", None, (), {})
    with pytest.raises(InvalidInput, match="wordings"):
        Provenance("s", "m", None, ("political",), {"w1": " "})


@given(st.dates(min_value=date(2000, 1, 1), max_value=TODAY))
def test_french_and_iso_dates_mean_the_same_day(day: date) -> None:
    written = [
        day.isoformat(),
        f"{day:%Y-%m-%d}T23:59:59+02:00",
        f"{day:%Y/%m/%d}",
        f"{day:%d/%m/%Y}",
        f"{day:%d/%m/%Y} 14:05",
        f"{day:%d.%m.%y}",
        f"{day.day}-{day.month}-{day.year}",
    ]
    assert {read_date(text) for text in written} == {day}


@given(st.text())
def test_any_text_is_a_date_or_none(text: str) -> None:
    found = read_date(text)
    assert found is None or found.year < 10000


def test_the_last_day_allowed_is_allowed() -> None:
    ok = read_consent(TODAY.isoformat(), "s", "w1", WORDINGS, TODAY)
    late = read_consent((TODAY + timedelta(1)).isoformat(), "s", "w1", WORDINGS, TODAY)
    assert (ok.gaps, late.gaps) == ((), (EvidenceGap.DATE_IN_FUTURE,))
