"""Campaigns: how they are kept, found and moved from state to state."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, insert, select, update
from ulid import ULID

from campaigns.campaign import Campaign, Limits, Message, own_limits
from campaigns.contacts.basis import BasisKind, Evidence
from campaigns.errors import InvalidInput, NotFound, PortevoixError
from campaigns.rules.holidays import HolidaySet
from campaigns.script import script_of
from campaigns.selection import Selection, selection_of
from campaigns.stages import Hold
from campaigns.states import LIVE_CAMPAIGN, Action, CampaignState, move
from campaigns.webhook import EventKind
from store import notices, outbox, policies
from store.outbox import Event
from store.tables import campaign, campaign_list, controller

UNREADABLE = (PortevoixError, ValueError, TypeError, LookupError, AttributeError)
"""What a row that says what no campaign can be raises where it is read."""


def add(connection: Connection, **values: Any) -> int:
    """Insert a campaign row of exactly the table's columns; its id."""
    taken = connection.execute(
        select(campaign.c.id).where(
            campaign.c.controller_id == values["controller_id"], campaign.c.name == values["name"]
        )
    ).first()
    if taken:
        raise InvalidInput(
            "name", f"there is already a campaign «{values['name']}».", "Choose another name."
        )
    made = connection.execute(insert(campaign).values(**values).returning(campaign.c.id))
    return int(made.scalar_one())


def add_lists(connection: Connection, campaign_id: int, lists: Sequence[int]) -> None:
    """Say which lists a campaign calls."""
    rows = [{"campaign_id": campaign_id, "list_id": list_id} for list_id in lists]
    connection.execute(insert(campaign_list), rows)


def row(connection: Connection, controller_id: int, campaign_id: int) -> dict[str, Any]:
    """Every column of one campaign.

    Raises:
        NotFound: there is none of that id for this controller.
    """
    found = (
        connection.execute(
            select(campaign).where(
                campaign.c.id == campaign_id, campaign.c.controller_id == controller_id
            )
        )
        .mappings()
        .first()
    )
    if found is None:
        raise NotFound(f"There is no campaign {campaign_id}.")
    return dict(found)


def id_of(connection: Connection, controller_id: int, name_or_id: str) -> int:
    """The id of a campaign given by name or number.

    Raises:
        NotFound: neither fits.
    """
    named = campaign.c.name == name_or_id
    numbered = campaign.c.id == int(name_or_id) if name_or_id.isdecimal() else named
    found = connection.execute(
        select(campaign.c.id)
        .where(campaign.c.controller_id == controller_id, named | numbered)
        .order_by(named.desc())
    ).scalar()
    if found is None:
        raise NotFound(f"There is no campaign «{name_or_id}».")
    return int(found)


def rows_of(connection: Connection, controller_id: int) -> list[dict[str, Any]]:
    """Every campaign of a controller, newest first."""
    rows = connection.execute(
        select(campaign)
        .where(campaign.c.controller_id == controller_id)
        .order_by(campaign.c.id.desc())
    )
    return [dict(found) for found in rows.mappings()]


def page(
    connection: Connection,
    controller_id: int,
    before: int | None,
    count: int,
    state: CampaignState | None = None,
) -> list[dict[str, Any]]:
    """Campaigns of a controller, newest first, from before an id."""
    asked = select(campaign).where(campaign.c.controller_id == controller_id)
    if before is not None:
        asked = asked.where(campaign.c.id < before)
    if state is not None:
        asked = asked.where(campaign.c.state == state.value)
    rows = connection.execute(asked.order_by(campaign.c.id.desc()).limit(count))
    return [dict(found) for found in rows.mappings()]


def lively(connection: Connection, controller_id: int, since: datetime) -> list[dict[str, Any]]:
    """Campaigns of a controller that may have calls up or ended later than that, newest first."""
    rows = connection.execute(
        select(campaign)
        .where(
            campaign.c.controller_id == controller_id,
            _MAY_HAVE_CALLS | (campaign.c.ended_at > since),
        )
        .order_by(campaign.c.id.desc())
    )
    return [dict(found) for found in rows.mappings()]


def page_of_lively_first(
    connection: Connection, controller_id: int, after: tuple[int, int] | None, count: int
) -> list[dict[str, Any]]:
    """Campaigns of a controller: those that may have calls up, then the others, newest first.

    Args:
        connection: a transaction.
        controller_id: whose.
        after: `turn` (0 for those that may have calls up, 1 for the others) and id of the one they
            come after; None for the first.
        count: how many at most.
    """
    turn = case((_MAY_HAVE_CALLS, 0), else_=1)
    asked = select(campaign, turn.label("turn")).where(campaign.c.controller_id == controller_id)
    if after is not None:
        last, id_ = after
        asked = asked.where((turn > last) | ((turn == last) & (campaign.c.id < id_)))
    rows = connection.execute(asked.order_by(turn, campaign.c.id.desc()).limit(count))
    return [dict(found) for found in rows.mappings()]


