"""One stop for everything, and the holds of campaigns, as they are kept."""

import pytest
from sqlalchemy import Engine, update
from store_subjects import NOW, World

from campaigns.attempt import Attempt
from campaigns.stages import Hold, Measure
from store import attempts, halts, queue, tables
from store import campaigns as kept
from store.engine import reading, writing
from store.halts import Halt

HALT = Halt(NOW, "Zoé", "le message est faux", 1)
HOLD = Hold(Measure.OPT_OUTS, 0.08, 0.02, 100)


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


def test_a_stop_is_kept_once_and_lifted_once(world: World) -> None:
    with reading(world.engine) as connection:
        assert halts.current(connection) is None
    with writing(world.engine) as connection:
        assert halts.put(connection, HALT)
        assert not halts.put(connection, Halt(NOW, "Max", "")), "the first one stands"
    with reading(world.engine) as connection:
        assert halts.current(connection) == HALT
    with writing(world.engine) as connection:
        assert halts.lift(connection)
        assert not halts.lift(connection)
        assert halts.current(connection) is None


def test_a_hold_is_kept_until_it_is_released(world: World) -> None:
    campaign = world.campaign(world.controller(), stages=[2, 4], bounds={"opt_outs": 0.02})
    assert (campaign.stages, campaign.stage_limit, campaign.hold) == ((2, 4), 2, "")
    with writing(world.engine) as connection:
        kept.hold(connection, campaign.id, HOLD, NOW)
    with reading(world.engine) as connection:
        assert kept.by_id(connection, campaign.id).hold == "opt_outs"
        assert kept.row(connection, 1, campaign.id)["hold"] == {
            "measure": "opt_outs", "share": 0.08, "bound": 0.02, "calls": 100,
            "at": NOW.isoformat(),
        }  # fmt: skip
        assert kept.baseline_of(connection, campaign.id) == {}
    with writing(world.engine) as connection:
        kept.release(connection, campaign.id, {"opted_out": 8}, NOW)
    with reading(world.engine) as connection:
        row = kept.row(connection, 1, campaign.id)
        assert (row["hold"], row["released_at"]) == (None, NOW)
        assert kept.by_id(connection, campaign.id).hold == ""
        assert kept.baseline_of(connection, campaign.id) == {"opted_out": 8}


def test_the_last_stage_is_everybody(world: World) -> None:
    campaign = world.campaign(world.controller(), stages=[2])
    with writing(world.engine) as connection:
        kept.next_stage(connection, campaign.id, 1)
        assert kept.by_id(connection, campaign.id).stage_limit is None


def test_a_row_that_cannot_be_read_keeps_no_other_from_being(world: World) -> None:
    broken, whole = (world.campaign(world.controller()) for _ in range(2))
    with writing(world.engine) as connection:
        connection.execute(
            update(tables.campaign)
            .where(tables.campaign.c.id == broken.id)
            .values(retry={"max_attempts": 1})
        )
    told: list[int] = []
    with reading(world.engine) as connection:
        found = kept.live(connection, lambda id_, _: told.append(id_))
        assert ([one.id for one in found], told) == ([whole.id], [broken.id])
        with pytest.raises(LookupError):
            kept.live(connection)


def test_retries_are_no_first_calls(world: World) -> None:
    campaign, other = world.called(3), world.called(0)
    fresh, again, _ = world.targets(campaign.id)
    with writing(world.engine) as connection:
        connection.execute(
            update(tables.target).where(tables.target.c.id == again["id"]).values(retry=True)
        )
        made = [
            Attempt(f"A{one['id']:025d}", campaign.id, one["id"], one["number"], "t", "+33199", NOW)
            for one in (fresh, again)
        ]
        attempts.add(connection, made, "node", "pack", rehearsal=True)
        queue.take(connection, [fresh["id"], again["id"]])
        assert attempts.first_calls_up(connection, campaign.id) == 1
        assert attempts.first_calls_up(connection, other.id) == 0
