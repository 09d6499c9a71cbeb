"""The claim's index finds targets that avoid a trunk apart from the others."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_target_due", table_name="target")
    op.create_index(
        "ix_target_due",
        "target",
        ["campaign_id", "zones", "retry", "avoid", "due_at", "id"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
