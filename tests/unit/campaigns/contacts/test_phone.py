"""Any French way of writing a number is read, and nothing else."""

import random

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from campaigns.contacts import plan
from campaigns.contacts.fault import InvalidNumber, NumberFault
from campaigns.contacts.phone import LineKind, Number, masked, parse

CALLABLE = {
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.VOIP,
}


def fault_of(raw: str) -> NumberFault | None:
    try:
        parse(raw)
    except InvalidNumber as error:
        return error.fault
    return None


@pytest.mark.parametrize(
    "written",
    [
        "06 39 98 00 01",
        "0639980001",
        "06.39.98.00.01",
        "06-39-98-00-01",
        "06/39/98/00/01",
        "06\u00a039\u00a098\u00a000\u00a001",
        "06\u202f39\u202f98\u202f00\u202f01",
        "06\u201139\u201398\u200b00\ufeff01",
        "  +33 6 39 98 00 01\t",
        "+33 (0)6 39 98 00 01",
        "+33(0)639980001",
        "(+33) 6 39 98 00 01",
        "0033 6 39 98 00 01",
        "0033 (0)6 39 98 00 01",
        "33639980001",
        "639980001",
        "639980001.0",
        "33639980001.0",
        '="0639980001"',
        "'0639980001",
        "\u202a+33 6 39 98 00 01\u202c",
        "０６ ３９ ９８ ００ ０１",
        "٠٦٣٩٩٨٠٠٠١",
    ],
)
def test_every_french_way_of_writing_is_read(written: str) -> None:
    assert parse(written) == Number("+33639980001", ("Europe/Paris",), LineKind.MOBILE, True)


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("", "empty"),
        (" - ", "empty"),
        ("+", "empty"),
        ("inconnu", "letters"),
        ("O6 39 98 00 01", "letters"),
        ("########", "unreadable"),
        ("06+39980001", "unreadable"),
        ("06 39 98 00 0", "too_short"),
        ("06 39 98 00 011", "too_long"),
        ("06 39 98 00 01 / 06 39 98 00 02", "too_long"),
        ("01 99 00 12 34 poste 12", "extension"),
        ("01 99 00 12 34 ext. 3", "extension"),
        ("01 99 00 12 34 x3", "extension"),
        ("01 99 00 12 34#3", "extension"),
        ("+33199001234;ext=3", "extension"),
        ("17", "short_number"),
        ("112", "short_number"),
        ("3615", "short_number"),
        ("36179", "short_number"),
        ("118 218", "short_number"),
        ("0800 12 34 56", "special_number"),
        ("+33 806 12 34 56", "special_number"),
        ("0820 12 34 56", "special_number"),
        ("800123456", "special_number"),
        ("0899 12 34 56", "premium"),
        ("0700 12 34 56 78 90", "machine_number"),
        ("0700123456", "machine_number"),
        ("+33 700 12 34 56 78 90", "machine_number"),
        ("0938 12 34 56", "platform_number"),
        ("+590 939 51 23 45", "platform_number"),
        ("+44 7911 123456", "foreign"),
        ("0049 30 123456", "foreign"),
        ("+377 99 99 99 99", "foreign"),
        ("+999 12345678", "impossible"),
        ("0712345678", "impossible"),
        ("0000000000", "impossible"),
        ("2125551234", "impossible"),
        ("+33 0 12 34 56 78", "too_short"),
        ("00 12 34 56 78", "foreign"),
        ("3,36E+10", "scientific_notation"),
        ("6.3998E+8", "scientific_notation"),
        ("6,3998e8", "scientific_notation"),
    ],
)
def test_what_cannot_be_called_is_refused_with_its_reason(written: str, fault: str) -> None:
    assert fault_of(written) == fault


def test_a_refusal_says_what_to_do() -> None:
    with pytest.raises(InvalidNumber) as caught:
        parse("3,36E+10")
    assert "spreadsheet" in caught.value.why
    assert "text" in caught.value.remedy
    assert caught.value.field == "phone"


