"""What each node may use of the limits that several share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, Float, Integer, delete, func, insert, select

from campaigns.states import AttemptState
from store import campaigns
from store.tables import attempt, limit_portion


class Limited(NamedTuple):
    """What a limit is of.

    Attributes:
        scope: `system`, `trunk`, `campaign`, `owner` for all campaigns of a controller, or
            `transfer` for the transfers of a campaign.
        key: name of the trunk, id of campaign or controller; empty for the system.
    """

    scope: str
    key: str = ""

    @property
    def is_of_transfers(self) -> bool:
        """Whether it limits how many are put through at once."""
        return self.scope == "transfer"


SYSTEM = Limited("system")


def of_trunk(name: str) -> Limited:
    """The limit of a trunk."""
    return Limited("trunk", name)


def of_campaign(campaign_id: int) -> Limited:
    """The limit of a campaign."""
    return Limited("campaign", str(campaign_id))


def of_controller(controller_id: int) -> Limited:
    """The limit of a controller, where it has one."""
    return Limited("owner", str(controller_id))


def of_transfers(campaign_id: int) -> Limited:
    """The limit of a campaign's transfers."""
    return Limited("transfer", str(campaign_id))


@dataclass(frozen=True, slots=True)
class Kept:
    """What a node keeps for itself: nobody else uses it.

    Attributes:
        channels: concurrent calls.
        cps: calls started in any one second.
    """

    channels: int = 0
    cps: float = 0.0


NOTHING = Kept()


def of_node(connection: Connection, node: str) -> dict[Limited, Kept]:
    """What one node keeps."""
    rows = connection.execute(select(limit_portion).where(limit_portion.c.node == node))
    return {Limited(row.scope, row.key): Kept(row.channels, row.cps) for row in rows}


def of_others(connection: Connection, node: str) -> dict[Limited, Kept]:
    """What all others keep together."""
    rows = connection.execute(
        select(
            limit_portion.c.scope,
            limit_portion.c.key,
            func.sum(limit_portion.c.channels, type_=Integer).label("channels"),
            func.sum(limit_portion.c.cps, type_=Float).label("cps"),
        )
        .where(limit_portion.c.node != node)
        .group_by(limit_portion.c.scope, limit_portion.c.key)
    )
    return {Limited(row.scope, row.key): Kept(int(row.channels), row.cps) for row in rows}


def keeping(connection: Connection) -> set[str]:
    """Nodes that keep anything."""
    return set(connection.execute(select(limit_portion.c.node).distinct()).scalars())


def write(connection: Connection, node: str, kept: Mapping[Limited, Kept]) -> None:
    """A node keeps this from now on, and nothing else."""
    connection.execute(delete(limit_portion).where(limit_portion.c.node == node))
    rows = [
        {
            "scope": what.scope, "key": what.key, "node": node, "channels": one.channels,
            "cps": one.cps,
        }
        for what, one in kept.items()
        if one != NOTHING
    ]  # fmt: skip
    if rows:
        connection.execute(insert(limit_portion), rows)


class InFlight(NamedTuple):
    """A call that may be up, of whichever node.

    Attributes:
        controller_id: whose it is, where its controller has a limit of its own; 0 otherwise.
    """

    attempt_id: str
    campaign_id: int
    trunk: str
    controller_id: int = 0


def in_flight(connection: Connection, node: str, now: datetime) -> list[InFlight]:
    """Calls of a node of which no end is written, and those in doubt that need not be over yet."""
    rows = connection.execute(
        select(
            attempt.c.id, attempt.c.campaign_id, attempt.c.trunk, attempt.c.state,
            attempt.c.claimed_at,
        ).where(
            attempt.c.state.in_([AttemptState.CLAIMED.value, AttemptState.IN_DOUBT.value]),
            attempt.c.node == node,
        )
    ).all()  # fmt: skip
    of = {one: campaigns.by_id(connection, one) for one in {row.campaign_id for row in rows}}
    longest = {one: timedelta(seconds=found.max_call_s) for one, found in of.items()}
    limited = {one: found.controller_id for one, found in of.items() if found.controller_limits}
    return [
        InFlight(row.id, row.campaign_id, row.trunk, limited.get(row.campaign_id, 0))
        for row in rows
        if row.state == AttemptState.CLAIMED or now - row.claimed_at < longest[row.campaign_id]
    ]


def kept_by(calls: Iterable[InFlight]) -> dict[Limited, Kept]:
    """The channels that calls take of each limit, and no rate."""
    count: dict[Limited, int] = {}
    for call in calls:
        owner = [of_controller(call.controller_id)] if call.controller_id else []
        for what in (SYSTEM, of_trunk(call.trunk), of_campaign(call.campaign_id), *owner):
            count[what] = count.get(what, 0) + 1
    return {what: Kept(many) for what, many in count.items()}
