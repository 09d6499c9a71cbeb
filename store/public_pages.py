"""Public pages of controllers: addresses, and what of the controller's calls stands there."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, null, select, update

from campaigns.errors import NotFound
from store.tables import campaign, controller, public_page

_PAGES = select(public_page, controller.c.name.label("controller")).join(
    controller, controller.c.id == public_page.c.controller_id
)


def published(connection: Connection) -> list[dict[str, Any]]:
    """Pages that everybody may see, by name of their controller."""
    rows = connection.execute(
        _PAGES.where(public_page.c.since.is_not(null())).order_by(controller.c.name)
    )
    return [dict(row) for row in rows.mappings()]


def by_slug(connection: Connection, slug: str) -> dict[str, Any]:
    """The page at an address, one that was withdrawn too.

    Raises:
        NotFound: there never was one.
    """
    row = connection.execute(_PAGES.where(public_page.c.slug == slug)).mappings().first()
    if row is None:
        raise NotFound(f"There is no page «{slug}».")
    return dict(row)


def of_controller(connection: Connection, controller_id: int) -> dict[str, Any] | None:
    """A controller's page; None where none was ever published."""
    asked = _PAGES.where(public_page.c.controller_id == controller_id)
    row = connection.execute(asked).mappings().first()
    return dict(row) if row else None


def is_taken(connection: Connection, slug: str) -> bool:
    """Whether it is or was the address of a page."""
    asked = select(public_page.c.controller_id).where(public_page.c.slug == slug)
    return connection.execute(asked).first() is not None


def add(connection: Connection, controller_id: int, slug: str, by: str, now: datetime) -> None:
    """A page that everybody may see from now on."""
    connection.execute(
        insert(public_page).values(controller_id=controller_id, slug=slug, since=now, changed_by=by)
    )


def change(connection: Connection, controller_id: int, by: str, since: datetime | None) -> None:
    """Let everybody see it since then, or nobody."""
    connection.execute(
        update(public_page)
        .where(public_page.c.controller_id == controller_id)
        .values(since=since, changed_by=by)
    )


def called_from(connection: Connection, controller_id: int) -> list[str]:
    """Numbers that real calls of a controller showed, in order."""
    rows = connection.execute(_real(campaign.c.caller_id, controller_id))
    return sorted(rows.scalars())


def called_for(connection: Connection, controller_id: int) -> list[str]:
    """What real calls of a controller were for, in order."""
    rows = connection.execute(_real(campaign.c.purpose, controller_id))
    return sorted(rows.scalars())


def _real(what: Any, controller_id: int) -> Any:
    """Of campaigns that were launched, but for rehearsals and calls to one's own number."""
    return (
        select(what)
        .where(
            campaign.c.controller_id == controller_id,
            campaign.c.launched_at.is_not(null()),
            campaign.c.rehearsal.is_(False),
            campaign.c.own_call.is_(null()),
        )
        .distinct()
    )
