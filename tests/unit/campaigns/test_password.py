"""Passwords that are soon guessed are refused, and guessing gets slower."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import InvalidInput
from campaigns.password import FREE_GUESSES, LONGEST_WAIT_S, check_password, normal, wait_s

WHO = "zoe.martin@example.org"


@pytest.mark.parametrize(
    "password",
    [
        "un bateau sous la pluie",
        "Tr0ub4dor&3xyz",
        "пароль из слов",
        "a" * 6 + "bcdefg",
        "é" * 8 + "abcd",
    ],
)
def test_length_is_what_counts(password: str) -> None:
    check_password(password, WHO)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "too short"),
        ("onze signes", "too short"),
        ("x" * 201, "too long"),
        ("aaaaaaaaaaaa", "repeats"),
        ("ABabABabABab", "repeats"),
        ("zoe.martin 2027!", "e-mail"),
        ("le mot de ZOE.MARTIN", "e-mail"),
    ],
)
def test_what_is_soon_guessed_is_refused_with_a_reason(password: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why) as refused:
        check_password(password, WHO)
    assert refused.value.remedy


def test_a_short_address_forbids_no_password() -> None:
    check_password("un bateau sous la pluie", "al@example.org")


def test_a_password_is_the_same_however_its_accents_are_typed() -> None:
    assert normal("e\N{COMBINING ACUTE ACCENT}te\N{COMBINING ACUTE ACCENT}") == "été"


@given(st.integers(min_value=0, max_value=10**6))
def test_waits_grow_and_end_somewhere(failures: int) -> None:
    assert 0 <= wait_s(failures) <= wait_s(failures + 1) <= LONGEST_WAIT_S
    assert (wait_s(failures) == 0) == (failures < FREE_GUESSES)
