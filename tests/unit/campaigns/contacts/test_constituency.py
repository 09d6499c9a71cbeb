"""A person hears their own candidate, or nobody."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.contacts.commune import Commune, read_commune
from campaigns.contacts.constituency import Address, Constituencies, Doubt, Placed

TABLE = [
    (Address("99310", "Valbourg-sur-Orne"), "1"),
    (Address("99320", "Valbourg-sur-Orne", "99501", "1"), "1"),
    (Address("99320", "Valbourg-sur-Orne", "99501", "0002"), "2"),
    (Address("99330", "Saint-Éloi-lès-Valbourg", "99502"), "2"),
    (Address("75012", "Paris", "75112", "1"), "P8"),
    (Address("75012", "Paris", "75112", "2"), "P9"),
    (Address("75011", "Paris 11e Arrondissement"), "P7"),
    (Address(insee="69383"), "L2"),
]
KNOWN = Constituencies(TABLE)


def placed(*parts: str) -> str | Doubt | None:
    found = KNOWN.place(Address(*parts))
    assert (found.constituency is None) != (found.doubt is None)
    return found.constituency or found.doubt


@pytest.mark.parametrize(
    ("text", "name", "district"),
    [
        ("St-Étienne", "saint etienne", 0),
        ("SAINT ETIENNE CEDEX 2", "saint etienne", 0),
        ("Ste Foy-lès-Lyon", "sainte foy les lyon", 0),
        ("Villers-lez-Nancy", "villers les nancy", 0),
        ("CHALON S/SAONE", "chalon sur saone", 0),
        ("Chalon-sur-Saône", "chalon sur saone", 0),
        ("Havre (Le)", "le havre", 0),
        ("LE HAVRE", "le havre", 0),
        ("L’Haÿ-les-Roses", "l hay les roses", 0),
        ("Œuilly", "oeuilly", 0),
        ("Paris", "paris", 0),
        ("PARIS 12", "paris", 12),
        ("Paris 12e Arrondissement", "paris", 12),
        ("Paris 1er", "paris", 1),
        ("LYON 03", "lyon", 3),
        ("Lyon 3ème arr.", "lyon", 3),
        ("LYON CEDEX 03", "lyon", 0),
        ("Marseille 17", "marseille 17", 0),
        ("Lyons-la-Forêt", "lyons la foret", 0),
        ("", "", 0),
    ],
)
def test_communes_are_written_in_many_ways(text: str, name: str, district: int) -> None:
    assert read_commune(text) == Commune(name, district)


@given(st.text(max_size=40))
def test_the_one_form_is_its_own(text: str) -> None:
    found = read_commune(text)
    if not found.district:
        assert read_commune(found.name).name in {found.name, found.name.split(" ")[0]}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("99310", "VALBOURG S/ORNE"), "1"),
        (("99330", "St Eloi les Valbourg"), "2"),
        (("99330", "nowhere", "99502"), "2"),
        (("99320", "Valbourg-sur-Orne"), Doubt.AMBIGUOUS),
        (("99320", "Valbourg-sur-Orne", "", "2"), "2"),
        (("99320", "Valbourg-sur-Orne", "", "3"), Doubt.AMBIGUOUS),
        (("99310", "Valbourg-sur-Orne", "99502"), Doubt.CONTRADICTORY),
        (("99310", ""), Doubt.INCOMPLETE),
        (("", "Valbourg-sur-Orne"), Doubt.INCOMPLETE),
        (("", ""), Doubt.INCOMPLETE),
        (("99999", "Valbourg-sur-Orne"), Doubt.UNKNOWN),
        (("76600", "Le Havre"), Doubt.UNKNOWN),
        (("75011", "Paris"), "P7"),
        (("75011", "PARIS 11"), "P7"),
        (("75011", "Paris", "75056"), "P7"),
        (("75012", "Paris 12", "", "2"), "P9"),
        (("75012", "Paris"), Doubt.AMBIGUOUS),
        (("75011", "Paris 12"), Doubt.CONTRADICTORY),
        (("75012", "Paris", "75111"), Doubt.CONTRADICTORY),
        (("69003", "Lyon", "69123"), "L2"),
        (("69003", "Lyon"), Doubt.UNKNOWN),  # the table knows it by its INSEE code alone
        (("9 93 10", "valbourg sur orne"), "1"),
    ],
)
def test_an_address_is_of_one_constituency_or_doubtful(
    parts: tuple[str, ...], expected: str | Doubt
) -> None:
    assert placed(*parts) == expected


def test_a_zero_that_a_spreadsheet_took() -> None:
    table = Constituencies([(Address("01000", "Bourg-en-Bresse", "01053"), "1")])
    assert table.place(Address("1000", "Bourg en Bresse")).constituency == "1"
    assert table.place(Address(insee="1053")).constituency == "1"


PARTS = st.sampled_from(["", "a", "b"])
ROWS = st.lists(
    st.tuples(st.builds(Address, PARTS, PARTS, PARTS, PARTS), st.sampled_from(["X", "Y"])),
    max_size=8,
)


@given(ROWS, st.builds(Address, PARTS, PARTS, PARTS, PARTS))
def test_nobody_is_placed_but_by_rows_that_all_agree(
    rows: list[tuple[Address, str]], address: Address
) -> None:
    """Whatever is said for sure is what every row of the same place says, or its station's."""
    found = Constituencies(rows).place(address)
    agreeing = {
        constituency
        for row, constituency in rows
        if (row.insee and row.insee == address.insee)
        or (row.postcode and row.commune and (row.postcode, row.commune)
            == (address.postcode, address.commune))
    }  # fmt: skip
    if found.constituency is not None:
        assert found.constituency in agreeing
    if len(agreeing) == 1:
        assert found == Placed(read_commune(address.commune).name, constituency=agreeing.pop())


def test_the_order_of_the_table_does_not_matter() -> None:
    for postcode, station in product(("99310", "99320"), ("", "1", "2")):
        address = Address(postcode, "Valbourg-sur-Orne", "", station)
        assert KNOWN.place(address) == Constituencies(reversed(TABLE)).place(address)


def test_every_doubt_says_what_to_do() -> None:
    assert all(one.said.endswith(".") for one in Doubt)
