"""Constituencies, and the addresses of lists in them."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text

from store.columns import Instant
from store.tables.metadata import metadata

# What an operator says of which constituency places are; a new file is a new table.
constituency_table = Table(
    "constituency_table",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("ready", Boolean, nullable=False),  # imported to its end
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
)

constituency_place = Table(
    "constituency_place",
    metadata,
    Column("table_id", ForeignKey("constituency_table.id"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("postcode", Text, nullable=False),
    Column("commune", Text, nullable=False),
    Column("insee", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("constituency", Text, nullable=False),
)

# Where each address of a list is by a table: there are far fewer addresses than people.
address = Table(
    "address",
    metadata,
    Column("list_id", ForeignKey("contact_list.id"), primary_key=True),
    Column("table_id", Integer, primary_key=True),  # 0 where no table is asked
    Column("postcode", Text, primary_key=True),  # these four as the list has them
    Column("commune", Text, primary_key=True),
    Column("insee", Text, primary_key=True),
    Column("station", Text, primary_key=True),
    Column("commune_as", Text, nullable=False),  # in one form
    Column("constituency", Text),  # NULL where it is not known for sure
    Column("doubt", String(16)),  # why not
    sqlite_with_rowid=False,
)
