"""Public pages of controllers, and links to receipts that are asked for there."""

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "public_page",
        sa.Column("controller_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("since", store.columns.Instant(), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["controller_id"],
            ["controller.id"],
            name=op.f("fk_public_page_controller_id_controller"),
        ),
        sa.PrimaryKeyConstraint("controller_id", name=op.f("pk_public_page")),
        sa.UniqueConstraint("slug", name=op.f("uq_public_page_slug")),
    )
    op.create_table(
        "receipt_link",
        sa.Column("id", store.columns.BigKey, nullable=False),
        sa.Column("controller_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("word", sa.String(length=64), nullable=False),
        sa.Column("made_at", store.columns.Instant(), nullable=False),
        sa.Column("expires_at", store.columns.Instant(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.String(length=16), nullable=True),
        sa.Column("keyed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("released_at", store.columns.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["controller_id"],
            ["controller.id"],
            name=op.f("fk_receipt_link_controller_id_controller"),
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["privacy_request.id"],
            name=op.f("fk_receipt_link_request_id_privacy_request"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_link")),
        sa.UniqueConstraint("digest", name=op.f("uq_receipt_link_digest")),
        sa.UniqueConstraint("code", name=op.f("uq_receipt_link_code")),
        sa.UniqueConstraint("request_id", name=op.f("uq_receipt_link_request_id")),
    )
    op.create_index("ix_receipt_link_expires_at", "receipt_link", ["expires_at"])
    op.create_index(
        "ix_receipt_link_controller_id_number", "receipt_link", ["controller_id", "number"]
    )
