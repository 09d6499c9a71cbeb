"""What calls are for: one word of a closed list, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.rules.purposes import Purpose, canonical, covers, named, purpose_of


@pytest.mark.parametrize(
    ("written", "purpose"),
    [
        ("political", Purpose.POLITICAL),
        ("Politique", Purpose.POLITICAL),
        (" ÉLECTIONS ", Purpose.POLITICAL),
        ("e\u0301lection", Purpose.POLITICAL),
        ("campagne_électorale", Purpose.POLITICAL),
        ("prospection commerciale", Purpose.COMMERCIAL),
        ("Démarchage", Purpose.COMMERCIAL),
        ("public-info", Purpose.PUBLIC_INFO),
        ("information publique", Purpose.PUBLIC_INFO),
        ("public_information", Purpose.PUBLIC_INFO),
        ("sondage", Purpose.SURVEY),
        ("Enquête d’opinion", Purpose.SURVEY),
        ("réunion publique", Purpose.MEETINGS),
        ("alerte à la population", Purpose.EMERGENCY),
    ],
)
def test_french_and_english_and_any_case_or_accent(written: str, purpose: Purpose) -> None:
    assert purpose_of(written) is purpose
    assert canonical(written) == purpose


@pytest.mark.parametrize("written", ["", "-", "politiquement", "information", "newsletter", "été"])
def test_any_other_word_is_none_of_them(written: str) -> None:
    assert purpose_of(written) is None


def test_what_is_none_of_ours_stands_for_itself_alone() -> None:
    assert covers(("Adhésions",), "adhesions")
    assert not covers(("adhésions",), "political")
    assert not covers((), "political")


def test_one_purpose_never_stands_for_another() -> None:
    assert covers(("politique", "sondage"), "political")
    assert not covers(("politique",), "survey")
    assert not covers(("réunions",), "political")


@given(st.text(max_size=40))
def test_the_one_way_of_writing_is_its_own(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)
    assert covers((text,), canonical(text))


@given(st.sampled_from(Purpose), st.sampled_from([str.upper, str.title, str.casefold]))
def test_each_is_known_by_its_name(purpose: Purpose, written: object) -> None:
    assert purpose_of(written(purpose.value)) is purpose  # type: ignore[operator]


def test_they_are_told_with_their_french_word() -> None:
    said = named(Purpose)
    assert said.startswith("political (politique), commercial (commerciale)")
    assert all(one.value in said for one in Purpose)
