"""Suppressions may be kept as a digest, under a key; requests of the people called."""

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("suppression") as batch:
        batch.alter_column("number", existing_type=sa.String(16), type_=sa.String(64))
    op.create_table(
        "suppression_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("made_at", store.columns.Instant(), nullable=False),
        sa.Column("erased_at", store.columns.Instant(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_suppression_key_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression_key")),
    )
    op.create_table(
        "privacy_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("controller_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("opened_at", store.columns.Instant(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("closed_at", store.columns.Instant(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["controller_id"],
            ["controller.id"],
            name=op.f("fk_privacy_request_controller_id_controller"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_request")),
    )
    op.create_index(
        "ix_privacy_request_controller_id_number", "privacy_request", ["controller_id", "number"]
    )
