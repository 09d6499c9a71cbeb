"""Who of its lists a campaign calls and what each of them hears, from what somebody wrote."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from campaigns.contacts.segments import Place, Relation, criteria, parse
from campaigns.contacts.sensitive import check_criterion
from campaigns.errors import InvalidInput
from campaigns.selection import Selection, selection_of
from operations.campaign_file import Others, SegmentValues, VariantValues
from store import places

EVERYBODY: dict[str, Any] = {"segment": None, "variants": [], "others": True, "table": 0}
"""A selection of all, with the campaign's own message."""

_IMPORT = "Import one: portevoix constituencies import FILE."


@dataclass(frozen=True, slots=True)
class Recorded:
    """A variant with its recordings, in the order heard."""

    values: VariantValues
    recording_ids: Sequence[int]


def written_selection(
    values: SegmentValues, variants: Sequence[VariantValues]
) -> dict[str, Any] | None:
    """What is written of whom to call, as `selection_of` takes it; None where nothing is.

    Raises:
        InvalidInput: a segment is not of the grammar or asks for what must not be asked (GDPR
            art. 9), is named that is not there, or a variant says it in no way or in two.
    """
    for name, plain in values.segments.items():
        check_criterion(name, "segments")
        parse(plain, f"segments.{name}")
    if not values.segment and not variants:
        return None
    named = [one.name for one in variants]
    if len(set(named)) < len(named):
        raise InvalidInput("variants", "two of them bear one name.", "Name each differently.")
    return {
        "segment": _named(values, values.segment, "segment") if values.segment else None,
        "variants": [[one.name, _meant(values, one)] for one in variants],
        "others": values.others is Others.MESSAGE,
        "table": 0,
    }


def with_table(connection: Connection, plain: dict[str, Any]) -> dict[str, Any]:
    """The same, asking the newest table of constituencies where it asks for any.

    Raises:
        InvalidInput: there is no table, or it has no constituency of that name.
    """
    selection = selection_of(plain)
    if not selection.asks(Place.CONSTITUENCY):
        return plain
    table = places.newest(connection)
    if table is None:
        raise InvalidInput("segments", "there is no table of constituencies.", _IMPORT)
    _check_known(selection, places.constituencies(connection, table["id"]).keys())
    return {**plain, "table": table["id"]}


def _check_known(selection: Selection, known: Collection[str]) -> None:
    asked = [
        value
        for one in selection.expressions()
        for criterion in criteria(one)
        if criterion.of is Place.CONSTITUENCY and criterion.relation is Relation.IN
        for value in criterion.values
    ]
    for one in asked:
        if one not in known:
            some = ", ".join(list(known)[:5])
            raise InvalidInput(
                "constituency",
                f"the table has no constituency «{one}».",
                f"It has {len(known)}, such as {some}: write it as there.",
            )


def _meant(values: SegmentValues, one: VariantValues) -> Any:
    field = f"variants.{one.name}"
    if bool(one.segment) == bool(one.constituency):
        raise InvalidInput(
            field, "it is for a segment or for a constituency.", "Name one of the two."
        )
    if one.segment:
        return _named(values, one.segment, f"{field}.segment")
    return {"place": Place.CONSTITUENCY.value, "equals": one.constituency}


def _named(values: SegmentValues, name: str, field: str) -> Any:
    if name not in values.segments:
        known = ", ".join(values.segments) or "none"
        raise InvalidInput(field, f"there is no segment «{name}».", f"Known: {known}.")
    return values.segments[name]
