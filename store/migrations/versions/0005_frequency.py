"""Holidays, frequency caps, and packs that must be read again."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaign", sa.Column("holidays", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("campaign", sa.Column("frequency", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("campaign", sa.Column("verify_by", sa.Date(), nullable=True))
    op.add_column("campaign", sa.Column("acknowledged_by", sa.Text(), nullable=True))
    op.drop_index("ix_attempt_number", table_name="attempt")
    op.create_index("ix_attempt_number_claimed_at", "attempt", ["number", "claimed_at"])
