"""The suppression key: a digest is found by whoever has the key, and tells nobody else anything."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from campaigns.contacts.suppression_key import SuppressionKey, is_digest, kept_as, known_number

SECRETS = st.binary(min_size=32, max_size=32)
NUMBERS = st.from_regex(r"\+3363998[0-9]{4}", fullmatch=True)


@given(SECRETS, NUMBERS)
def test_a_digest_is_the_hmac_of_the_number(secret: bytes, number: str) -> None:
    expected = hmac.new(secret, number.encode(), hashlib.sha256).hexdigest()
    assert SuppressionKey(secret).digest(number) == expected
    assert is_digest(expected)
    assert not is_digest(number)
    assert [known_number(one) for one in (number, expected, "", None)] == [number, "", "", ""]


@given(SECRETS, st.sets(NUMBERS))
def test_each_way_of_keeping_a_number_leads_back_to_it(secret: bytes, numbers: set[str]) -> None:
    key = SuppressionKey(secret)
    found = kept_as(numbers, key)
    assert {found[number] for number in numbers} == numbers
    assert {found[key.digest(number)] for number in numbers} == numbers
    assert kept_as(numbers, None) == {number: number for number in numbers}


@given(SECRETS)
def test_a_key_is_read_as_it_was_written_and_shown_nowhere(secret: bytes) -> None:
    key = SuppressionKey(secret)
    assert SuppressionKey.read(f" {key.text.upper()}\n") == key
    assert key.text not in repr(key)
    assert key.text not in key.fingerprint


def test_what_is_no_key_is_not_taken_for_one() -> None:
    for text in ("", "abc", "g" * 64, "a" * 63, "a" * 65):
        assert SuppressionKey.read(text) is None


def test_another_key_has_another_fingerprint() -> None:
    assert SuppressionKey(b"a" * 32).fingerprint != SuppressionKey(b"b" * 32).fingerprint
