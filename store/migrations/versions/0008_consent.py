"""What a consent says of itself, and the public forms on which it is given."""

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table, names in (
        ("contact_list", ("consent_expires_on",)),
        ("contact", ("consent_expires_on", "withdrawn_on")),
    ):
        op.add_column(table, sa.Column("slot", sa.Text(), nullable=True))
        for name in names:
            op.add_column(table, sa.Column(name, sa.Date(), nullable=True))
    _make_forms()
    _make_wordings()
    _make_submissions()


def _make_forms() -> None:
    op.create_table(
        "consent_form",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("controller_id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slots", sa.JSON(), nullable=False),
        sa.Column("created_at", store.columns.Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("closed_at", store.columns.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["controller_id"],
            ["controller.id"],
            name=op.f("fk_consent_form_controller_id_controller"),
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["contact_list.id"], name=op.f("fk_consent_form_list_id_contact_list")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_form")),
        sa.UniqueConstraint("slug", name=op.f("uq_consent_form_slug")),
    )
    op.create_index("ix_consent_form_list_id", "consent_form", ["list_id"])


def _make_wordings() -> None:
    op.create_table(
        "consent_wording",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", store.columns.Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["form_id"], ["consent_form.id"], name=op.f("fk_consent_wording_form_id_consent_form")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_wording")),
        sa.UniqueConstraint(
            "form_id",
            "language",
            "version",
            name=op.f("uq_consent_wording_form_id_language_version"),
        ),
    )


def _make_submissions() -> None:
    op.create_table(
        "consent_submission",
        sa.Column("id", store.columns.BigKey, nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("act", sa.String(length=8), nullable=False),
        sa.Column("at", store.columns.Instant(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("purposes", sa.JSON(), nullable=False),
        sa.Column("wording_id", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("slot", sa.Text(), nullable=True),
        sa.Column("suppressed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["form_id"],
            ["consent_form.id"],
            name=op.f("fk_consent_submission_form_id_consent_form"),
        ),
        sa.ForeignKeyConstraint(
            ["wording_id"],
            ["consent_wording.id"],
            name=op.f("fk_consent_submission_wording_id_consent_wording"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_submission")),
    )
    op.create_index(
        "ix_consent_submission_number_form_id_id",
        "consent_submission",
        ["number", "form_id", "id"],
    )
    op.create_index("ix_consent_submission_form_id", "consent_submission", ["form_id"])
