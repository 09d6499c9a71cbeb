"""People that another program adds to a list, by the same checks as an import's rows.

Each row says what its consent rests on, as a row of a file does, and what is refused is kept with
its reason. Rows come behind those that the list has, so that each keeps a line of its own.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine

from campaigns.contacts.basis import Provenance
from campaigns.contacts.generated import suspicion
from campaigns.errors import NotAllowed
from operations.columns import CONTACT_FIELDS, Columns, Field
from operations.contact_rows import ContactRows, ContactValues, latest_day
from operations.duplicates import judged, rejected_values
from operations.import_list import declared
from operations.list_hold import plain_hold
from operations.rejects import Reject
from operations.rows import DataRow
from operations.withdrawals import Withdrawals
from store import added_contacts, audit, lists
from store.engine import reading, writing
from store.lists import ListState

LOOKED_BACK = 10_000
"""How many of the last numbers of a list are looked at for what a program would have made up."""


@dataclass(frozen=True, slots=True)
class NewContact:
    """Somebody as another program names them.

    Attributes:
        cells: what each field says, as a cell of a file would.
        attributes: everything else.
    """

    cells: Mapping[Field, str]
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AddedContacts:
    """What became of some rows.

    Attributes:
        list_id: the list.
        ids: of each row in order, the contact's; None where it was refused.
        rejects: rows that were refused, their lines counted on from those of the list.
        first_line: of the first row.
    """

    list_id: int
    ids: tuple[int | None, ...]
    rejects: tuple[Reject, ...]
    first_line: int


def open_list(
    engine: Engine, controller_id: int, name: str, provenance: Provenance, by: str
) -> dict[str, Any]:
    """A list without anybody, for people who are added one by one; as `store.lists.one` has it."""
    now, source = datetime.now(UTC), f"api {secrets.token_hex(16)}"
    sha256 = hashlib.sha256(source.encode()).hexdigest()
    with writing(engine) as connection:
        list_id = lists.create(
            connection, controller_id, name, source, sha256, provenance, by, now
        )  # fmt: skip
        lists.finish(connection, list_id)
        audit.record(connection, now, by, "list.open", f"list {list_id}", controller_id)
        return lists.one(connection, controller_id, list_id)


def add_contacts(
    engine: Engine, controller_id: int, list_id: int, people: Sequence[NewContact], by: str
) -> AddedContacts:
    """Add people to a list that is whole; all rows are kept, as contacts or as refused.

    A campaign that has the list takes them in when it is added again (`operations.add_list`).

    Args:
        engine: the store.
        controller_id: whose list.
        list_id: which.
        people: at least one, at most some thousand: they are kept in one transaction.
        by: who adds them.

    Raises:
        NotFound: the controller has no such list.
        NotAllowed: it is being imported, or was removed.
    """
    with reading(engine) as connection:
        known = lists.one(connection, controller_id, list_id)
    columns = _columns(people)
    reader = ContactRows(list_id, columns, declared(known), latest_day(datetime.now(UTC)))
    read = [reader.read(row) for row in _rows(people)]
    with writing(engine) as connection:
        known = _open(connection, controller_id, list_id)
        line = known["imported_line"]
        placed = [_behind(row, line) for row in read]
        found = judged(connection, controller_id, list_id, columns, placed)
        ids = _keep(connection, known, found)
        Withdrawals(controller_id, list_id, by).suppress(connection, placed)
        detail = {"rows": len(found), "accepted": len(ids), "first_line": line + 1}
        subject = f"list {list_id}"
        audit.record(
            connection, datetime.now(UTC), by, "list.add_contacts", subject, controller_id, detail
        )
    _hold(engine, known)
    refused = tuple(one for one in found if isinstance(one, Reject))
    made = iter(ids)
    each = tuple(None if isinstance(one, Reject) else next(made) for one in found)
    return AddedContacts(list_id, each, refused, line + 1)


def _columns(people: Sequence[NewContact]) -> Columns:
    """Each field has a column, and so has each attribute of any row."""
    places = {one: place for place, one in enumerate(CONTACT_FIELDS)}
    header = [one.value for one in CONTACT_FIELDS] + _names(people)
    return Columns(header, places, stated=CONTACT_FIELDS)


def _names(people: Sequence[NewContact]) -> list[str]:
    return list(dict.fromkeys(name for one in people for name in one.attributes))


def _rows(people: Sequence[NewContact]) -> list[DataRow]:
    names = _names(people)
    return [
        DataRow(
            place,
            [one.cells.get(each, "") for each in CONTACT_FIELDS]
            + [one.attributes.get(name, "") for name in names],
        )
        for place, one in enumerate(people, start=1)
    ]


def _open(connection: Connection, controller_id: int, list_id: int) -> dict[str, Any]:
    """The list, which nobody else adds to until the transaction ends."""
    known = added_contacts.locked_list(connection, controller_id, list_id)
    if known["state"] != ListState.READY:
        raise NotAllowed(f"«{known['name']}» is {known['state']}: nobody can be added to it.")
    return known


def _behind(row: ContactValues | Reject, line: int) -> ContactValues | Reject:
    if isinstance(row, Reject):
        return replace(row, line=row.line + line)
    return row._replace(line=row.line + line)


def _keep(
    connection: Connection, known: Mapping[str, Any], found: Sequence[ContactValues | Reject]
) -> list[int]:
    contacts = [one._asdict() for one in found if not isinstance(one, Reject)]
    refused = [rejected_values(known["id"], one) for one in found if isinstance(one, Reject)]
    ids = added_contacts.add(connection, contacts, refused)
    line = known["imported_line"]
    lists.advance(connection, known["id"], line, line + len(found), len(contacts), len(refused))
    return ids


def _hold(engine: Engine, known: Mapping[str, Any]) -> None:
    """Hold the list where its last numbers look made up; one that was released stays so."""
    if known["hold"] or known["released_by"]:
        return
    with reading(engine) as connection:
        numbers = added_contacts.last_real_numbers(connection, known["id"], LOOKED_BACK)
    found = suspicion(numbers)
    if found is not None:
        with writing(engine) as connection:
            lists.finish(connection, known["id"], plain_hold(found))