@pytest.mark.parametrize(
    ("written", "e164", "zones"),
    [
        ("0262 12 34 56", "+262262123456", ("Indian/Reunion",)),
        ("0263 12 34 56", "+262263123456", ("Indian/Reunion",)),
        ("0269 60 12 34", "+262269601234", ("Indian/Mayotte",)),
        ("0692 12 34 56", "+262692123456", ("Indian/Reunion", "Indian/Mayotte")),
        ("0639 01 23 45", "+262639012345", ("Indian/Reunion", "Indian/Mayotte")),
        ("0590 20 12 34", "+590590201234", ("America/Guadeloupe",)),
        ("0690 12 34 56", "+590690123456", ("America/Guadeloupe",)),
        ("0594 20 12 34", "+594594201234", ("America/Cayenne",)),
        ("0694 20 12 34", "+594694201234", ("America/Cayenne",)),
        ("0596 50 12 34", "+596596501234", ("America/Martinique",)),
        ("+33 596 50 12 34", "+596596501234", ("America/Martinique",)),
        ("+33 269 60 12 34", "+262269601234", ("Indian/Mayotte",)),
        ("+596 596 50 12 34", "+596596501234", ("America/Martinique",)),
        ("+596 (0)596 50 12 34", "+596596501234", ("America/Martinique",)),
        ("596696123456", "+596696123456", ("America/Martinique",)),
        ("0508 41 12 34", "+508411234", ("America/Miquelon",)),
        ("+33 508 41 12 34", "+508411234", ("America/Miquelon",)),
        ("+508 41 12 34", "+508411234", ("America/Miquelon",)),
        ("0708 40 12 34", "+508708401234", ("America/Miquelon",)),
        ("+681 72 12 34", "+681721234", ("Pacific/Wallis",)),
        ("+687 75 12 34", "+687751234", ("Pacific/Noumea",)),
        (
            "+689 87 12 34 56",
            "+68987123456",
            ("Pacific/Tahiti", "Pacific/Marquesas", "Pacific/Gambier"),
        ),
    ],
)
def test_overseas_numbers_get_their_own_code_and_zones(
    written: str, e164: str, zones: tuple[str, ...]
) -> None:
    number = parse(written)
    assert (number.e164, number.zones) == (e164, zones)


@pytest.mark.parametrize("prefix", plan.FICTIONAL_PREFIXES)
def test_every_number_kept_for_fiction_is_read_and_marked(prefix: str) -> None:
    number = parse(f"0{prefix}4242")
    assert number.e164 == f"+33{prefix}4242"
    assert number.fictional
    assert number.kind is (LineKind.MOBILE if prefix[0] == "6" else LineKind.LANDLINE)


def test_a_real_number_is_not_marked_fictional() -> None:
    assert not parse("01 99 01 00 00").fictional
    assert not parse("06 39 97 00 00").fictional


@pytest.mark.parametrize(
    ("e164", "shown"),
    [
        ("+33639980001", "+33 6 39 •• •• 01"),
        ("+262692123456", "+262 6 92 •• •• 56"),
        ("+508411234", "+508 41 •• 34"),
        ("+68987123456", "+689 87 •• •• 56"),
        ("+447911123456", "•• •• ••"),
        ("not a number", "•• •• ••"),
    ],
)
def test_a_masked_number_keeps_its_ends_only(e164: str, shown: str) -> None:
    assert masked(e164) == shown


SIGNIFICANT = st.integers(10**8, 10**9 - 1).map(str)
GAPS = st.sampled_from(["", " ", ".", "-", "\u00a0", "\u202f", "/", "  "])


@st.composite
def writings(draw: st.DrawFn) -> tuple[str, str]:
    """A national number and some way of writing it."""
    significant = draw(SIGNIFICANT)
    start = draw(st.sampled_from(["0", "+33", "+33 ", "0033", "0033 ", "+33(0)", "+33 (0)", "33"]))
    gap = draw(GAPS)
    pairs = gap.join(significant[i : i + 2] for i in range(1, 9, 2))
    return significant, f"{start}{significant[0]}{gap}{pairs}"


