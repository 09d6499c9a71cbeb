"""A code is told from what is keyed by mistake, and nothing about a page from its code."""

import random

from hypothesis import given
from hypothesis import strategies as st

from campaigns.receipt_code import DIGITS, WORD_DIGITS, code_of, is_code, word_of

secrets = st.text(min_size=1, max_size=60)


@given(secrets)
def test_every_page_has_a_code_that_can_be_keyed(secret: str) -> None:
    code = code_of(secret)
    assert len(code) == DIGITS
    assert is_code(code)
    assert code == code_of(secret), "the page shows the same when it is looked at again"


@given(secrets, st.integers(0, DIGITS - 1), st.integers(1, 9))
def test_a_digit_mistaken_is_no_code(secret: str, place: int, by: int) -> None:
    code = code_of(secret)
    other = str((int(code[place]) + by) % 10)
    assert not is_code(code[:place] + other + code[place + 1 :])


@given(secrets, st.integers(0, DIGITS - 2))
def test_two_digits_that_change_places_are_no_code(secret: str, place: int) -> None:
    code = code_of(secret)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert swapped == code or not is_code(swapped)


@given(st.text(max_size=12))
def test_what_is_no_code_raises_nothing(text: str) -> None:
    assert is_code(text) in {True, False}


def test_digits_of_other_scripts_are_no_code() -> None:
    code = code_of("a")
    assert not is_code("".join(chr(0x0660 + int(digit)) for digit in code))
    assert not is_code(f" {code[1:]}")


def test_one_guess_in_a_hundred_looks_like_a_code() -> None:
    draw = random.Random(1)
    guessed = [f"{draw.randrange(10**DIGITS):0{DIGITS}}" for _ in range(20_000)]
    assert sum(map(is_code, guessed)) < 20_000 * 0.012


def test_codes_and_words_spread_over_all_there_are() -> None:
    pages = [f"page {number}" for number in range(5000)]
    codes = {code_of(one) for one in pages}
    assert len(codes) > 4990
    assert {code[0] for code in codes} == set("123456789")
    words = {word_of(one) for one in pages}
    assert all(len(word) == WORD_DIGITS and word.isdigit() for word in words)
    assert len(words) > 3500
