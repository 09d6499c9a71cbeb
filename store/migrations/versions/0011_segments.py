"""Who of a list is called, with which recording, by which table; and lists that are held."""

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _widen()
    op.create_table(
        "constituency_table",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("created_at", store.columns.Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_constituency_table")),
    )
    op.create_table(
        "constituency_place",
        sa.Column("table_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        *_address(),
        sa.Column("constituency", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["table_id"],
            ["constituency_table.id"],
            name=op.f("fk_constituency_place_table_id_constituency_table"),
        ),
        sa.PrimaryKeyConstraint("table_id", "line", name=op.f("pk_constituency_place")),
    )
    op.create_table(
        "address",
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("table_id", sa.Integer(), nullable=False),
        *_address(),
        sa.Column("commune_as", sa.Text(), nullable=False),
        sa.Column("constituency", sa.Text(), nullable=True),
        sa.Column("doubt", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["list_id"], ["contact_list.id"], name=op.f("fk_address_list_id_contact_list")
        ),
        sa.PrimaryKeyConstraint(
            "list_id",
            "table_id",
            "postcode",
            "commune",
            "insee",
            "station",
            name=op.f("pk_address"),
        ),
        sqlite_with_rowid=False,
    )


def _widen() -> None:
    op.add_column("contact_list", sa.Column("hold", sa.JSON(), nullable=True))
    op.add_column("contact_list", sa.Column("released_by", sa.Text(), nullable=True))
    op.add_column("contact_list", sa.Column("released_at", store.columns.Instant(), nullable=True))
    op.add_column("contact_list", sa.Column("release_reason", sa.Text(), nullable=True))
    op.add_column("campaign", sa.Column("selection", sa.JSON(), nullable=True))
    op.add_column("campaign", sa.Column("variants", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("target", sa.Column("variant", sa.String(length=40), nullable=True))
    op.add_column("attempt", sa.Column("variant", sa.String(length=40), nullable=True))


def _address() -> list[sa.Column[str]]:
    names = ("postcode", "commune", "insee", "station")
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
