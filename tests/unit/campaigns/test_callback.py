"""What the PBX writes of a call to our number is read, or means nothing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.callback import CallerAct, Said, forms, read_said
from campaigns.receipt_code import code_of

LINE = b"optout|1764144000.7|1764144001234|0199001234|+33639980001|0"
CODE = code_of("a page")


def test_a_line_says_who_asked_for_what_and_when() -> None:
    assert read_said(LINE) == Said(
        CallerAct.OPTOUT,
        "1764144000.7",
        datetime(2025, 11, 26, 8, 0, 1, 234000, UTC),
        "0199001234",
        "+33639980001",
        keyed=False,
    )


def test_a_code_that_was_keyed_stands_at_the_end() -> None:
    said = read_said(LINE.replace(b"optout", b"code") + b"|" + CODE.encode())
    assert said is not None
    assert (said.act, said.caller, said.code) == (CallerAct.CODE, "+33639980001", CODE)


@pytest.mark.parametrize(
    "line",
    [
        LINE[:30],
        LINE + b"|more",
        LINE + b"|" + CODE.encode(),
        LINE.replace(b"optout", b"code"),
        LINE.replace(b"optout", b"code") + b"|123456789",
        LINE.replace(b"optout", b"code") + b"|" + CODE.encode() + b"|more",
        LINE.replace(b"optout", b"OPTOUT"),
        LINE.replace(b"1764144001234", b"now"),
        LINE.replace(b"1764144001234", b"9" * 30),
        LINE.replace(b"0199", b"01\xe99"),
        b"",
    ],
)
def test_a_line_that_means_nothing_is_none(line: bytes) -> None:
    assert read_said(line) is None


@given(st.binary(max_size=200))
def test_nothing_that_stands_there_raises(line: bytes) -> None:
    assert read_said(line) is None or line.count(b"|") in {5, 6}


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+33199001234", ("33199001234", "0199001234")),
        ("+262262123456", ("262262123456", "0262123456")),
    ],
)
def test_a_number_has_two_forms(number: str, expected: tuple[str, str]) -> None:
    assert forms(number) == expected
