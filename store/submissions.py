"""What people did on consent forms, kept as proof, and the contacts that come of it."""

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select, update

from store.tables import (
    consent_form,
    consent_submission,
    consent_wording,
    contact,
    contact_list,
)


class ConsentAct(StrEnum):
    """What somebody did."""

    AGREE = "agree"
    WITHDRAW = "withdraw"


def add(connection: Connection, **values: Any) -> int:
    """Keep one submission; its id."""
    made = connection.execute(
        insert(consent_submission).values(**values).returning(consent_submission.c.id)
    )
    return int(made.scalar_one())


def last(connection: Connection, form_id: int, number: str) -> dict[str, Any] | None:
    """What was done last for a number on a form."""
    row = (
        connection.execute(
            select(consent_submission)
            .where(consent_submission.c.form_id == form_id, consent_submission.c.number == number)
            .order_by(consent_submission.c.id.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )
    return dict(row) if row else None


def of_number(connection: Connection, controller_id: int, number: str) -> list[dict[str, Any]]:
    """Everything done for a number on a controller's forms, newest first, with the exact texts."""
    rows = connection.execute(
        select(
            consent_submission,
            consent_form.c.slug,
            consent_form.c.name,
            consent_form.c.list_id,
            consent_wording.c.version,
            consent_wording.c.text,
        )
        .join(consent_form, consent_form.c.id == consent_submission.c.form_id)
        .join(
            consent_wording, consent_wording.c.id == consent_submission.c.wording_id, isouter=True
        )
        .where(consent_submission.c.number == number, consent_form.c.controller_id == controller_id)
        .order_by(consent_submission.c.id.desc())
    )
    return [dict(row) for row in rows.mappings()]


def enter(connection: Connection, list_id: int, number: str, values: dict[str, Any]) -> None:
    """Put a person into a list; where the number is in it, replace what is known of its consent."""
    changed = connection.execute(
        update(contact)
        .where(contact.c.list_id == list_id, contact.c.number == number)
        .values(**values)
    )
    if changed.rowcount:
        return
    line = connection.execute(
        update(contact_list)
        .where(contact_list.c.id == list_id)
        .values(
            rows=contact_list.c.rows + 1,
            accepted=contact_list.c.accepted + 1,
            imported_line=contact_list.c.imported_line + 1,
        )
        .returning(contact_list.c.imported_line)
    ).scalar_one()
    connection.execute(
        insert(contact).values(list_id=list_id, number=number, line=line, attributes={}, **values)
    )


def withdraw(connection: Connection, list_id: int, number: str, day: date) -> None:
    """Note in a list that the consent of a number was withdrawn, where it holds that number."""
    connection.execute(
        update(contact)
        .where(contact.c.list_id == list_id, contact.c.number == number)
        .values(withdrawn_on=day)
    )
