"""Imported lists, their contacts and the rows that were refused."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    case,
    distinct,
    func,
    insert,
    or_,
    select,
    update,
)

from campaigns.contacts.basis import Evidence, Provenance
from campaigns.contacts.suppression import SuppressionScope
from campaigns.errors import NotFound
from store.tables import (
    campaign,
    campaign_list,
    contact,
    contact_list,
    rejected_row,
    suppression,
)


class ListState(StrEnum):
    """Whether a list is whole. Only a ready one can be called."""

    IMPORTING = "importing"
    READY = "ready"
    REMOVED = "removed"  # its time is over or its import undone: nobody is in it any more


def create(
    connection: Connection,
    controller_id: int,
    name: str,
    file_name: str,
    sha256: str,
    provenance: Provenance,
    by: str,
    now: datetime,
    mapping: Mapping[str, str] | None = None,
) -> int:
    """A new list, with no rows yet; of a file, with the names of its columns by field."""
    made = connection.execute(
        insert(contact_list)
        .values(
            controller_id=controller_id,
            name=name,
            file_name=file_name,
            sha256=sha256,
            state=ListState.IMPORTING.value,
            basis=provenance.basis.value,
            supplier=provenance.supplier,
            method=provenance.method,
            collected_on=provenance.collected_on,
            purposes=list(provenance.purposes),
            wordings=dict(provenance.wordings),
            channel=provenance.channel.value,
            slot=str(provenance.slot) if provenance.slot else None,
            consent_expires_on=provenance.expires_on,
            created_at=now,
            created_by=by,
            mapping=None if mapping is None else dict(mapping),
        )
        .returning(contact_list.c.id)
    )
    return int(made.scalar_one())


def of_file(connection: Connection, controller_id: int, sha256: str) -> dict[str, Any] | None:
    """The list made from this very file, or None."""
    row = (
        connection.execute(
            select(contact_list).where(
                contact_list.c.controller_id == controller_id, contact_list.c.sha256 == sha256
            )
        )
        .mappings()
        .first()
    )
    return dict(row) if row else None


def one(connection: Connection, controller_id: int, list_id: int) -> dict[str, Any]:
    """One list.

    Raises:
        NotFound: there is none of that id for this controller.
    """
    row = (
        connection.execute(
            select(contact_list).where(
                contact_list.c.id == list_id, contact_list.c.controller_id == controller_id
            )
        )
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound(f"There is no list {list_id}.")
    return dict(row)


def owner_of(connection: Connection, list_id: int) -> int:
    """The id of the controller whose list it is.

    Raises:
        NotFound: there is no such list.
    """
    found = connection.execute(
        select(contact_list.c.controller_id).where(contact_list.c.id == list_id)
    ).scalar()
    if found is None:
        raise NotFound(f"There is no list {list_id}.")
    return int(found)


_OWN_CALLS = (
    select(campaign_list.c.list_id)
    .join(campaign, campaign.c.id == campaign_list.c.campaign_id)
    .where(campaign.c.own_call.is_not(None))
)
_SHOWN = contact_list.c.id.not_in(_OWN_CALLS)
"""Of lists that somebody brought in: not of the one person who wanted to hear a campaign."""


def all_of(connection: Connection, controller_id: int) -> list[dict[str, Any]]:
    """Every list of a controller, newest first, but for those of calls to one's own number."""
    rows = connection.execute(
        select(contact_list)
        .where(contact_list.c.controller_id == controller_id, _SHOWN)
        .order_by(contact_list.c.id.desc())
    )
    return [dict(row) for row in rows.mappings()]


_LINES = select(contact.c.number, contact.c.line).where(
    contact.c.list_id == bindparam("list"),
    contact.c.number.in_(bindparam("numbers", expanding=True)),
)

_ADVANCE = (
    update(contact_list)
    .where(
        contact_list.c.id == bindparam("list"),
        contact_list.c.imported_line == bindparam("before"),
        contact_list.c.state != ListState.REMOVED.value,
    )
    .values(
        imported_line=bindparam("after"),
        rows=contact_list.c.rows + bindparam("new_accepted") + bindparam("new_rejected"),
        accepted=contact_list.c.accepted + bindparam("new_accepted"),
        rejected=contact_list.c.rejected + bindparam("new_rejected"),
    )
)


def lines_of(connection: Connection, list_id: int, numbers: Sequence[str]) -> dict[str, int]:
    """On which line the list holds each of these numbers, for those it holds."""
    found = connection.execute(_LINES, {"list": list_id, "numbers": numbers})
    return dict(found.all())


def advance(
    connection: Connection, list_id: int, before: int, after: int, accepted: int, rejected: int
) -> bool:
    """Note that an import came from one line to another.

    False where another import did already, or where the list was removed meanwhile.
    """
    done = connection.execute(
        _ADVANCE,
        {
            "list": list_id,
            "before": before,
            "after": after,
            "new_accepted": accepted,
            "new_rejected": rejected,
        },
    )
    return done.rowcount == 1


def is_at(connection: Connection, list_id: int, line: int) -> bool:
    """Whether an import has come to just this line; nobody else goes on until the end.

    False too where the list was removed.
    """
    found = connection.execute(
        select(contact_list.c.id)
        .where(
            contact_list.c.id == list_id,
            contact_list.c.imported_line == line,
            contact_list.c.state != ListState.REMOVED.value,
        )
        .with_for_update()
    )
    return found.first() is not None


