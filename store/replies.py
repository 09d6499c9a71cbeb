"""What people said with keys, call by call."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from campaigns.reply import Reply, ReplyKind
from store.tables import reply

_MOST_IN_ONE = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that was said, with the call in which it was."""

    attempt_id: str
    campaign_id: int
    reply: Reply

    @property
    def counted_as(self) -> str:
        """Under which name it is counted (see `store.tallies.REPLY`)."""
        return counted_as(self.reply.kind, self.reply.question, self.reply.value)


def counted_as(kind: ReplyKind, question: int, value: str) -> str:
    """The name of a count: `answer 1 2`, `consent`, `transfer asked`."""
    match kind:
        case ReplyKind.ANSWER:
            return f"{kind} {question} {value}"
        case ReplyKind.CONSENT:
            return kind.value
        case ReplyKind.TRANSFER:
            return f"{kind} {value}"


def add(connection: Connection, said: Sequence[Kept]) -> list[Kept]:
    """Write what was said; what was not known before. The same again changes nothing."""
    left = iter(said)
    new: list[Kept] = []
    while some := list(islice(left, _MOST_IN_ONE)):
        known = set(_insert(connection, some))
        new += [one for one in some if (one.attempt_id, *one.reply.key) in known]
    return new


def _insert(
    connection: Connection, said: Sequence[Kept]
) -> Iterator[tuple[str, ReplyKind, int, str]]:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    rows = connection.execute(
        dialect.insert(reply)
        .values([_row(one) for one in said])
        .on_conflict_do_nothing()
        .returning(reply.c.attempt_id, reply.c.kind, reply.c.question, reply.c.value)
    )
    return ((row.attempt_id, ReplyKind(row.kind), row.question, row.value) for row in rows)


def _row(one: Kept) -> dict[str, Any]:
    return {
        "attempt_id": one.attempt_id,
        "kind": one.reply.kind.value,
        "question": one.reply.question,
        "value": one.reply.value,
        "at": one.reply.at,
    }


def of_attempts(connection: Connection, ids: Sequence[str]) -> Mapping[str, list[Reply]]:
    """What was said in these calls, in order of time."""
    found: dict[str, list[Reply]] = {id_: [] for id_ in ids}
    left = iter(ids)
    while some := list(islice(left, _MOST_IN_ONE)):
        rows = connection.execute(
            select(reply).where(reply.c.attempt_id.in_(some)).order_by(reply.c.at)
        )
        for row in rows:
            said = Reply(ReplyKind(row.kind), row.question, row.value, row.at)
            found[row.attempt_id].append(said)
    return found
