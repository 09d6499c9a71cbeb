"""Signatures that a receiver can check, and delays that grow to a bound."""

import hashlib
import hmac
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from campaigns.webhook import LONGEST_DELAY, delay, signature


def test_the_signature_is_what_the_documentation_says() -> None:
    body = '{"id": "1", "é": true}'.encode()
    expected = hmac.new(b"pvw_secret", b"1764158400." + body, hashlib.sha256).hexdigest()
    assert signature("pvw_secret", 1764158400, body) == f"t=1764158400,v1={expected}"


def test_another_time_body_or_secret_has_another_signature() -> None:
    found = {
        signature("a", 1, b"x"), signature("a", 2, b"x"), signature("a", 1, b"y"),
        signature("b", 1, b"x"),
    }  # fmt: skip
    assert len(found) == 4


@given(st.integers(1, 10_000))
def test_delays_grow_and_are_bounded(failures: int) -> None:
    assert timedelta(seconds=5) <= delay(failures) <= delay(failures + 1) <= LONGEST_DELAY


def test_the_first_delays_double() -> None:
    assert [delay(one).total_seconds() for one in (1, 2, 3, 4)] == [5, 10, 20, 40]
