"""Segments: whom of a list something is meant for, as tables of a small closed grammar. Pure.

    { attribute = "profil", equals = "bénévole" }
    { place = "postcode", starts_with = "75" }
    { all = [ ... ] }    { any = [ ... ] }    { not = { ... } }

Nothing in them is ever run as code. Criteria that tell of what the GDPR keeps apart (art. 9) are
refused, see `campaigns.contacts.sensitive`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, TypeAlias

from campaigns.contacts.commune import read_commune
from campaigns.contacts.sensitive import check_beginning, check_criterion
from campaigns.errors import InvalidInput

DEEPEST = 8
"""Tables within tables, above which nobody can tell any more who is meant."""
MOST_VALUES = 1000
"""Values in one `in`: above, a column of the list would say it better."""
_LONGEST = 200
_EXAMPLE = 'Write it as { attribute = "profil", equals = "bénévole" }.'


class Place(Enum):
    """What of where a person lives can be asked; no text, as an attribute may bear its name."""

    POSTCODE = "postcode"
    COMMUNE = "commune"
    CONSTITUENCY = "constituency"


class Relation(StrEnum):
    """What can be asked of a value."""

    EQUALS = "equals"
    IN = "in"
    STARTS_WITH = "starts_with"
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question about a person.

    Attributes:
        of: what is asked of: a place, or the name of an attribute.
        relation: `equals` is written as an `in` of one value.
        values: what it may be; none where it is asked whether there is one at all.
    """

    of: Place | str
    relation: Relation
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Every:
    """All of them hold."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of them holds."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold."""

    part: "Expression"


Expression: TypeAlias = Criterion | Every | Either | Not


def parse(plain: Any, field: str) -> Expression:
    """Read a segment as a campaign file has it.

    Args:
        plain: tables, lists and texts, as of TOML or JSON.
        field: where it stands, for messages.

    Raises:
        InvalidInput: it is not of the grammar, or asks for what must not be asked (GDPR art. 9).
    """
    return _parse(plain, field, DEEPEST)


def places(expression: Expression) -> frozenset[Place]:
    """Which places it asks for."""
    return frozenset(one.of for one in criteria(expression) if isinstance(one.of, Place))


def criteria(expression: Expression) -> Iterator[Criterion]:
    """Every question in it."""
    if isinstance(expression, Criterion):
        yield expression
    elif isinstance(expression, Not):
        yield from criteria(expression.part)
    else:
        for part in expression.parts:
            yield from criteria(part)


def _parse(plain: Any, field: str, depth: int) -> Expression:
    if not isinstance(plain, Mapping) or not plain:
        raise InvalidInput(field, "it is no criterion.", _EXAMPLE)
    if not depth:
        raise InvalidInput(field, f"it is nested more than {DEEPEST} deep.", "Say it more simply.")
    if len(plain) == 1 and (word := next(iter(plain))) in {"all", "any", "not"}:
        return _joined(word, plain[word], f"{field}.{word}", depth - 1)
    return _criterion(plain, field)


def _joined(word: str, plain: Any, field: str, depth: int) -> Expression:
    if word == "not":
        return Not(_parse(plain, field, depth))
    if not isinstance(plain, list) or not plain:
        raise InvalidInput(field, "it is no list of criteria.", f"Write {word} = [ ... ].")
    parts = tuple(_parse(one, f"{field}.{at}", depth) for at, one in enumerate(plain, start=1))
    return Every(parts) if word == "all" else Either(parts)


def _criterion(plain: Mapping[str, Any], field: str) -> Expression:
    subjects = [one for one in ("attribute", "place") if one in plain]
    tests = [one for one in Relation if one in plain]
    if len(subjects) != 1 or len(tests) != 1 or len(plain) != 2:
        known = ", ".join(Relation)
        raise InvalidInput(
            field, f"it takes one attribute or place, and one of {known}, and no more.", _EXAMPLE
        )
    test = tests[0]
    of = _subject(subjects[0], plain[subjects[0]], f"{field}.{subjects[0]}")
    if test is Relation.PRESENT:
        return _presence(of, plain[test], f"{field}.{test}")
    values = tuple(_values(of, test, plain[test], f"{field}.{test}"))
    return Criterion(of, Relation.IN if test is Relation.EQUALS else test, values)


def _subject(kind: str, plain: Any, field: str) -> Place | str:
    if kind == "place":
        known = {one.value: one for one in Place}
        if not isinstance(plain, str) or plain not in known:
            raise InvalidInput(field, f"«{plain}» is no place.", f"Known: {', '.join(known)}.")
        return known[plain]
    name = _text(plain, field)
    if set(name) & {'"', "\\"}:
        raise InvalidInput(
            field, "a name with a quote or a backslash cannot be asked for.", "Rename the column."
        )
    check_criterion(name, field)
    return name


def _presence(of: Place | str, plain: Any, field: str) -> Expression:
    if not isinstance(plain, bool):
        raise InvalidInput(field, "it is neither true nor false.", "Write present = true.")
    found = Criterion(of, Relation.PRESENT)
    return found if plain else Not(found)


def _values(of: Place | str, test: Relation, plain: Any, field: str) -> Iterator[str]:
    given = plain if test is Relation.IN else [plain]
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_VALUES:
        raise InvalidInput(
            field, f"it is no list of 1 to {MOST_VALUES} texts.", 'Write in = ["a", "b"].'
        )
    if test is Relation.STARTS_WITH and of in {Place.COMMUNE, Place.CONSTITUENCY}:
        raise InvalidInput(field, "this place is asked for by its whole name.", "Use in or equals.")
    for one in given:
        text = _text(one, field)
        yield _commune(text, field) if of is Place.COMMUNE else text
        if not isinstance(of, Place):
            check = check_beginning if test is Relation.STARTS_WITH else check_criterion
            check(text, field)


def _commune(text: str, field: str) -> str:
    found = read_commune(text)
    if found.district:
        raise InvalidInput(
            field, f"«{text}» is an arrondissement.", "Ask for its postcode instead."
        )
    if not found.name:
        raise InvalidInput(field, f"«{text}» names no commune.", "Write its name.")
    return found.name


def _text(plain: Any, field: str) -> str:
    if not isinstance(plain, str):
        raise InvalidInput(field, f"{plain!r} is no text.", 'Write it in quotes: "75012".')
    text = plain.strip()
    if not text or len(text) > _LONGEST or not text.isprintable():
        raise InvalidInput(field, f"it is no text of 1 to {_LONGEST} signs.", "Correct it.")
    return text
