"""Counts kept with every move, so that progress never counts millions of rows."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from store.tables import tally

STATE = "state"
OUTCOME = "outcome"
GATE = "gate"
HEARD = "heard"
"""Sums of what people heard, written when the attempts they are of are removed."""

MONEY = "money"
SPENT, RESERVED = "spent", "reserved"
"""Under (MONEY, SPENT) and (MONEY, RESERVED): micro-euros that ended calls cost, and that those in
flight or in doubt can cost at most. Moved by the claim and by the end of a call, in the
transactions that write them."""

LATE = "late"
"""Under (LATE, stages.LATE_START): answered calls whose message began too late. They are counted
under their outcome too."""

REPLY = "reply"
"""What was said with keys, in calls by `store.replies.counted_as`: kept when those are removed."""

BEGUN = "begun"
PEOPLE = "people"
"""Under (BEGUN, PEOPLE): targets for which a call was begun, ever; each once. Counted by the claim
of a fresh target and taken back where its call was never sent, in the transactions that do so."""

TAKEN_BACK = "taken_back"
"""Under (TAKEN_BACK, outcome): ended calls whose outcome was taken back, by the outcome they had.
They are counted as `store.verdicts.INSTEAD` since, so a count of outcomes can go down."""

Delta = Counter[tuple[int, str, str]]
"""(campaign id, kind, name) -> change."""

_SQLITE = sqlite.insert(tally)
_POSTGRESQL = postgresql.insert(tally)
_ADD = {
    "sqlite": _SQLITE.on_conflict_do_update(
        index_elements=list(tally.primary_key),
        set_={"count": tally.c.count + _SQLITE.excluded.count},
    ),
    "postgresql": _POSTGRESQL.on_conflict_do_update(
        index_elements=list(tally.primary_key),
        set_={"count": tally.c.count + _POSTGRESQL.excluded.count},
    ),
}

_ONE = select(tally.c.count).where(
    tally.c.campaign_id == bindparam("b_campaign"),
    tally.c.kind == bindparam("b_kind"),
    tally.c.name == bindparam("b_name"),
)


def moved(delta: Delta, campaign_id: int, before: str, after: str, count: int = 1) -> None:
    """Note that targets went from one state to another."""
    delta[campaign_id, STATE, before] -= count
    delta[campaign_id, STATE, after] += count


def add(connection: Connection, delta: Delta) -> None:
    """Apply changes, in a fixed order so that two writers never wait for each other in a ring."""
    changes = sorted((key, change) for key, change in delta.items() if change)
    if not changes:
        return
    connection.execute(
        _ADD[connection.dialect.name],
        [
            {"campaign_id": campaign, "kind": kind, "name": name, "count": change}
            for (campaign, kind, name), change in changes
        ],
    )


def hold(connection: Connection, campaign_id: int, kind: str, name: str) -> None:
    """Let nobody else change a count before this transaction is over; it need not be there yet."""
    key = {"campaign_id": campaign_id, "kind": kind, "name": name}
    connection.execute(_ADD[connection.dialect.name], [{**key, "count": 0}])


def of_campaign(connection: Connection, campaign_id: int) -> Mapping[str, dict[str, int]]:
    """{kind: {name: count}} of one campaign, kinds always present."""
    kinds = (STATE, OUTCOME, LATE, GATE, BEGUN, HEARD, MONEY, REPLY, TAKEN_BACK)
    found: dict[str, dict[str, int]] = {kind: {} for kind in kinds}
    rows = connection.execute(
        select(tally.c.kind, tally.c.name, tally.c.count).where(tally.c.campaign_id == campaign_id)
    )
    for kind, name, count in rows:
        if count:
            found[kind][name] = count
    return found


def watched(counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """What `campaigns.stages` measures a campaign by, of what `of_campaign` found."""
    return {**counts[OUTCOME], **counts[LATE]}


def one(connection: Connection, campaign_id: int, kind: str, name: str) -> int:
    """A single count."""
    asked = {"b_campaign": campaign_id, "b_kind": kind, "b_name": name}
    return connection.execute(_ONE, asked).scalar() or 0