def of_everybody(connection: Connection) -> list[dict[str, Any]]:
    """Every campaign of every controller, newest first, with its owner's name as `controller`."""
    rows = connection.execute(
        select(campaign, controller.c.name.label("controller"))
        .join(controller, controller.c.id == campaign.c.controller_id)
        .order_by(campaign.c.id.desc())
    )
    return [dict(row) for row in rows.mappings()]


def lists_of(connection: Connection, campaign_id: int) -> list[int]:
    """Ids of the lists that a campaign calls, in order."""
    rows = connection.execute(
        select(campaign_list.c.list_id)
        .where(campaign_list.c.campaign_id == campaign_id)
        .order_by(campaign_list.c.list_id)
    )
    return list(rows.scalars())


def selection(connection: Connection, campaign_id: int) -> Selection | None:
    """Who of its lists a campaign calls; None for everybody, with one message."""
    found = select(campaign.c.selection).where(campaign.c.id == campaign_id)
    plain = connection.execute(found).scalar_one()
    return selection_of(plain) if plain else None


def note_filled(connection: Connection, campaign_id: int, list_id: int) -> None:
    """Note that everybody of a list was looked at, where not all of them become targets."""
    asked = select(campaign.c.selection).where(campaign.c.id == campaign_id).with_for_update()
    plain = connection.execute(asked).scalar_one()
    lists = sorted({*plain.get("filled", ()), list_id})
    changed = update(campaign).where(campaign.c.id == campaign_id)
    connection.execute(changed.values(selection={**plain, "filled": lists}))


def ask_table(connection: Connection, campaign_id: int, plain: Mapping[str, Any]) -> None:
    """Keep a selection that asks another table of constituencies."""
    changed = update(campaign).where(campaign.c.id == campaign_id)
    connection.execute(changed.values(selection=dict(plain)))


def live(
    connection: Connection, unreadable: Callable[[int, Exception], None] | None = None
) -> list[Campaign]:
    """Campaigns of every controller that may have calls up.

    Args:
        connection: a transaction.
        unreadable: told of a row that says what no campaign can be, which is then left out.
    """
    rows = connection.execute(_LOADED.where(_MAY_HAVE_CALLS))
    found: list[Campaign] = []
    for one in rows:
        try:
            found.append(loaded(one))
        except UNREADABLE as error:
            if unreadable is None:
                raise
            unreadable(one.id, error)
    return found


def by_id(connection: Connection, campaign_id: int) -> Campaign:
    """One campaign of any controller, for the dialer."""
    return loaded(connection.execute(_LOADED.where(campaign.c.id == campaign_id)).one())


def state_of(connection: Connection, campaign_id: int) -> CampaignState:
    """The state now, within the caller's transaction."""
    return CampaignState(connection.execute(_STATE, {"id": campaign_id}).scalar_one())


def act(
    connection: Connection, campaign_id: int, action: Action, now: datetime
) -> tuple[CampaignState, CampaignState]:
    """Move a campaign; (state before, state after), equal where it had been done already.

    Raises:
        NotAllowed: the action makes no sense in its state.
    """
    before = state_of(connection, campaign_id)
    after = move(before, action)
    if after is not before:
        connection.execute(
            update(campaign)
            .where(campaign.c.id == campaign_id)
            .values(state=after.value, **_dates(before, after, now))
        )
        told = {"before": before.value, "after": after.value}
        _tell(connection, campaign_id, EventKind.CAMPAIGN_STATE, told, now)
        notices.changed(connection)
    return before, after


def _tell(
    connection: Connection, campaign_id: int, kind: EventKind, data: Mapping[str, Any], at: datetime
) -> None:
    asked = outbox.wanted(connection)
    if not asked:
        return
    row = connection.execute(_TOLD, {"id": campaign_id}).one()
    subject = f"campaign {campaign_id}"
    told = {"campaign_id": campaign_id, "name": row.name, "rehearsal": row.rehearsal, **data}
    # A campaign is in the same state again after a pause, so that no two events have one key.
    event = Event(kind, row.controller_id, f"{subject} {ULID()}", subject, at, told)
    outbox.note(connection, [event], asked)


def limit(connection: Connection, campaign_id: int, limits: Limits) -> None:
    """Put other limits in force."""
    connection.execute(
        update(campaign)
        .where(campaign.c.id == campaign_id)
        .values(max_channels=limits.max_channels, max_cps=limits.max_cps)
    )
    notices.changed(connection)


def next_stage(connection: Connection, campaign_id: int, stage: int) -> None:
    """Let it call the people of this stage."""
    connection.execute(update(campaign).where(campaign.c.id == campaign_id).values(stage=stage))


def hold(connection: Connection, campaign_id: int, found: Hold, now: datetime) -> None:
    """Let it place nothing until a person releases it."""
    plain = {**asdict(found), "measure": found.measure.value, "at": now.isoformat()}
    hold_as(connection, campaign_id, plain)
    _tell(connection, campaign_id, EventKind.CAMPAIGN_HELD, plain, now)


