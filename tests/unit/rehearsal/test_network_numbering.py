import pytest

from rehearsal.numbering import e164


@pytest.mark.parametrize(
    "dialled",
    [
        "+33199000012",
        "0033199000012",
        "33199000012",
        "0199000012",
        "01 99 00 00 12",
        "01.99.00.00.12",
    ],
)
def test_every_french_form_is_one_number(dialled: str) -> None:
    assert e164(dialled) == "+33199000012"


@pytest.mark.parametrize("dialled", ["3900", "alice", ""])
def test_what_is_no_number_stays_as_it_came(dialled: str) -> None:
    assert e164(dialled) == dialled


def test_another_country_keeps_its_code() -> None:
    assert e164("+4930123456") == "+4930123456"
