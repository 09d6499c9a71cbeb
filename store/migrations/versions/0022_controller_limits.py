"""Limits of a controller, over all of its campaigns together."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("controller", sa.Column("max_channels", sa.Integer(), nullable=True))
    op.add_column("controller", sa.Column("max_cps", sa.Float(), nullable=True))
