"""Endpoints of other programs: making and removing them, and telling events once more."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from campaigns.errors import InvalidInput, NotAllowed
from campaigns.webhook import EventKind
from operations.webhook_address import check_url
from operations.workspace import Workspace
from store import audit, webhooks
from store.engine import reading, writing

MOST = 20
"""Endpoints of one controller."""

_PREFIX = "pvw_"


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """An endpoint that was made.

    Attributes:
        row: as `store.webhooks.one` has it.
        secret: signs what is sent; can't be shown again.
    """

    row: dict[str, Any]
    secret: str = field(repr=False)


def make_webhook(
    workspace: Workspace, controller_id: int, url: str, events: Sequence[EventKind], by: str
) -> NewWebhook:
    """Tell a program of what happens from now on.

    Raises:
        InvalidInput: nothing is sent to such an address.
        NotAllowed: the controller has as many as one may have.
    """
    check_url(url, allow_loopback=workspace.settings.webhooks.allow_loopback)
    kinds = [one.value for one in dict.fromkeys(events)]
    secret, now = _PREFIX + secrets.token_urlsafe(32), datetime.now(UTC)
    with writing(workspace.engine) as connection:
        if len(webhooks.page(connection, controller_id, 0, MOST)) == MOST:
            raise NotAllowed(f"There are {MOST} webhooks, which are the most. Remove one first.")
        made = webhooks.add(connection, controller_id, url, kinds, secret, by, now)
        detail = {"url": url, "events": kinds}
        audit.record(connection, now, by, "webhook.make", f"webhook {made}", controller_id, detail)
        return NewWebhook(webhooks.one(connection, controller_id, made), secret)


def remove_webhook(workspace: Workspace, controller_id: int, webhook_id: int, by: str) -> None:
    """Tell it nothing any more.

    Raises:
        NotFound: the controller has no such webhook.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        webhooks.one(connection, controller_id, webhook_id)
        webhooks.remove(connection, webhook_id, now)
        subject = f"webhook {webhook_id}"
        audit.record(connection, now, by, "webhook.remove", subject, controller_id)


def resume(workspace: Workspace, controller_id: int, webhook_id: int, by: str) -> None:
    """Tell a webhook again that a restore put to rest. Twice does no harm.

    Raises:
        NotFound: the controller has no such webhook.
        InvalidInput: nobody is named.
    """
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person who answers for it.")
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        if webhooks.one(connection, controller_id, webhook_id)["paused_at"] is None:
            return
        webhooks.resume(connection, webhook_id, now)
        subject = f"webhook {webhook_id}"
        audit.record(connection, now, by, "webhook.resume", subject, controller_id)


def every(workspace: Workspace) -> list[dict[str, Any]]:
    """Webhooks of all controllers, as `store.webhooks.in_use` has them."""
    with reading(workspace.engine) as connection:
        return webhooks.in_use(connection)


def replay(
    workspace: Workspace,
    controller_id: int,
    webhook_id: int,
    event_ids: Sequence[str] | None,
    by: str,
) -> int:
    """Tell events once more, under their own ids; how many.

    Args:
        workspace: where.
        controller_id: whose webhook.
        webhook_id: which.
        event_ids: which, as they were told; None for all that were given up.
        by: who asks.

    Raises:
        NotFound: the controller has no such webhook.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        webhooks.one(connection, controller_id, webhook_id)
        count = webhooks.ask_again(connection, webhook_id, event_ids, now)
        webhooks.rest(connection, webhook_id, 0, None)
        subject, detail = f"webhook {webhook_id}", {"events": count}
        audit.record(connection, now, by, "webhook.replay", subject, controller_id, detail)
    return count
