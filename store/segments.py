"""Segments as SQL: conditions on contacts, every value of them a bound parameter.

A person's address is looked for in `address`, to which whoever asks has joined `at_address`. An
address that is doubtful has no constituency, so that what depends on it is NULL: unknown.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    String,
    and_,
    case,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from campaigns.contacts.segments import (
    Criterion,
    Every,
    Expression,
    Not,
    Place,
    Relation,
)
from campaigns.selection import Selection
from store.tables import address, contact

CALLED, DOUBTFUL, LEFT_OUT = "=", "?", "-"
"""Of people who are called, of whom it is not known, and who are not."""

ADDRESS_PARTS = ("postcode", "commune", "insee", "station")
"""Attributes of a contact that make its address, and columns of `address`."""


_When: TypeAlias = tuple[ColumnElement[bool], str | ColumnElement[str]]


def attribute(name: str) -> ColumnElement[str]:
    """An attribute of a contact; empty where it has none of that name."""
    return func.coalesce(contact.c.attributes[name].as_string(), "")


def at_address(table_id: int) -> FromClause:
    """Contacts with where their address is by a table of constituencies."""
    same = [address.c[part] == attribute(part) for part in ADDRESS_PARTS]
    return contact.outerjoin(
        address,
        and_(address.c.list_id == contact.c.list_id, address.c.table_id == table_id, *same),
    )


def people(selection: Selection) -> FromClause:
    """What `fate` is asked of."""
    if not selection.by_address:
        return contact
    found = at_address(selection.table_id)
    for place, asked in enumerate(_runs(selection.variants)):
        if isinstance(asked, dict):
            each = _by_constituency(place, asked)
            found = found.outerjoin(each, each.c.key == address.c.constituency)
    return found


def fate(selection: Selection) -> ColumnElement[str]:
    """What becomes of a contact: one of the signs above, `CALLED` with the variant's name behind.

    Where the doubt could decide, it is doubtful: a variant before the first that fits may be
    theirs.
    """
    whens: list[_When] = []
    if selection.segment is not None:
        chosen = condition(selection.segment)
        whens += _unknown(selection.segment, chosen)
        whens.append((not_(chosen), LEFT_OUT))
    for place, asked in enumerate(_runs(selection.variants)):
        whens += _of_constituency(place) if isinstance(asked, dict) else _of_segment(*asked)
    others = CALLED if selection.others or not selection.variants else LEFT_OUT
    return case(*whens, else_=others) if whens else literal(others, String)


def is_called(fate: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether that is to be called."""
    return func.substr(fate, 1, 1) == CALLED


def variant(fate: ColumnElement[str]) -> ColumnElement[Any]:
    """Whose message somebody who is called hears; NULL for the campaign's own."""
    return func.nullif(func.substr(fate, 2), "")


def condition(expression: Expression) -> ColumnElement[bool]:
    """A segment as a condition; NULL where it depends on a doubtful address."""
    if isinstance(expression, Criterion):
        return _criterion(expression)
    if isinstance(expression, Not):
        return not_(condition(expression.part))
    parts = [condition(one) for one in expression.parts]
    return and_(*parts) if isinstance(expression, Every) else or_(*parts)


def _runs(
    variants: Mapping[str, Expression],
) -> Iterator[dict[str, str] | tuple[str, Expression]]:
    """Variants in order; those of constituencies that follow each other as one, name by each.

    There may be hundreds: one by one, they would make every statement long and slow.
    """
    run: dict[str, str] = {}
    for name, one in variants.items():
        if isinstance(one, Criterion) and one.of is Place.CONSTITUENCY and one.values:
            for value in one.values:
                run.setdefault(value, name)
            continue
        if run:
            yield run
            run = {}
        yield name, one
    if run:
        yield run


class _Pairs(FunctionElement[Any]):
    """Keys and values of a JSON object of texts, as rows."""

    name = "json_each"
    inherit_cache = True


@compiles(_Pairs)
def _pairs(element: _Pairs, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_Pairs, "postgresql")
def _pairs_on_postgresql(element: _Pairs, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each_text(CAST({compiler.process(element.clauses, **options)} AS JSON))"


def _by_constituency(place: int, names: Mapping[str, str]) -> CTE:
    """Variants' names by constituency; made once for a statement, so that it can be indexed."""
    each = _Pairs(literal(json.dumps(names), String)).table_valued("key", "value")
    found = select(each.c.key, each.c.value).cte(f"variant_{place}")
    return found.prefix_with("MATERIALIZED")


def _of_constituency(place: int) -> list[_When]:
    name = literal_column(f"variant_{place}.value", String)
    return [
        (name.is_not(None), literal(CALLED, String) + name),
        (address.c.constituency.is_(None), DOUBTFUL),
    ]


def _of_segment(name: str, expression: Expression) -> list[_When]:
    fits = condition(expression)
    return [(fits, CALLED + name), *_unknown(expression, fits)]


def _unknown(expression: Expression, found: ColumnElement[bool]) -> list[_When]:
    """That an address is doubtful and its constituency could decide; cheap where it is not."""
    if not Selection(expression, {}).asks(Place.CONSTITUENCY):
        return []
    certain = case((not_(found), 1), (found, 1), else_=0)
    return [(and_(address.c.constituency.is_(None), certain == 0), DOUBTFUL)]


def _criterion(one: Criterion) -> ColumnElement[bool]:
    if one.of is Place.CONSTITUENCY:
        return _constituency(one)
    value = _value(one.of)
    if one.relation is Relation.PRESENT:
        return value != ""
    if one.relation is Relation.STARTS_WITH:
        (start,) = one.values
        return func.substr(value, 1, len(start)) == start
    return value.in_(one.values)


def _constituency(one: Criterion) -> ColumnElement[bool]:
    found = address.c.constituency
    return found.is_not(None) if one.relation is Relation.PRESENT else found.in_(one.values)


def _value(of: Place | str) -> ColumnElement[Any]:
    if of is Place.COMMUNE:
        return address.c.commune_as
    return attribute("postcode" if of is Place.POSTCODE else str(of))
