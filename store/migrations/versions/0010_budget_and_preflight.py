"""Budgets and what calls cost, who answers for a caller id, and a record of each launch."""

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_SAID = "A launch record is never changed."


def upgrade() -> None:
    op.add_column("campaign", sa.Column("budget", sa.BigInteger(), nullable=True))
    op.add_column(
        "campaign",
        sa.Column("two_persons", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    op.add_column(
        "attempt", sa.Column("reserved", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column("attempt", sa.Column("cost", sa.BigInteger(), nullable=True))
    op.add_column("attempt", sa.Column("tariff", sa.Text(), nullable=False, server_default=""))
    _make_spending()
    _make_caller_id()
    _make_launch_record()
    if op.get_bind().dialect.name == "sqlite":
        _protect_sqlite()
    else:
        _protect_postgresql()


def _make_spending() -> None:
    op.create_table(
        "spending",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("trunk", sa.String(length=32), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("unpriced", sa.BigInteger(), nullable=False),
        _of_campaign("spending"),
        sa.PrimaryKeyConstraint("campaign_id", "day", "trunk", name=op.f("pk_spending")),
    )


def _make_caller_id() -> None:
    op.create_table(
        "caller_id",
        sa.Column("trunk", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("attested_by", sa.Text(), nullable=False),
        sa.Column("attested_at", store.columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("trunk", "number", name=op.f("pk_caller_id")),
    )


def _make_launch_record() -> None:
    op.create_table(
        "launch_record",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("at", store.columns.Instant(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("prepared_by", sa.Text(), nullable=False),
        sa.Column("content", store.columns.Canonical(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        _of_campaign("launch_record"),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_launch_record")),
    )


def _of_campaign(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_campaign_id_campaign")
    return sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=name)


def _protect_sqlite() -> None:
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER launch_record_{act.lower()} BEFORE {act} ON launch_record "
            f"BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
        )


def _protect_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION launch_record_kept() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_SAID}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER launch_record_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON launch_record "
        "FOR EACH STATEMENT EXECUTE FUNCTION launch_record_kept()"
    )
