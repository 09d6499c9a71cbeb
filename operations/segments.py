"""A look at whom a campaign's segments mean, before it is prepared. Nobody is put in anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.contacts.phone import masked
from campaigns.errors import InvalidInput
from campaigns.selection import Selection, selection_of
from operations.addresses import place_list
from operations.campaign_file import SegmentValues, VariantValues
from operations.filling import check_lists
from operations.giving_way import resting
from operations.selection import EVERYBODY, with_table, written_selection
from operations.workspace import Workspace
from store import lists, segment_counts
from store import segments as kept
from store.engine import reading

OWN_MESSAGE, DOUBTFUL, NOT_CALLED = "its own message", "doubtful address", "not called"


@dataclass(frozen=True, slots=True)
class Person:
    """One of those looked at.

    Attributes:
        list_id, line: where the list has it.
        number: masked.
        fate: as in `Look.fates`.
    """

    list_id: int
    line: int
    number: str
    postcode: str
    commune: str
    fate: str


@dataclass(frozen=True, slots=True)
class Look:
    """Whom a campaign would call.

    Attributes:
        people: of its lists; who is in two of them counts twice.
        segments: how many are of each segment.
        fates: how many hear each variant's message or the campaign's own, are not called, or are
            held back for a doubtful address.
        some: the first people of the lists.
    """

    people: int
    segments: dict[str, int]
    fates: dict[str, int]
    some: tuple[Person, ...]


def look(
    workspace: Workspace,
    controller_id: int,
    values: SegmentValues,
    variants: Sequence[VariantValues],
    list_ids: Sequence[int],
    count: int = 10,
) -> Look:
    """Count whom segments and variants mean in some lists.

    Args:
        workspace: where.
        controller_id: whose lists.
        values: the campaign, with its segments.
        variants: its variants.
        list_ids: whole lists.
        count: people to show of each list.

    Raises:
        InvalidInput: as the preparation of the campaign would.
        NotFound: the controller has no such list.
    """
    whole, each = _asked(workspace, controller_id, values, variants, list_ids)
    for table_id in {one.table_id for one in (whole, *each.values()) if one.by_address}:
        _place(workspace, table_id, list_ids)
    with reading(workspace.engine) as connection:
        fates = segment_counts.fates(connection, whole, list_ids)
        called = {name: segment_counts.called(connection, one, list_ids)
            for name, one in each.items()}  # fmt: skip
        some = [
            _person(row)
            for list_id in list_ids
            for row in segment_counts.some(connection, whole, list_id, count)
        ]
    said = {in_words(fate): many for fate, many in fates.items()}
    return Look(sum(fates.values()), called, said, tuple(some))


def lists_of_files(
    workspace: Workspace, controller_id: int, fingerprints: Mapping[str, str]
) -> list[int]:
    """The lists that files were imported as.

    Args:
        workspace: where.
        controller_id: whose.
        fingerprints: SHA-256 of each file, by its name.

    Raises:
        InvalidInput: one was not imported yet.
    """
    found = []
    with reading(workspace.engine) as connection:
        for name, sha256 in fingerprints.items():
            known = lists.of_file(connection, controller_id, sha256)
            if known is None:
                raise InvalidInput(
                    name, "it was not imported yet.", "Import it: portevoix contacts import FILE."
                )
            found.append(int(known["id"]))
    return found


def in_words(fate: str) -> str:
    """What becomes of somebody, for people."""
    if fate.startswith(kept.CALLED):
        return fate.removeprefix(kept.CALLED) or OWN_MESSAGE
    return DOUBTFUL if fate == kept.DOUBTFUL else NOT_CALLED


def _asked(
    workspace: Workspace,
    controller_id: int,
    values: SegmentValues,
    variants: Sequence[VariantValues],
    list_ids: Sequence[int],
) -> tuple[Selection, dict[str, Selection]]:
    """What the whole campaign asks, and what each of its segments does by itself."""
    plain = written_selection(values, variants) or EVERYBODY
    each = {name: {**EVERYBODY, "segment": one} for name, one in values.segments.items()}
    with reading(workspace.engine) as connection:
        check_lists(connection, controller_id, list_ids)
        whole = selection_of(with_table(connection, plain))
        return whole, {
            name: selection_of(with_table(connection, one)) for name, one in each.items()
        }


def _place(workspace: Workspace, table_id: int, list_ids: Sequence[int]) -> None:
    for list_id in list_ids:
        pieces = place_list(workspace.engine, list_id, table_id)
        for _ in resting(workspace.engine, pieces):
            pass


def _person(row: Mapping[str, Any]) -> Person:
    return Person(
        list_id=row["list_id"],
        line=row["line"],
        number=masked(row["number"]),
        postcode=row["postcode"],
        commune=row["commune"],
        fate=in_words(row["fate"]),
    )
