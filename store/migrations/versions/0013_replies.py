"""What people say with keys in calls that have a script."""

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaign", sa.Column("script", sa.JSON(), nullable=True))
    op.create_table(
        "reply",
        sa.Column("attempt_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("question", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(length=12), nullable=False),
        sa.Column("at", store.columns.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_reply_attempt_id_attempt")
        ),
        sa.PrimaryKeyConstraint("attempt_id", "kind", "question", "value", name=op.f("pk_reply")),
        sqlite_with_rowid=False,
    )
