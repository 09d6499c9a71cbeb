"""Retention: what is known of people is removed when its time is over.

CNIL takes three years from the last contact as the usual time for which people may be kept to be
solicited (délibération n° 2021-131 of 23 September 2021, référentiel relatif aux traitements de
gestion des activités commerciales); for political calls no other figure is published, so three
years after a campaign's end is the default here. What was counted stays; so do suppressions, for
who refused must not be called when the same number is imported again. Requests that were closed as
long ago stay too, as proof that they were answered, under a digest of the number. Calls to the
numbers that were shown stay as well, without the number.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from campaigns.states import Action, CampaignState
from operations import drafts, uploads
from operations.giving_way import until_none
from operations.report import heard_sums
from operations.workspace import Workspace
from store import (
    audit,
    callbacks,
    idempotency,
    places,
    receipt_links,
    requests,
    retention,
    suppression_keys,
)
from store import campaigns as kept
from store.engine import reading, writing
from store.retention import Old

AT_ONCE = 500
"""Rows removed in one transaction: the write lock is held for some milliseconds."""

LINKS_KEPT = timedelta(days=7)
"""How long links to receipts stay whose time is over: what was keyed while no dialer ran may be
read later, and counts from when it was keyed."""


def retain(workspace: Workspace, now: datetime | None = None) -> int:
    """Remove the personal data of campaigns and lists whose time is over.

    It may be cut short at any moment: the next run goes on. Between two transactions it leaves
    the database alone for as long as the one before took.

    Args:
        workspace: where; `[retention] campaign_days` says how long is kept.
        now: aware instant; of the call where absent.

    Returns:
        How many people were removed from campaigns and lists.
    """
    moment = now or datetime.now(UTC)
    uploads.sweep(workspace.settings.home)
    with writing(workspace.engine) as connection:
        idempotency.forget_old(connection, moment)
    drafts.forget_old(workspace, moment, AT_ONCE)
    before = moment - timedelta(days=workspace.settings.retention.campaign_days)
    with reading(workspace.engine) as connection:
        campaigns = retention.old_campaigns(connection, before)
    removed = sum(_Removal(workspace, moment).campaign(one) for one in campaigns)
    with reading(workspace.engine) as connection:
        lists = retention.old_lists(connection, before)
    removed += sum(_Removal(workspace, moment).list(one) for one in lists)
    _hide_requests(workspace, before)
    for _ in until_none(workspace.engine, lambda some: callbacks.forget(some, before, AT_ONCE)):
        pass
    over = moment - LINKS_KEPT
    for _ in until_none(workspace.engine, lambda some: receipt_links.forget(some, over, AT_ONCE)):
        pass
    return removed


def _hide_requests(workspace: Workspace, before: datetime) -> None:
    """Of requests closed before that only a digest of the number is left: they are kept as proof.

    Where the key is missing they stay as they are, until it is back.
    """
    key = suppression_keys.in_use(workspace.engine)
    if key is None:
        return

    def hide(connection: Connection) -> int:
        some = requests.closed_before(connection, before, AT_ONCE)
        requests.hide(connection, {id_: key.digest(number) for id_, number in some.items()})
        return len(some)

    for _ in until_none(workspace.engine, hide):
        pass


class _Removal:
    """Removes one campaign's people or one list's, a batch at a time."""

    def __init__(self, workspace: Workspace, now: datetime) -> None:
        self._engine = workspace.engine
        self._now = now

    def campaign(self, old: Old) -> int:
        """How many people are in it no more."""
        with writing(self._engine) as connection:
            if kept.state_of(connection, old.id) is CampaignState.DRAFT:
                kept.act(connection, old.id, Action.STOP, self._now)
        heard = heard_sums(self._engine, old.id)
        with writing(self._engine) as connection:
            retention.keep_heard(connection, old.id, heard)
            # Before the first call goes, or a look over the audit would miss it.
            self._record(connection, audit.REMOVAL_BEGUN, old, f"campaign {old.id}")
        self._until_none(lambda found: retention.remove_attempts(found, old.id, AT_ONCE))
        people = self._until_none(lambda found: retention.remove_targets(found, old.id, AT_ONCE))
        self._record_removal(old, f"campaign {old.id}", people)
        return people

    def list(self, old: Old) -> int:
        """How many contacts tell of nobody any more."""
        self._until_none(lambda found: retention.remove_rejected(found, old.id, AT_ONCE))
        self._until_none(lambda found: retention.remove_submissions(found, old.id, AT_ONCE))
        self._until_none(lambda found: places.remove(found, old.id, AT_ONCE))
        after = 0

        def blank(connection: Connection) -> int:
            nonlocal after
            some = retention.blank_contacts(connection, old.id, after, AT_ONCE)
            after = some[-1] if some else after
            return len(some)

        people = self._until_none(blank)
        with writing(self._engine) as connection:
            retention.close_list(connection, old.id)
        self._record_removal(old, f"list {old.id}", people)
        return people

    def _until_none(self, remove: Callable[[Connection], int]) -> int:
        """Remove again and again, until nothing is left; how many in all."""
        return sum(until_none(self._engine, remove))

    def _record_removal(self, old: Old, subject: str, people: int) -> None:
        with writing(self._engine) as connection:
            self._record(connection, audit.REMOVED, old, subject, {"people": people})

    def _record(
        self,
        connection: Connection,
        act: str,
        old: Old,
        subject: str,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        audit.record(connection, self._now, "clock", act, subject, old.controller_id, detail)
