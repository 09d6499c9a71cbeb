"""No phone number passes whole, and what is none is left alone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.contacts.hiding import hidden, without_numbers

WRITTEN = [
    "+33{0}",
    "+33 {1} {2}",
    "0033{0}",
    "0{0}",
    "0{1} {2}",
    "0{1}.{3}",
    "33{0}",
    "+33 (0){0}",
]
lines = st.from_regex(r"[1-9][0-9]{8}", fullmatch=True)
before = st.sampled_from(["", " ", "«", "à ", "tel:", "\n", "(", '"', "tél_"])
after = st.sampled_from(["", " ", "»", "\n", ")", '"', ";", "é", "_", ", 12"])


@given(lines, st.sampled_from(WRITTEN), before, after)
def test_a_number_is_hidden_however_it_is_written(
    line: str, written: str, before: str, after: str
) -> None:
    pairs = [line[place : place + 2] for place in range(1, 9, 2)]
    number = written.format(line, line[0], " ".join(pairs), "-".join(pairs))
    kept = hidden(f"{before}{number}{after}")
    assert kept == f"{before}•• •• {line[-2:]}{after}"
    assert hidden(kept) == kept


@given(st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True))
def test_so_is_any_of_e164(number: str) -> None:
    told = without_numbers({"a": [number, {number: (number, 7, None)}]})
    assert number[1:] not in json.dumps(told)


@pytest.mark.parametrize(
    "text",
    [
        "", "campaign 12", "+33 6 39 •• •• 01", "+262 6 92 •• •• 01", "2026-11-21T09:00:00+01:00",
        "3f" * 32, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "fr-political@2026.11.21", "key 2027-2028",
        "liste-2026-11-21.csv", "max_cps 0.5", "+33", "100000 calls", "10.0.0.12:5060",
    ],
)  # fmt: skip
def test_what_is_no_number_stays(text: str) -> None:
    assert hidden(text) == text
