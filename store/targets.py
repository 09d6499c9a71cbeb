"""Targets: filling a campaign from its lists, cancelling, counting and listing them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    bindparam,
    func,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from campaigns.contacts.segments import Place
from campaigns.errors import NotFound
from campaigns.outcome import Outcome
from campaigns.rules.gates import Gate
from campaigns.selection import Selection
from campaigns.states import TargetState
from store import closed_targets, segments, several, tallies
from store.columns import Instant, is_number
from store.tables import contact, contact_list, target

_NULL: ColumnElement[Any] = null()


def fill(
    connection: Connection,
    campaign_id: int,
    list_id: int,
    after: int,
    count: int,
    now: datetime,
    selection: Selection | None = None,
) -> int | None:
    """Make targets of a list's contacts behind a line; the last one's line, None at the end.

    A number that is in the campaign already is not put in twice: its target is weighed against the
    new row, see `store.several`. Who must never be called is refused at once. Call it again and
    again, each time in a transaction of its own, so that no write lock is held for long.

    With a selection only its members are put in, each with its variant; those whose address is
    doubtful are put in as refused.
    """
    last = connection.execute(
        select(
            func.max(
                select(contact.c.line)
                .where(contact.c.list_id == list_id, contact.c.line > after)
                .order_by(contact.c.line)
                .limit(count)
                .subquery()
                .c.line
            )
        )
    ).scalar()
    if last is None:
        return None
    new = _New(campaign_id, list_id, after, last, now)
    delta: tallies.Delta = Counter()
    if selection is None:
        delta[campaign_id, tallies.STATE, _PENDING] = _insert_ignoring(connection, new.rows())
    else:
        _fill_selected(connection, new, selection, delta)
    numbers = connection.execute(select(contact.c.number).where(*new.contacts())).scalars().all()
    closed_targets.close(connection, campaign_id, numbers, delta)
    if several.has_several(connection, campaign_id):
        weighed = several.weigh(connection, campaign_id, numbers, now, repoint=selection is None)
        delta.update(weighed)
    tallies.add(connection, delta)
    return int(last)


_PENDING, _REFUSED = TargetState.PENDING.value, TargetState.REFUSED.value
_DOUBTFUL = Gate.DOUBTFUL_ADDRESS.value


def _fill_selected(
    connection: Connection, new: "_New", selection: Selection, delta: tallies.Delta
) -> None:
    people, fate = segments.people(selection), segments.fate(selection)
    called = new.rows(variant=segments.variant(fate)).select_from(people)
    found = _insert_ignoring(connection, called.where(segments.is_called(fate)))
    delta[new.campaign_id, tallies.STATE, _PENDING] = found
    if selection.asks(Place.CONSTITUENCY):
        held = new.rows(_REFUSED, literal(_DOUBTFUL)).select_from(people)
        found = _insert_ignoring(connection, held.where(fate == segments.DOUBTFUL))
        delta[new.campaign_id, tallies.STATE, _REFUSED] = found
        delta[new.campaign_id, tallies.GATE, _DOUBTFUL] = found


def revive_doubtful(
    connection: Connection,
    campaign_id: int,
    selection: Selection,
    after: int,
    count: int,
    now: datetime,
) -> tuple[int, int | None]:
    """Let those wait to be called whose address was doubtful and is not any more.

    Returns:
        How many they are of the next held back, and the last one's id, None at the end.
    """
    fate = segments.fate(selection)
    held = connection.execute(
        select(target.c.id, fate, segments.variant(fate))
        .select_from(segments.people(selection).join(target, target.c.contact_id == contact.c.id))
        .where(
            target.c.campaign_id == campaign_id,
            target.c.id > after,
            target.c.state == _REFUSED,
            target.c.gate == _DOUBTFUL,
        )
        .order_by(target.c.id)
        .limit(count)
    ).all()
    found = [
        {"b_id": id_, "b_variant": variant, "b_due_at": now}
        for id_, what, variant in held
        if what.startswith(segments.CALLED)
    ]
    if found:
        connection.execute(_REVIVE, found)
    delta: tallies.Delta = Counter()
    tallies.moved(delta, campaign_id, _REFUSED, _PENDING, len(found))
    delta[campaign_id, tallies.GATE, _DOUBTFUL] -= len(found)
    tallies.add(connection, delta)
    return len(found), held[-1].id if held else None


_REVIVE = (
    update(target)
    .where(target.c.id == bindparam("b_id"))
    .values(
        state=_PENDING,
        gate=None,
        variant=bindparam("b_variant", type_=String),
        due_at=bindparam("b_due_at", type_=Instant),
    )
)


@dataclass(frozen=True, slots=True)
class _New:
    """Contacts of one list, from behind one line to another, as targets of a campaign."""

    campaign_id: int
    list_id: int
    after: int
    last: int
    now: datetime

    def contacts(self) -> tuple[ColumnElement[bool], ...]:
        """Which they are, but for people who were erased."""
        return (
            contact.c.list_id == self.list_id,
            contact.c.line > self.after,
            contact.c.line <= self.last,
            is_number(contact.c.number),
        )

    def rows(
        self,
        state: str = _PENDING,
        gate: ColumnElement[Any] = _NULL,
        variant: ColumnElement[Any] = _NULL,
    ) -> Select[Any]:
        """Values of `_COLUMNS`, in the order of the file: people are called in it."""
        return (
            select(
                literal(self.campaign_id),
                contact.c.id,
                contact.c.number,
                contact.c.zones,
                literal(state),
                literal(False),
                literal(round(self.now.timestamp() * 1000)),
                literal(0),
                literal(0),
                gate,
                variant,
            )
            .where(*self.contacts())
            .order_by(contact.c.line)
        )


_COLUMNS = (
    "campaign_id",
    "contact_id",
    "number",
    "zones",
    "state",
    "retry",
    "due_at",
    "attempts",
    "tries",
    "gate",
    "variant",
)


_CHANGES = select(func.changes())


def _insert_ignoring(connection: Connection, rows: Select[Any]) -> int:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    kept = dialect.insert(target).from_select(_COLUMNS, rows).on_conflict_do_nothing()
    # Of an INSERT the count is thrown away on PostgreSQL unless it is asked for.
    done = connection.execute(kept, execution_options={"preserve_rowcount": True}).rowcount
    # SQLite's driver does not know it of an INSERT that begins WITH something.
    return done if done >= 0 else int(connection.execute(_CHANGES).scalar_one())


def cancel(connection: Connection, campaign_id: int, count: int) -> int:
    """Cancel up to `count` pending targets of a stopped campaign; how many."""
    some = (
        select(target.c.id)
        .where(
            target.c.campaign_id == campaign_id,
            target.c.state == literal(_PENDING, literal_execute=True),
        )
        .limit(count)
    )
    done = connection.execute(
        update(target)
        .where(target.c.id.in_(some.scalar_subquery()))
        .values(state=TargetState.CANCELLED.value)
    ).rowcount
    delta: tallies.Delta = Counter()
    tallies.moved(delta, campaign_id, _PENDING, TargetState.CANCELLED.value, done)
    tallies.add(connection, delta)
    return done


def counted(connection: Connection, campaign_id: int) -> dict[str, int]:
    """States counted from the rows themselves, to prove the tallies."""
    rows = connection.execute(
        select(target.c.state, func.count().label("many"))
        .where(target.c.campaign_id == campaign_id)
        .group_by(target.c.state)
    )
    return {found.state: found.many for found in rows}


def variant_of(connection: Connection, campaign_id: int, contact_id: int) -> str | None:
    """Whose message a person of a campaign hears; None for the campaign's own.

    Raises:
        NotFound: they are not in it.
    """
    asked = select(target.c.variant).where(
        target.c.campaign_id == campaign_id, target.c.contact_id == contact_id
    )
    found = connection.execute(asked).one_or_none()
    if found is None:
        raise NotFound(f"There is no contact {contact_id} in campaign {campaign_id}.")
    return None if found.variant is None else str(found.variant)


@dataclass(frozen=True, slots=True)
class TargetFilter:
    """Which targets are asked for; None asks for any."""

    state: TargetState | None = None
    outcome: Outcome | None = None
    gate: Gate | None = None
    list_id: int | None = None
    number: str | None = None
    external_id: str | None = None
    begun: bool = False  # only people for whom a call was begun

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """What is asked, over `target` and `contact`."""
        if self.begun:
            yield target.c.attempts + target.c.tries > 0
        wanted: dict[ColumnElement[Any], Any] = {
            target.c.state: self.state and self.state.value,
            target.c.outcome: self.outcome and self.outcome.value,
            target.c.gate: self.gate and self.gate.value,
            contact.c.list_id: self.list_id,
            target.c.number: self.number,
            contact.c.external_id: self.external_id,
        }
        yield from (column == value for column, value in wanted.items() if value is not None)


ANY_TARGET = TargetFilter()


def page(
    connection: Connection,
    campaign_id: int,
    after: int,
    count: int,
    asked: TargetFilter = ANY_TARGET,
) -> list[dict[str, Any]]:
    """Targets with their contacts, in order of id, from after a cursor."""
    if asked.number is not None:
        theirs = [target.c.campaign_id == campaign_id, target.c.id > after]
    else:
        # From 0 on the targets of every campaign before would be walked past.
        first, _ = span(connection, campaign_id) if not after else (after + 1, 0)
        theirs = walked(campaign_id, first - 1)
    query = (
        select(
            target,
            contact.c.line,
            contact.c.external_id,
            contact.c.list_id,
            contact.c.attributes,
        )
        .join(contact, contact.c.id == target.c.contact_id)
        .where(*theirs, *asked.conditions())
        .order_by(target.c.id)
        .limit(count)
    )
    return [dict(found) for found in connection.execute(query).mappings()]


_BEYOND = 2**62


def span(connection: Connection, campaign_id: int) -> tuple[int, int]:
    """First and last id of a campaign's targets; (beyond any, 0) where it has none."""
    mine = select(func.min(target.c.id), func.max(target.c.id)).where(
        target.c.campaign_id == campaign_id
    )
    first, last = connection.execute(mine).one()
    return (_BEYOND, 0) if first is None else (first, last)


def walked(campaign_id: int, after: int) -> list[ColumnElement[bool]]:
    """Of targets of a campaign behind an id, found by a walk along the ids.

    Those of a campaign lie together; found by the campaign first, all of it would be sorted for
    every page.
    """
    return [target.c.id > after, target.c.campaign_id + 0 == campaign_id]


def of_number(connection: Connection, controller_id: int, number: str) -> list[dict[str, Any]]:
    """Every target of a number in the controller's lists, with list and campaign ids."""
    rows = connection.execute(
        select(
            target,
            contact.c.line,
            contact.c.list_id,
            contact.c.evidence,
            contact.c.fictional,
            contact.c.slot,
            contact.c.consent_expires_on,
            contact.c.withdrawn_on,
        )
        .join(contact, contact.c.id == target.c.contact_id)
        .join(contact_list, contact_list.c.id == contact.c.list_id)
        .where(target.c.number == number, contact_list.c.controller_id == controller_id)
        .order_by(target.c.id)
    )
    return [dict(found) for found in rows.mappings()]
