"""How soon after the answer each message began, and calls to people's own numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempt", sa.Column("first_ms", sa.Integer(), nullable=True))
    op.add_column("campaign", sa.Column("own_call", sa.JSON(none_as_null=True), nullable=True))
