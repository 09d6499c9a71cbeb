"""A segment means in the database whom it means on paper, on SQLite and on PostgreSQL."""

from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import listed, with_table
from sqlalchemy import Engine, select
from store_subjects import World

from campaigns.contacts.commune import read_commune
from campaigns.contacts.segments import (
    Criterion,
    Either,
    Every,
    Expression,
    Not,
    Place,
    Relation,
)
from campaigns.selection import Selection
from operations.addresses import place_list
from store import places, segment_counts, segments
from store.engine import reading
from store.tables import contact

ADDRESSES: list[dict[str, str]] = [
    {},
    {"postcode": "99310", "commune": "VALBOURG S/ORNE"},
    {"postcode": "99320", "commune": "Valbourg-sur-Orne"},
    {"postcode": "99320", "commune": "Valbourg-sur-Orne", "station": "2"},
    {"insee": "99502"},
    {"postcode": "99310"},
]
PEOPLE = [
    {**address, **({"profil": profil} if profil else {})}
    for address, profil in product(ADDRESSES, ["", "a", "ab", "É", 'it\'s "100 %"'])
]
CONSTITUENCY: dict[int, str | None] = {0: None, 1: "1", 2: None, 3: "2", 4: "2", 5: None}


def constituency(person: dict[str, str]) -> str | None:
    address = {name: one for name, one in person.items() if name != "profil"}
    return CONSTITUENCY[ADDRESSES.index(address)]


def holds(expression: Expression, person: dict[str, str]) -> bool | None:
    """What SQL is held against: true, false, or unknown for a doubtful address."""
    if isinstance(expression, Not):
        inner = holds(expression.part, person)
        return None if inner is None else not inner
    if isinstance(expression, Every | Either):
        parts = {holds(one, person) for one in expression.parts}
        decisive = isinstance(expression, Either)
        return decisive if decisive in parts else None if None in parts else not decisive
    return _criterion(expression, person)


def _criterion(one: Criterion, person: dict[str, str]) -> bool | None:
    if one.of is Place.CONSTITUENCY:
        found = constituency(person)
        if one.relation is Relation.PRESENT:
            return found is not None
        return None if found is None else found in one.values
    name = one.of.value if isinstance(one.of, Place) else one.of
    value = person.get(name, "")
    if one.of is Place.COMMUNE:
        value = read_commune(value).name
    if one.relation is Relation.PRESENT:
        return value != ""
    if one.relation is Relation.STARTS_WITH:
        return value.startswith(one.values[0])
    return value in one.values


VALUES = {
    "profil": st.sampled_from(["a", "ab", "A", "É", "e", "%", "_b", 'it\'s "100 %"', "'"]),
    Place.POSTCODE: st.sampled_from(["99310", "993", "9", "99320", "7"]),
    Place.COMMUNE: st.sampled_from(["valbourg sur orne", "paris"]),
    Place.CONSTITUENCY: st.sampled_from(["1", "2", "3"]),
}
EXACT = {Place.COMMUNE, Place.CONSTITUENCY}


@st.composite
def criteria(draw: st.DrawFn) -> Criterion:
    of = draw(st.sampled_from(list(VALUES)))
    relations = [Relation.IN, Relation.PRESENT] + [Relation.STARTS_WITH] * (of not in EXACT)
    relation = draw(st.sampled_from(relations))
    most = {Relation.IN: 3, Relation.PRESENT: 0, Relation.STARTS_WITH: 1}[relation]
    values = draw(st.lists(VALUES[of], min_size=min(1, most), max_size=most))
    return Criterion(of, relation, tuple(values))


EXPRESSIONS = st.recursive(
    criteria(),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(Every, st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(Either, st.lists(inner, min_size=1, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


OF_CONSTITUENCIES = st.lists(VALUES[Place.CONSTITUENCY], min_size=1, max_size=2).map(
    lambda values: Criterion(Place.CONSTITUENCY, Relation.IN, tuple(values))
)
"""What most variants are; several that follow each other are asked as one."""


class Asked:
    """A list of all kinds of people, with their addresses looked for."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.list_id = listed(World(engine), PEOPLE)
        self.table_id = with_table(engine).table_id
        for _ in place_list(engine, self.list_id, self.table_id):
            pass

    def fates(self, selection: Selection) -> list[str]:
        """The fate of each, in order."""
        asked = (
            select(segments.fate(selection))
            .select_from(segments.people(selection))
            .where(contact.c.list_id == self.list_id)
            .order_by(contact.c.id)
        )
        with reading(self.engine) as connection:
            return list(connection.execute(asked).scalars())


@pytest.fixture
def asked(store: Engine) -> Asked:
    return Asked(store)


def expected(selection: Selection, person: dict[str, str]) -> str:
    if selection.segment is not None:
        chosen = holds(selection.segment, person)
        if chosen is not True:
            return "-" if chosen is False else "?"
    for name, expression in selection.variants.items():
        fits = holds(expression, person)
        if fits is not False:
            return f"={name}" if fits else "?"
    return "=" if selection.others or not selection.variants else "-"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    segment=st.none() | EXPRESSIONS,
    variants=st.dictionaries(
        st.sampled_from(["a", "b", "c", "d"]), OF_CONSTITUENCIES | EXPRESSIONS, max_size=4
    ),
    others=st.booleans(),
)
def test_everybody_s_fate_is_what_the_grammar_says(
    asked: Asked, segment: Expression | None, variants: dict[str, Expression], others: bool
) -> None:
    selection = Selection(segment, variants, others, asked.table_id)
    found = asked.fates(selection)
    assert found == [expected(selection, person) for person in PEOPLE]
    with reading(asked.engine) as connection:
        counted = segment_counts.fates(connection, selection, [asked.list_id])
    assert counted == {fate: found.count(fate) for fate in set(found)}


def test_a_list_is_looked_for_once_and_by_each_table_anew(asked: Asked) -> None:
    with reading(asked.engine) as connection:
        before = places.placed(connection, asked.list_id, asked.table_id)
    assert len(before) == len(ADDRESSES)
    newer = with_table(asked.engine, "circo;insee\n7;99502\n").table_id
    for table_id in (asked.table_id, newer):
        for _ in place_list(asked.engine, asked.list_id, table_id):
            pass
        with reading(asked.engine) as connection:
            assert places.placed(connection, asked.list_id, table_id) == before
    of_seven = Selection(Criterion(Place.CONSTITUENCY, Relation.IN, ("7",)), {}, table_id=newer)
    assert asked.fates(of_seven).count("=") == 5


def test_nothing_written_in_a_segment_is_run(asked: Asked) -> None:
    evil = "') OR 1=1 --"
    for one in (
        Criterion("profil", Relation.IN, (evil,)),
        Criterion("$.profil') --", Relation.PRESENT),
        Criterion("profil", Relation.STARTS_WITH, ("%",)),
    ):
        selection: Any = Selection(one, {})
        assert set(asked.fates(selection)) == {"-"}