def finish(connection: Connection, list_id: int, hold: Mapping[str, Any] | None = None) -> None:
    """The whole file is in: the list may be called, unless it was removed meanwhile.

    Where it looks generated, `hold` says why, and only a rehearsal may call it until released.
    """
    connection.execute(
        update(contact_list)
        .where(contact_list.c.id == list_id, contact_list.c.state != ListState.REMOVED.value)
        .values(state=ListState.READY.value, hold=dict(hold) if hold else None)
    )


def release(connection: Connection, list_id: int, by: str, reason: str, now: datetime) -> None:
    """A person answers for a list that looks generated."""
    connection.execute(
        update(contact_list)
        .where(contact_list.c.id == list_id)
        .values(released_by=by, released_at=now, release_reason=reason)
    )


def real_numbers(
    connection: Connection, list_id: int, after: int, last: int, count: int
) -> tuple[list[str], int | None]:
    """Numbers of a list that are of no range kept for fiction, in the order of its file.

    Returns:
        Some, from after a line to another; and the line that this came to, None where there are no
        more.
    """
    rows = connection.execute(
        select(contact.c.line, contact.c.number, contact.c.fictional)
        .where(contact.c.list_id == list_id, contact.c.line > after, contact.c.line <= last)
        .order_by(contact.c.line)
        .limit(count)
    ).all()
    return [row.number for row in rows if not row.fictional], rows[-1].line if rows else None


def evidence_counts(connection: Connection, list_id: int) -> dict[Evidence, int]:
    """How many contacts of a list are proved how well.

    Summed up in one pass: to group them SQLite would sort all of them, in memory.
    """
    sums = [func.sum(case((contact.c.evidence == one.value, 1), else_=0)) for one in Evidence]
    found = connection.execute(select(*sums).where(contact.c.list_id == list_id)).one()
    return {evidence: int(count or 0) for evidence, count in zip(Evidence, found, strict=True)}


def evidence_some(
    connection: Connection, list_id: int, after: int, count: int
) -> tuple[dict[Evidence, int], int | None]:
    """The same of some contacts, from after an id; and the last of them, None at the end."""
    some = (
        select(contact.c.id, contact.c.evidence)
        .where(contact.c.list_id == list_id, contact.c.id > after)
        .order_by(contact.c.id)
        .limit(count)
        .subquery()
    )
    rows = connection.execute(
        select(some.c.evidence, func.count(), func.max(some.c.id)).group_by(some.c.evidence)
    ).all()
    return {Evidence(row[0]): row[1] for row in rows}, max((row[2] for row in rows), default=None)


def reject_counts(connection: Connection, list_id: int) -> dict[str, int]:
    """How many rows of a list were refused for each reason code, the most frequent first."""
    many = func.count().label("many")
    rows = connection.execute(
        select(rejected_row.c.code, many)
        .where(rejected_row.c.list_id == list_id)
        .group_by(rejected_row.c.code)
        .order_by(many.desc(), rejected_row.c.code)
    )
    return dict(rows.all())


def suppressed_count(
    connection: Connection, controller_id: int, list_id: int, now: datetime
) -> int:
    """How many contacts of a list the operator or its controller must not call."""
    concerned = or_(
        suppression.c.scope == SuppressionScope.OPERATOR.value,
        (suppression.c.scope == SuppressionScope.CONTROLLER.value)
        & (suppression.c.owner_id == controller_id),
    )
    in_force = or_(suppression.c.expires_at.is_(None), suppression.c.expires_at > now)
    counted = connection.execute(
        select(func.count(distinct(contact.c.number)))
        .join(suppression, suppression.c.number == contact.c.number)
        .where(contact.c.list_id == list_id, concerned, in_force)
    )
    return int(counted.scalar_one())


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """Which contacts are asked for; None asks for any."""

    external_id: str | None = None
    number: str | None = None
    evidence: Evidence | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """What is asked, over `contact`."""
        wanted: dict[ColumnElement[Any], Any] = {
            contact.c.external_id: self.external_id,
            contact.c.number: self.number,
            contact.c.evidence: self.evidence and self.evidence.value,
        }
        yield from (column == value for column, value in wanted.items() if value is not None)


ANY_CONTACT = ContactFilter()


def contacts(
    connection: Connection,
    list_id: int,
    after: int,
    count: int,
    asked: ContactFilter = ANY_CONTACT,
) -> list[dict[str, Any]]:
    """Contacts of a list in the order of its file, from after a line.

    Those of whom nothing is told any more have no line, and are not among them.
    """
    rows = connection.execute(
        select(contact)
        .where(contact.c.list_id == list_id, contact.c.line > after, *asked.conditions())
        .order_by(contact.c.line)
        .limit(count)
    )
    return [dict(row) for row in rows.mappings()]


def page(
    connection: Connection, controller_id: int, before: int | None, count: int
) -> list[dict[str, Any]]:
    """Lists as of `all_of`, from before an id."""
    asked = select(contact_list).where(contact_list.c.controller_id == controller_id, _SHOWN)
    if before is not None:
        asked = asked.where(contact_list.c.id < before)
    rows = connection.execute(asked.order_by(contact_list.c.id.desc()).limit(count))
    return [dict(row) for row in rows.mappings()]


def rejected(
    connection: Connection, list_id: int, after_line: int, count: int
) -> list[dict[str, Any]]:
    """Refused rows of a list in the order of its file, from after a line."""
    rows = connection.execute(
        select(rejected_row)
        .where(rejected_row.c.list_id == list_id, rejected_row.c.line > after_line)
        .order_by(rejected_row.c.line)
        .limit(count)
    )
    return [dict(row) for row in rows.mappings()]
