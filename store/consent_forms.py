"""Consent forms, on which people agree to be called, and the wordings they ever showed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from campaigns.errors import NotFound
from store.tables import consent_form, consent_wording, contact_list, controller


def add(
    connection: Connection,
    controller_id: int,
    list_id: int,
    slug: str,
    name: str,
    slots: Sequence[str],
    by: str,
    now: datetime,
) -> int:
    """A new form that feeds a list."""
    made = connection.execute(
        insert(consent_form)
        .values(
            controller_id=controller_id,
            list_id=list_id,
            slug=slug,
            name=name,
            slots=list(slots),
            created_at=now,
            created_by=by,
        )
        .returning(consent_form.c.id)
    )
    return int(made.scalar_one())


_FORMS = (
    select(
        consent_form,
        contact_list.c.purposes,
        contact_list.c.accepted,
        controller.c.name.label("controller"),
    )
    .join(contact_list, contact_list.c.id == consent_form.c.list_id)
    .join(controller, controller.c.id == consent_form.c.controller_id)
)


def by_slug(connection: Connection, slug: str, *, locked: bool = False) -> dict[str, Any]:
    """A form with its purposes, its controller's name and how many people are in its list.

    Args:
        connection: of a transaction.
        slug: its address.
        locked: nobody else changes it, nor does anything on it, until the transaction ends.

    Raises:
        NotFound: there is none at that address.
    """
    asked = _FORMS.where(consent_form.c.slug == slug)
    if locked:
        asked = asked.with_for_update(of=consent_form)
    row = connection.execute(asked).mappings().first()
    if row is None:
        raise NotFound(f"There is no consent form «{slug}».")
    return dict(row)


def all_of(connection: Connection, controller_id: int) -> list[dict[str, Any]]:
    """Every form of a controller, newest first."""
    asked = _FORMS.where(consent_form.c.controller_id == controller_id)
    rows = connection.execute(asked.order_by(consent_form.c.id.desc())).mappings()
    return [dict(row) for row in rows]


def page(
    connection: Connection, controller_id: int, before: int | None, count: int
) -> list[dict[str, Any]]:
    """Forms of a controller, newest first, from before an id."""
    asked = _FORMS.where(consent_form.c.controller_id == controller_id)
    if before is not None:
        asked = asked.where(consent_form.c.id < before)
    rows = connection.execute(asked.order_by(consent_form.c.id.desc()).limit(count)).mappings()
    return [dict(row) for row in rows]


def slug_of(connection: Connection, form_id: int | None) -> str | None:
    """The address of a form; None for none."""
    return connection.execute(
        select(consent_form.c.slug).where(consent_form.c.id == form_id)
    ).scalar()


def is_taken(connection: Connection, slug: str) -> bool:
    """Whether a form has, or had, that address."""
    found = connection.execute(select(consent_form.c.id).where(consent_form.c.slug == slug))
    return found.first() is not None


def feeding(connection: Connection, list_id: int) -> str | None:
    """The address of the open form that feeds a list, or None."""
    return connection.execute(
        select(consent_form.c.slug).where(
            consent_form.c.list_id == list_id, consent_form.c.closed_at.is_(None)
        )
    ).scalar()


def close(connection: Connection, form_id: int, now: datetime) -> None:
    """It takes no agreement any more."""
    connection.execute(
        update(consent_form).where(consent_form.c.id == form_id).values(closed_at=now)
    )


def add_wording(
    connection: Connection,
    form_id: int,
    language: str,
    version: int,
    text: str,
    sha256: str,
    by: str,
    now: datetime,
) -> None:
    """A new version of a form's text in one language."""
    connection.execute(
        insert(consent_wording).values(
            form_id=form_id,
            language=language,
            version=version,
            text=text,
            sha256=sha256,
            created_at=now,
            created_by=by,
        )
    )


def wordings(connection: Connection, form_id: int) -> list[dict[str, Any]]:
    """Every text that a form ever showed, by language, the oldest first."""
    rows = connection.execute(
        select(consent_wording)
        .where(consent_wording.c.form_id == form_id)
        .order_by(consent_wording.c.language, consent_wording.c.version)
    )
    return [dict(row) for row in rows.mappings()]


def define(connection: Connection, list_id: int, key: str, text: str) -> None:
    """Let a list's provenance name a wording, besides those that it names."""
    known = connection.execute(
        select(contact_list.c.wordings).where(contact_list.c.id == list_id)
    ).scalar_one()
    connection.execute(
        update(contact_list)
        .where(contact_list.c.id == list_id)
        .values(wordings={**known, key: text})
    )
