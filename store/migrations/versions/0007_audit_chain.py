"""The audit is a chain of hashes in segments, and refuses to be changed."""

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

import store.columns
from campaigns.contacts.hiding import hidden, without_numbers
from store import audit_hashes

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_CONSTANT = ("id", "kind", "host", "pid", "opened_at", "anchor", "opening")
_AT_ONCE = 1000


def upgrade() -> None:
    before = _take_events()
    chain, segment, event = _make_chain(), _make_segments(), _make_events()
    opening = ""
    if before:
        opening = _keep_earlier(segment, event, before)
    op.bulk_insert(chain, [{"id": 1, "segments": int(bool(before)), "opening": opening}])
    if op.get_bind().dialect.name == "sqlite":
        _protect_sqlite()
    else:
        _protect_postgresql()


def _take_events() -> list[dict[str, Any]]:
    """All acts so far, which are few: those of people and clocks alone; their table goes."""
    names = ("id", "controller_id", "actor", "act", "subject")
    columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in names]
    columns += [sa.column("at", sa.BigInteger()), sa.column("detail", sa.JSON())]
    old = sa.table("audit_event", *columns)
    rows = op.get_bind().execute(sa.select(old).order_by(old.c.id)).mappings().all()
    op.drop_table("audit_event")
    return [dict(row) for row in rows]


def _make_chain() -> sa.Table:
    return op.create_table(
        "audit_chain",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("opening", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_chain_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chain")),
    )


def _make_segments() -> sa.Table:
    segment = op.create_table(
        "audit_segment",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("opened_at", store.columns.Instant(), nullable=False),
        sa.Column("anchor", sa.String(length=64), nullable=False),
        sa.Column("opening", sa.String(length=64), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_segment")),
    )
    op.create_table(
        "audit_anchor",
        sa.Column("covered_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        _of_segment("audit_anchor", "covered_id"),
        _of_segment("audit_anchor", "segment_id"),
        sa.PrimaryKeyConstraint(
            "covered_id", "sequence", "segment_id", name=op.f("pk_audit_anchor")
        ),
    )
    op.create_index("ix_audit_anchor_segment_id", "audit_anchor", ["segment_id"])
    return segment


def _make_events() -> sa.Table:
    event = op.create_table(
        "audit_event",
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", store.columns.Instant(), nullable=False),
        sa.Column("controller_id", sa.Integer(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", store.columns.Canonical(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        _of_segment("audit_event", "segment_id"),
        sa.PrimaryKeyConstraint("segment_id", "sequence", name=op.f("pk_audit_event")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_audit_event_controller_id_at", "audit_event", ["controller_id", "at"])
    return event


def _of_segment(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_audit_segment")
    return sa.ForeignKeyConstraint([column], ["audit_segment.id"], name=name)


def _keep_earlier(segment: sa.Table, event: sa.Table, before: list[dict[str, Any]]) -> str:
    """Put what was recorded so far into a segment of its own; its opening."""
    now = datetime.now(UTC)
    row: dict[str, Any] = {
        "id": 1,
        "kind": "earlier",
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "anchor": audit_hashes.of_anchor("", []),
    }
    opening = audit_hashes.of_opening({**row, "opened_at": store.columns.to_ms(now)})
    events = list(_chained(opening, before))
    head = events[-1]["hash"]
    made = {**row, "opened_at": now, "opening": opening, "length": len(events), "head": head}
    op.bulk_insert(segment, [made])
    for begin in range(0, len(events), _AT_ONCE):
        op.bulk_insert(event, events[begin : begin + _AT_ONCE])
    return opening


def _chained(opening: str, before: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    previous = opening
    for sequence, old in enumerate(before, start=1):
        texts = {name: hidden(old[name]) for name in ("actor", "act", "subject")}
        row = {**old, **texts, "segment_id": 1, "sequence": sequence}
        row["detail"] = without_numbers(old["detail"])
        text = store.columns.canonical(row["detail"])
        previous = audit_hashes.of_event(previous, {**row, "detail": text})
        kept = {name: row[name] for name in audit_hashes.EVENT}
        yield {**kept, "at": store.columns.from_ms(old["at"]), "hash": previous}


def _protect_sqlite() -> None:
    for table, acts in (
        ("audit_event", ("UPDATE", "DELETE")),
        ("audit_anchor", ("UPDATE", "DELETE")),
        ("audit_segment", (f"UPDATE OF {', '.join(_CONSTANT)}", "DELETE")),
    ):
        for act in acts:
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{act.split()[0].lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def _protect_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table, acts in (
        ("audit_event", "UPDATE OR DELETE"),
        ("audit_anchor", "UPDATE OR DELETE"),
        ("audit_segment", f"UPDATE OF {', '.join(_CONSTANT)} OR DELETE"),
    ):
        for name, act, each in (("change", acts, "ROW"), ("truncate", "TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{name} BEFORE {act} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION audit_is_append_only()"
            )
