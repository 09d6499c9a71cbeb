"""Campaigns that are being made are kept with every step."""

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign_draft",
        sa.Column("id", store.columns.BigKey, nullable=False),
        sa.Column("controller_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("filled", sa.JSON(), nullable=False),
        sa.Column("created_at", store.columns.Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("changed_at", store.columns.Instant(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("taken_at", store.columns.Instant(), nullable=True),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["controller_id"],
            ["controller.id"],
            name=op.f("fk_campaign_draft_controller_id_controller"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_draft_campaign_id_campaign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_draft")),
        sa.UniqueConstraint(
            "controller_id", "key", name=op.f("uq_campaign_draft_controller_id_key")
        ),
        sqlite_autoincrement=True,
    )
