"""A lease for each dialer, and what each may use of the limits that they share.

Who held the one lease of before is forgotten: no dialer runs while the database is migrated. What
it had in flight is taken up by the dialer that is given no other name.
"""

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("lease")
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("renewed_at", store.columns.Instant(), nullable=False),
        sa.Column("status", sa.JSON(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("draining", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "limit_portion",
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("node", sa.String(length=32), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("cps", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", "node", name=op.f("pk_limit_portion")),
        sqlite_with_rowid=False,
    )
    op.execute("UPDATE attempt SET node = 'main' WHERE state IN ('claimed', 'in_doubt')")
