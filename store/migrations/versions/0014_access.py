"""Users with roles, passwords and a second factor; scopes and an end for API keys.

Sessions of the page are closed by it: they now know more than the key they were opened with.
"""

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_key", sa.Column("scopes", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("api_key", sa.Column("expires_at", store.columns.Instant(), nullable=True))
    _make_account()
    _make_account_role()
    _make_recovery_code()
    _make_sign_in_attempt()
    op.create_table(
        "set_up_token",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", store.columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_set_up_token")),
    )
    op.drop_table("web_session")
    _make_web_session()


def _make_account() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("administrator", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("totp_secret", sa.String(length=64), nullable=True),
        sa.Column("totp_step", sa.Integer(), nullable=True),
        sa.Column("link_digest", sa.LargeBinary(), nullable=True),
        sa.Column("link_expires_at", store.columns.Instant(), nullable=True),
        sa.Column("created_at", store.columns.Instant(), nullable=False),
        sa.Column("signed_in_at", store.columns.Instant(), nullable=True),
        sa.Column("disabled_at", store.columns.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
        sa.UniqueConstraint("link_digest", name=op.f("uq_account_link_digest")),
    )


def _make_account_role() -> None:
    op.create_table(
        "account_role",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("controller_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        _to("account_role", "account"),
        _to("account_role", "controller"),
        sa.PrimaryKeyConstraint(
            "account_id", "controller_id", "role", name=op.f("pk_account_role")
        ),
    )


def _make_recovery_code() -> None:
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _to("recovery_code", "account"),
        sa.PrimaryKeyConstraint("account_id", "digest", name=op.f("pk_recovery_code")),
    )


def _make_sign_in_attempt() -> None:
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", store.columns.BigKey, nullable=False),
        sa.Column("at", store.columns.Instant(), nullable=False),
        sa.Column("email_digest", sa.LargeBinary(), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=8), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    for columns in (["email_digest", "at"], ["network", "at"], ["at"]):
        op.create_index(f"ix_sign_in_attempt_{'_'.join(columns)}", "sign_in_attempt", columns)


def _make_web_session() -> None:
    op.create_table(
        "web_session",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("api_key_id", sa.Integer(), nullable=True),
        sa.Column("controller_id", sa.Integer(), nullable=True),
        sa.Column("awaits_code", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("opened_at", store.columns.Instant(), nullable=False),
        sa.Column("seen_at", store.columns.Instant(), nullable=False),
        sa.Column("expires_at", store.columns.Instant(), nullable=False),
        _to("web_session", "account"),
        _to("web_session", "api_key"),
        _to("web_session", "controller"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_web_session")),
    )
    op.create_index("ix_web_session_account_id", "web_session", ["account_id"])


def _to(table: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{other}_id_{other}")
    return sa.ForeignKeyConstraint([f"{other}_id"], [f"{other}.id"], name=name)
