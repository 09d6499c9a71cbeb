"""Numbers that are answered, and what people did who called them."""

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "callback_line",
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("controller_id", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("installed_at", store.columns.Instant(), nullable=False),
        sa.Column("installed_by", sa.Text(), nullable=False),
        sa.Column("removed_at", store.columns.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["controller_id"],
            ["controller.id"],
            name=op.f("fk_callback_line_controller_id_controller"),
        ),
        sa.ForeignKeyConstraint(
            ["form_id"], ["consent_form.id"], name=op.f("fk_callback_line_form_id_consent_form")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_callback_line")),
    )
    op.create_table(
        "callback_act",
        sa.Column("id", store.columns.BigKey, nullable=False),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=8), nullable=False),
        sa.Column("at", store.columns.Instant(), nullable=False),
        sa.Column("line", sa.String(length=16), nullable=False),
        sa.Column("controller_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("keyed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["controller_id"],
            ["controller.id"],
            name=op.f("fk_callback_act_controller_id_controller"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_act")),
        sa.UniqueConstraint("call_id", "act", name=op.f("uq_callback_act_call_id_act")),
    )
    op.create_index(
        "ix_callback_act_number_controller_id", "callback_act", ["number", "controller_id"]
    )
    op.create_index("ix_callback_act_controller_id_id", "callback_act", ["controller_id", "id"])
