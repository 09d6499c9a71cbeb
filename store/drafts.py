"""Campaigns that are being made: what was filled in so far, and what was made of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from campaigns.errors import NotFound
from store.tables import campaign_draft as kept

Filled = Mapping[str, str | list[str]]
"""By field: what was typed or chosen; of boxes all that were ticked."""


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """One draft.

    Attributes:
        key: of the page that began it.
        step: the one to go on with.
        taken_at: since when a campaign is being made of it; None while nobody makes one.
        campaign_id: what was made of it; None while it is a draft.
    """

    id: int
    controller_id: int
    key: str
    step: str
    filled: Filled
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str
    taken_at: datetime | None
    campaign_id: int | None

    @property
    def name(self) -> str:
        """What the campaign is to be called; empty where that is not filled in yet."""
        return str(self.filled.get("name", ""))

    @property
    def is_open(self) -> bool:
        """Whether it can be filled in further."""
        return self.taken_at is None and self.campaign_id is None


def add(
    connection: Connection,
    controller_id: int,
    key: str,
    filled: Filled,
    step: str,
    by: str,
    now: datetime,
) -> int | None:
    """Keep a new one; its id, or None where its page has begun one already."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    made = dialect.insert(kept).values(
        controller_id=controller_id, key=key, filled=dict(filled), step=step,
        created_at=now, created_by=by, changed_at=now, changed_by=by,
    )  # fmt: skip
    once = made.on_conflict_do_nothing(index_elements=["controller_id", "key"])
    return connection.execute(once.returning(kept.c.id)).scalar()


def id_of(connection: Connection, controller_id: int, key: str) -> int:
    """The draft that a page has begun."""
    found = connection.execute(
        select(kept.c.id).where(kept.c.controller_id == controller_id, kept.c.key == key)
    )
    return int(found.scalar_one())


def one(
    connection: Connection, controller_id: int, draft_id: int, *, locked: bool = False
) -> KeptDraft:
    """One draft.

    Args:
        connection: of a transaction.
        controller_id: whose.
        draft_id: which.
        locked: nobody else changes it until the transaction ends.

    Raises:
        NotFound: there is none of that id for this controller.
    """
    asked = select(kept).where(kept.c.id == draft_id, kept.c.controller_id == controller_id)
    row = connection.execute(asked.with_for_update() if locked else asked).first()
    if row is None:
        raise NotFound("There is no such draft: it was deleted, or never kept.")
    return KeptDraft(*row)


def open_ones(connection: Connection, controller_id: int, count: int) -> list[KeptDraft]:
    """Drafts of which no campaign was made yet, the last changed first."""
    rows = connection.execute(
        select(kept)
        .where(kept.c.controller_id == controller_id, kept.c.campaign_id.is_(None))
        .order_by(kept.c.changed_at.desc(), kept.c.id.desc())
        .limit(count)
    )
    return [KeptDraft(*row) for row in rows]


def of_campaign(connection: Connection, controller_id: int, campaign_id: int) -> KeptDraft | None:
    """What a campaign was made of; None where that is not kept."""
    row = connection.execute(
        select(kept).where(kept.c.controller_id == controller_id, kept.c.campaign_id == campaign_id)
    ).first()
    return KeptDraft(*row) if row else None


def change(
    connection: Connection, draft_id: int, filled: Filled, step: str, by: str, now: datetime
) -> None:
    """Keep something else of it."""
    connection.execute(
        update(kept)
        .where(kept.c.id == draft_id)
        .values(filled=dict(filled), step=step, changed_at=now, changed_by=by)
    )


def take(connection: Connection, draft_id: int, now: datetime) -> None:
    """Say that a campaign is being made of it."""
    connection.execute(update(kept).where(kept.c.id == draft_id).values(taken_at=now))


def give_back(connection: Connection, draft_id: int) -> None:
    """No campaign could be made of it: it is as it was."""
    connection.execute(update(kept).where(kept.c.id == draft_id).values(taken_at=None))


def give_all_back(connection: Connection) -> None:
    """Give back those that died with the process which was making campaigns of them."""
    connection.execute(
        update(kept)
        .where(kept.c.taken_at.is_not(None), kept.c.campaign_id.is_(None))
        .values(taken_at=None)
    )


def become(connection: Connection, draft_id: int, campaign_id: int) -> None:
    """Say which campaign was made of it."""
    connection.execute(
        update(kept).where(kept.c.id == draft_id).values(campaign_id=campaign_id, taken_at=None)
    )


def remove(connection: Connection, draft_id: int) -> None:
    """Nothing is left of it."""
    connection.execute(delete(kept).where(kept.c.id == draft_id))


def unchanged_since(connection: Connection, before: datetime, count: int) -> list[KeptDraft]:
    """Up to so many, of whatever controller, that nobody has changed since then."""
    rows = connection.execute(
        select(kept).where(kept.c.changed_at < before).order_by(kept.c.id).limit(count)
    )
    return [KeptDraft(*row) for row in rows]