def hold_as(connection: Connection, campaign_id: int, plain: Mapping[str, Any]) -> None:
    """Let it place nothing until a person releases it, for what is written there."""
    held = update(campaign).where(campaign.c.id == campaign_id)
    connection.execute(held.values(hold=dict(plain)))


def acknowledge(connection: Connection, campaign_id: int, by: str) -> None:
    """Let it be launched though its pack must be read again."""
    changed = update(campaign).where(campaign.c.id == campaign_id)
    connection.execute(changed.values(acknowledged_by=by))


def attest_no_election(connection: Connection, campaign_id: int, by: str) -> None:
    """Note who answers for there being no election while it runs."""
    changed = update(campaign).where(campaign.c.id == campaign_id)
    connection.execute(changed.values(no_election_by=by))


def release(
    connection: Connection, campaign_id: int, baseline: Mapping[str, int], now: datetime
) -> None:
    """Let a held campaign go on; what it is measured by is counted from this baseline on."""
    connection.execute(
        update(campaign)
        .where(campaign.c.id == campaign_id)
        .values(hold=None, released_at=now, baseline=dict(baseline))
    )
    notices.changed(connection)


def baseline_of(connection: Connection, campaign_id: int) -> dict[str, int]:
    """Ended calls by outcome at the last release; none where it was never held."""
    found = select(campaign.c.baseline).where(campaign.c.id == campaign_id)
    return dict(connection.execute(found).scalar_one())


def due(connection: Connection, now: datetime) -> list[tuple[int, Action]]:
    """Campaigns that the clock moves now: to be launched, or ended at their last day."""
    starting = connection.execute(
        select(campaign.c.id).where(
            campaign.c.state == CampaignState.SCHEDULED.value, campaign.c.start_at <= now
        )
    )
    moves = [(found.id, Action.LAUNCH) for found in starting]
    ending = connection.execute(
        select(campaign.c.id).where(
            campaign.c.state.in_([CampaignState.RUNNING.value, CampaignState.PAUSED.value]),
            campaign.c.end_at <= now,
        )
    )
    return moves + [(found.id, Action.DRAIN) for found in ending]


def loaded(found: Row[Any]) -> Campaign:
    """A row of the campaign, with what its controller is given, as the domain's campaign."""
    return Campaign(
        id=found.id,
        controller_id=found.controller_id,
        name=found.name,
        purpose=found.purpose,
        state=CampaignState(found.state),
        trunk=found.trunk,
        caller_id=found.caller_id,
        message=found.message,
        message_ms=found.message_ms,
        limits=Limits(found.max_channels, found.max_cps),
        windows=tuple(policies.window(one) for one in found.windows),
        evidence=Evidence(found.evidence),
        ring_timeout_s=found.ring_timeout_s,
        retry=policies.retry(found.retry),
        pack=found.pack,
        rehearsal=found.rehearsal,
        other_trunks=tuple(found.other_trunks),
        weight=found.weight,
        controller_weight=found.controller_weight,
        controller_limits=own_limits(found.controller_channels, found.controller_cps),
        finish_by=found.finish_by,
        stages=tuple(found.stages),
        stage=found.stage,
        bounds=found.bounds,
        hold=(found.hold or {}).get("measure", ""),
        blackouts=tuple(policies.blackout(one) for one in found.blackouts),
        holidays=frozenset(map(HolidaySet, found.holidays)),
        frequency=policies.frequency(found.frequency),
        verify_by=found.verify_by,
        acknowledged_by=found.acknowledged_by or "",
        budget=found.budget,
        variants={
            name: Message(one["message"], one["message_ms"]) for name, one in found.variants.items()
        },
        machines=policies.machines(found.machines),
        script=script_of(found.script) if found.script else None,
        bases=frozenset(map(BasisKind, found.bases)),
    )


def _dates(before: CampaignState, after: CampaignState, now: datetime) -> dict[str, datetime]:
    if after is CampaignState.RUNNING and before is not CampaignState.PAUSED:
        return {"launched_at": now}
    if after in {CampaignState.FINISHED, CampaignState.STOPPED}:
        return {"ended_at": now}
    return {}


_MAY_HAVE_CALLS = campaign.c.state.in_(sorted(state.value for state in LIVE_CAMPAIGN))

_LOADED = select(
    campaign,
    controller.c.weight.label("controller_weight"),
    controller.c.max_channels.label("controller_channels"),
    controller.c.max_cps.label("controller_cps"),
).join(controller, controller.c.id == campaign.c.controller_id)

_STATE = select(campaign.c.state).where(campaign.c.id == bindparam("id"))

_TOLD = select(campaign.c.name, campaign.c.controller_id, campaign.c.rehearsal).where(
    campaign.c.id == bindparam("id")
)