@given(writings())
@example(("596123456", "+33 5 96 12 34 56"))
def test_formatting_never_changes_what_is_read(case: tuple[str, str]) -> None:
    significant, written = case
    plain = f"0{significant}"
    assert fault_of(written) == fault_of(plain)
    if fault_of(plain) is None:
        assert parse(written) == parse(plain)


@given(writings())
def test_reading_what_was_read_changes_nothing(case: tuple[str, str]) -> None:
    if fault_of(case[1]) is None:
        number = parse(case[1])
        assert parse(number.e164) == number


# ARCEP's overseas beginnings, written out again so that a line lost from the plan is noticed.
TERRITORIES = {
    "262": "262 263 2688 269 2689 639 692 693 7092 70935 70936 70937 9478 9479 9762 9763 9769",
    "590": "590 5987 690 691 7090 9475 9760 9761 9768",
    "594": "594 5988 694 70930 70931 70932 70933 9476 9764 9765",
    "596": "596 5989 696 697 7091 9477 9766 9767",
    "508": "508 708",
}


@pytest.mark.parametrize("code", TERRITORIES)
def test_every_overseas_beginning_has_its_code(code: str) -> None:
    for prefix in TERRITORIES[code].split():
        assert {plan.home_of(f"{prefix}{tail:05}"[:9]) for tail in (0, 12345, 54321)} == {code}


def test_a_number_of_the_mainland_stays_under_33() -> None:
    for significant in ("144556677", "264001122", "598112233", "612345678", "709412345"):
        assert plan.home_of(significant) == "33"


@given(st.sampled_from(sorted(plan.OVERSEAS_PREFIXES)), st.integers(0, 10**9 - 1))
def test_no_overseas_beginning_is_left_under_33(prefix: str, tail: int) -> None:
    significant = (prefix + f"{tail:09}")[:9]
    for written in (f"0{significant}", f"+33{significant}", f"+33 (0){significant}"):
        if fault_of(written) is None and not parse(written).fictional:
            assert parse(written).e164.startswith("+" + plan.home_of(significant))
            assert not parse(written).e164.startswith("+33")


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    fault_of(text)


def by_the_library(country: str, significant: str) -> bool:
    """The slow way: phonenumbers itself, asked about this very number."""
    number = phonenumbers.parse(f"+{country}{significant}", None)
    return phonenumbers.number_type(number) in CALLABLE


@settings(max_examples=1500)
@given(
    st.sampled_from(["33", "262", "590", "594", "596", "508", "681", "687", "689"]),
    st.integers(0, 10**9 - 1),
)
def test_a_block_decides_as_the_library_does(country: str, drawn: int) -> None:
    for length in plan.NATIONAL_LENGTHS[country]:
        check_against_library(country, f"{drawn:09}"[:length])


def check_against_library(country: str, significant: str) -> None:
    if significant[0] == "0" or significant.startswith(("700", *plan.PLATFORM_PREFIXES)):
        return
    home = plan.home_of(significant) if country == "33" else country
    if significant.startswith(plan.FICTIONAL_PREFIXES) and country == "33":
        return
    local = significant[3:] if country == "33" and significant.startswith("508") else significant
    expected = by_the_library(home, local)
    assert (fault_of(f"+{country}{significant}") is None) is expected, (country, significant)


def test_a_block_decides_as_the_library_does_where_people_are() -> None:
    """Hypothesis prefers small numbers; people have mobiles."""
    source = random.Random(2021)
    for _ in range(3000):
        check_against_library("33", f"{source.choice('123456679')}{source.randrange(10**8):08}")
    for country, beginnings in {
        "262": ("262", "263", "269", "2688", "692", "693", "639", "709", "947", "976"),
        "590": ("590", "5987", "690", "691", "709", "947", "976"),
        "594": ("594", "5988", "694", "709", "947", "976"),
        "596": ("596", "5989", "696", "697", "709", "947", "976"),
        "508": ("708", "809"),
    }.items():
        for _ in range(400):
            start = source.choice(beginnings)
            rest = f"{source.randrange(10**8):08}"
            check_against_library(country, (start + rest)[:9])
