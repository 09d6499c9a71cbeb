"""Callback lines, and what people did who called them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from campaigns.callback import CallerAct, Said
from store.tables import callback_act, callback_line, consent_form, controller


def install(connection: Connection, number: str, **values: Any) -> None:
    """Have a number answered, or answered otherwise from now on."""
    values = {"removed_at": None, **values}
    changed = connection.execute(
        update(callback_line).where(callback_line.c.number == number).values(**values)
    )
    if not changed.rowcount:
        connection.execute(insert(callback_line).values(number=number, **values))


def remove(connection: Connection, number: str, now: datetime) -> None:
    """Have it answered no more; it stays whose it is, for what was said there and not read yet."""
    connection.execute(
        update(callback_line).where(callback_line.c.number == number).values(removed_at=now)
    )


def line(connection: Connection, number: str) -> dict[str, Any] | None:
    """The line of a number."""
    row = connection.execute(_LINES.where(callback_line.c.number == number)).mappings().first()
    return dict(row) if row else None


def lines(connection: Connection) -> list[dict[str, Any]]:
    """Every line, whosever it is, those that were removed among them."""
    rows = connection.execute(_LINES.order_by(callback_line.c.number))
    return [dict(row) for row in rows.mappings()]


def closed_to_consent(connection: Connection) -> list[str]:
    """Numbers of lines on which nobody can agree any more, as their form was closed."""
    rows = connection.execute(
        select(callback_line.c.number)
        .join(consent_form, consent_form.c.id == callback_line.c.form_id)
        .where(consent_form.c.closed_at.is_not(None), callback_line.c.removed_at.is_(None))
    )
    return list(rows.scalars())


_LINES = select(callback_line, controller.c.name.label("controller")).join(
    controller, controller.c.id == callback_line.c.controller_id
)


def keep(connection: Connection, said: Said, line: str, controller_id: int, number: str) -> bool:
    """Keep an act; False where it was kept before, so that it is not carried out again.

    Args:
        connection: the caller's transaction, in which it is carried out too.
        said: what the PBX wrote.
        line: the number called, E.164.
        controller_id: whose line it is.
        number: what the act is about, E.164; empty where that could not be read.
    """
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    done = connection.execute(
        dialect.insert(callback_act)
        .values(
            call_id=said.call_id,
            act=said.act.value,
            at=said.at,
            line=line,
            controller_id=controller_id,
            number=number,
            keyed=said.keyed,
        )
        .on_conflict_do_nothing(index_elements=["call_id", "act"])
        .returning(callback_act.c.id)
    )
    return done.first() is not None


def acts(
    connection: Connection,
    controller_id: int,
    count: int,
    before: int | None = None,
    act: CallerAct | None = None,
) -> list[dict[str, Any]]:
    """The last acts on a controller's lines, newest first, from before an id."""
    asked = select(callback_act).where(callback_act.c.controller_id == controller_id)
    if before is not None:
        asked = asked.where(callback_act.c.id < before)
    if act is not None:
        asked = asked.where(callback_act.c.act == act.value)
    rows = connection.execute(asked.order_by(callback_act.c.id.desc()).limit(count))
    return [dict(row) for row in rows.mappings()]


def of_number(connection: Connection, controller_id: int, number: str) -> list[dict[str, Any]]:
    """What a number's owner did on a controller's lines, the oldest first."""
    rows = connection.execute(
        select(callback_act)
        .where(callback_act.c.number == number, callback_act.c.controller_id == controller_id)
        .order_by(callback_act.c.id)
    )
    return [dict(row) for row in rows.mappings()]


def last_answered(connection: Connection, numbers: Sequence[str]) -> dict[str, datetime]:
    """When each of these lines was last heard by somebody."""
    last = func.max(callback_act.c.at)
    rows = connection.execute(
        select(callback_act.c.line, last)
        .where(callback_act.c.line.in_(numbers), callback_act.c.act == CallerAct.CALL.value)
        .group_by(callback_act.c.line)
    )
    return {line: at for line, at in rows}  # noqa: C416 - rows are no tuples to mypy


def forget(connection: Connection, before: datetime, count: int) -> int:
    """Take the number out of up to so many acts older than that; how many."""
    ids = connection.scalars(
        select(callback_act.c.id)
        .where(callback_act.c.at < before, ~callback_act.c.number.startswith("-"))
        .limit(count)
    ).all()
    connection.execute(
        update(callback_act).where(callback_act.c.id.in_(ids)).values(number=_nobody())
    )
    return len(ids)


def _nobody() -> Any:
    """What stands in the place of a number, as `store.erasure` has it."""
    return literal("-") + callback_act.c.id.cast(String)
