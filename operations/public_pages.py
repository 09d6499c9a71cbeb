"""The public page of a controller: who calls, from which numbers, and how to be called no more.

It is there for the people called (GDPR, articles 12 to 14 and 21(2)). The controller's own officer
publishes it; until then nobody learns from it that the controller is on this system.
"""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from campaigns.contacts.phone import masked, parse
from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.errors import NotFound
from operations import consent_form
from operations.consent_form import ConsentForm
from operations.workspace import Workspace
from store import audit, callbacks, controllers, outbox, public_pages, suppressions
from store.engine import reading, writing

BY = "public page"
_LONGEST_SLUG = 48
_SLUG = re.compile(r"[a-z0-9-]{1,64}")
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l"})


@dataclass(frozen=True, slots=True)
class PublicPage:
    """What a page says.

    Attributes:
        slug: its address is `/people/` and this.
        contact: how to reach the controller, by the settings; empty where they do not say.
        shown: numbers that its calls showed, E.164.
        answered: those of its numbers that are answered when they are called back.
        purposes: what its calls were for.
        forms: consent forms that are open.
    """

    controller_id: int
    controller: str
    slug: str
    contact: str
    shown: tuple[str, ...]
    answered: tuple[str, ...]
    purposes: tuple[str, ...]
    forms: tuple[ConsentForm, ...]


def published(workspace: Workspace) -> list[dict[str, Any]]:
    """Every page that is published: `slug` and `controller`, by name."""
    with reading(workspace.engine) as connection:
        return public_pages.published(connection)


def at(workspace: Workspace, slug: str) -> PublicPage:
    """The page at an address.

    Raises:
        NotFound: there is none, or it was withdrawn.
    """
    with reading(workspace.engine) as connection:
        row = _published(connection, slug)
        owner = row["controller_id"]
        lines = [
            one["number"]
            for one in callbacks.lines(connection)
            if one["controller_id"] == owner and one["removed_at"] is None
        ]
        shown = public_pages.called_from(connection, owner)
        purposes = public_pages.called_for(connection, owner)
    forms = consent_form.of_controller(workspace.engine, owner)
    return PublicPage(
        controller_id=owner,
        controller=row["controller"],
        slug=slug,
        contact=workspace.settings.privacy.contacts.get(row["controller"], ""),
        shown=tuple(shown),
        answered=tuple(lines),
        purposes=tuple(purposes),
        forms=tuple(one for one in forms if one.closed_at is None),
    )


def standing(workspace: Workspace, controller_id: int) -> dict[str, Any] | None:
    """A controller's page: `slug`, `since` (None where it is withdrawn) and `changed_by`."""
    with reading(workspace.engine) as connection:
        return public_pages.of_controller(connection, controller_id)


def publish(workspace: Workspace, controller_id: int, by: str) -> str:
    """Let everybody see a controller's page; its slug, which stays. Twice does no harm."""
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        known = public_pages.of_controller(connection, controller_id)
        if known is not None and known["since"] is not None:
            return str(known["slug"])
        if known is None:
            slug = _free(connection, controller_id)
            public_pages.add(connection, controller_id, slug, by, now)
        else:
            slug = known["slug"]
            public_pages.change(connection, controller_id, by, now)
        _record(connection, controller_id, by, "public_page.publish", slug)
    return slug


def withdraw(workspace: Workspace, controller_id: int, by: str) -> None:
    """Show a controller's page to nobody. What was asked for there is answered all the same.

    Raises:
        NotFound: it is not published.
    """
    with writing(workspace.engine) as connection:
        known = public_pages.of_controller(connection, controller_id)
        if known is None or known["since"] is None:
            raise NotFound("The public page is not published.")
        public_pages.change(connection, controller_id, by, None)
        _record(connection, controller_id, by, "public_page.withdraw", known["slug"])


def begin(workspace: Workspace, controller_id: int, by: str) -> None:
    """Publish a page of which nobody has decided anything yet, as the sample does."""
    if standing(workspace, controller_id) is None:
        publish(workspace, controller_id, by)


def refuse(workspace: Workspace, slug: str, number: str) -> None:
    """Have a controller call a number no more, from this instant on.

    Nobody proves whose it is, and nobody is told whether it was known: somebody may take another
    person's number off, which is the safe side.

    Raises:
        NotFound: there is no such page.
        InvalidNumber: it is no number that could be called.
    """
    e164, now = parse(number).e164, datetime.now(UTC)
    with writing(workspace.engine) as connection:
        owner = _published(connection, slug)["controller_id"]
        refusal = Suppression(
            number=e164,
            scope=SuppressionScope.CONTROLLER,
            owner_id=owner,
            reason=SuppressionReason.FORM,
            source=f"public page /people/{slug}",
            created_at=now,
        )
        new = suppressions.add(connection, [refusal]) == 1
        if new:
            told = {"reason": refusal.reason.value, "page": slug}
            act = f"page {secrets.token_hex(8)}"
            outbox.note_opt_out(connection, owner, e164, act, now, told)
        detail = {"new": new, "page": slug}
        audit.record(connection, now, BY, "suppression.add", masked(e164), owner, detail)


def row_at(connection: Connection, slug: str) -> dict[str, Any]:
    """The row of a page, withdrawn or not.

    Raises:
        NotFound: there never was one, or nothing of the kind can be an address.
    """
    if not _SLUG.fullmatch(slug):
        raise NotFound(f"There is no page «{slug}».")
    return public_pages.by_slug(connection, slug)


def _published(connection: Connection, slug: str) -> dict[str, Any]:
    row = row_at(connection, slug)
    if row["since"] is None:
        raise NotFound(f"There is no page «{slug}».")
    return row


def _free(connection: Connection, controller_id: int) -> str:
    slug = slug_of(controllers.name_of(connection, controller_id))
    if slug and not public_pages.is_taken(connection, slug):
        return slug
    return f"{slug or 'page'}-{controller_id}"


def slug_of(name: str) -> str:
    """A name as it can stand in an address: `Élan & Cœur` is `elan-coeur`; empty for no letters."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    ascii_ = plain.encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_).strip("-")[:_LONGEST_SLUG].strip("-")


def _record(connection: Connection, controller_id: int, by: str, act: str, slug: str) -> None:
    subject = f"public page {slug}"
    audit.record(connection, datetime.now(UTC), by, act, subject, controller_id)
