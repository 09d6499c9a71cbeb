"""Several trunks, shares, deadlines, stages, holds, blackouts, and one stop for everything."""

from typing import Any

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CAMPAIGN: tuple[sa.Column[Any], ...] = (
    sa.Column("other_trunks", sa.JSON(), nullable=False, server_default="[]"),
    sa.Column("weight", sa.Float(), nullable=False, server_default="1"),
    sa.Column("finish_by", store.columns.Instant(), nullable=True),
    sa.Column("stages", sa.JSON(), nullable=False, server_default="[]"),
    sa.Column("stage", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("bounds", sa.JSON(), nullable=False, server_default="{}"),
    sa.Column("hold", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("released_at", store.columns.Instant(), nullable=True),
    sa.Column("baseline", sa.JSON(), nullable=False, server_default="{}"),
    sa.Column("blackouts", sa.JSON(), nullable=False, server_default="[]"),
)


def upgrade() -> None:
    for column in _CAMPAIGN:
        op.add_column("campaign", column)
    op.add_column("controller", sa.Column("weight", sa.Float(), nullable=False, server_default="1"))
    op.add_column("target", sa.Column("avoid", sa.String(length=32), nullable=True))
    op.create_table(
        "halt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", store.columns.Instant(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("controller_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_halt_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_halt")),
    )
