"""Names of events that no restore gives again, webhooks at rest, and who prepared with a key."""

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _events()
    op.add_column("webhook", sa.Column("paused_at", store.columns.Instant(), nullable=True))
    _drafts()


def _events() -> None:
    """What was told before keeps the name that it was told under."""
    op.add_column("webhook_event", sa.Column("told_as", sa.String(length=26), nullable=True))
    op.execute("UPDATE webhook_event SET told_as = CAST(id AS VARCHAR(26))")
    op.create_index("ix_webhook_event_told_as", "webhook_event", ["told_as"], unique=True)


def _drafts() -> None:
    """A key is neither of two persons: drafts that one may have prepared are signed so."""
    op.execute(
        "UPDATE campaign SET created_by = 'key ' || created_by "
        "WHERE two_persons AND state = 'draft' AND EXISTS (SELECT 1 FROM api_key "
        "WHERE api_key.controller_id = campaign.controller_id "
        "AND api_key.name = campaign.created_by)"
    )
