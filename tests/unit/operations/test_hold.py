"""What a campaign is held for, and who releases it."""

from collections import Counter
from typing import Any

import pytest
from store_subjects import World
from workspaces import show

from campaigns.errors import InvalidInput, NotAllowed, NotFound
from campaigns.rules.gates import Gate
from campaigns.stages import Hold, Measure
from operations import packs
from operations.campaign_file import LaunchValues
from operations.explain import why
from operations.hold import Held, release, watched
from operations.progress import progress_of
from operations.workspace import Workspace
from store import audit, tallies
from store import campaigns as kept
from store.engine import reading, writing

HOLD = Hold(Measure.OPT_OUTS, 0.08, 0.02, 100)


def hold(world: World, campaign_id: int) -> None:
    with writing(world.engine) as connection:
        kept.hold(connection, campaign_id, HOLD, world.now)


def count(world: World, *changes: tuple[int, str, str], by: int = 1) -> None:
    with writing(world.engine) as connection:
        tallies.add(connection, Counter(dict.fromkeys(changes, by)))


def launch_values(**plain: Any) -> LaunchValues:
    return LaunchValues.model_validate(plain)


def test_a_named_person_releases_a_hold_once(workspace: Workspace, world: World) -> None:
    campaign = world.called(1)
    count(world, (campaign.id, tallies.OUTCOME, "opted_out"), by=8)
    hold(world, campaign.id)
    release(workspace, 1, campaign.id, " Zoé ")
    with reading(world.engine) as connection:
        assert kept.by_id(connection, campaign.id).hold == ""
        assert kept.baseline_of(connection, campaign.id) == {"opted_out": 8}
        (told,) = audit.latest(connection, 1, 5)
    assert (told["act"], told["actor"]) == ("campaign.release", "Zoé")
    assert told["detail"]["measure"] == "opt_outs"
    with pytest.raises(NotAllowed, match="not held"):
        release(workspace, 1, campaign.id, "Zoé")


def test_nobody_releases_without_a_name_or_for_others(workspace: Workspace, world: World) -> None:
    campaign = world.called(1)
    hold(world, campaign.id)
    with pytest.raises(InvalidInput, match="names nobody"):
        release(workspace, 1, campaign.id, " ")
    with pytest.raises(NotFound):
        release(workspace, world.controller("B"), campaign.id, "Zoé")


def test_progress_tells_of_a_hold_and_of_stages(workspace: Workspace, world: World) -> None:
    campaign = world.called(3, stages=[2, 3])
    count(world, (campaign.id, tallies.BEGUN, tallies.PEOPLE), by=2)
    hold(world, campaign.id)
    found = progress_of(workspace, 1, campaign.id)
    assert found.hold == Held(Measure.OPT_OUTS, 0.08, 0.02, 100, world.now)
    assert (found.stages, found.stage, found.begun) == ((2, 3), 0, 2)


def test_why_names_a_hold(workspace: Workspace, world: World) -> None:
    campaign = world.called(1)
    show(world, trunks={"rehearsal": {"rehearsal": True}})
    hold(world, campaign.id)
    (found,) = why(workspace, 1, world.targets(campaign.id)[0]["number"])
    assert found.gate is Gate.STAGE_HOLD


def test_why_names_the_stage_that_is_waited_for_but_not_for_retries(
    workspace: Workspace, world: World
) -> None:
    campaign = world.called(2, stages=[1])
    show(world, trunks={"rehearsal": {"rehearsal": True}})
    number = world.targets(campaign.id)[0]["number"]
    assert why(workspace, 1, number)[0].gate is Gate.LIMIT_REACHED
    count(world, (campaign.id, tallies.BEGUN, tallies.PEOPLE))
    assert why(workspace, 1, number)[0].gate is Gate.STAGE_HOLD


PACK = packs.load("fr-political")


def test_a_campaign_that_says_nothing_is_watched_as_the_pack_says() -> None:
    for rehearsal in (True, False):
        found = watched(LaunchValues(), PACK, rehearsal=rehearsal)
        assert found["stages"] == [200, 2000, 20000]
        assert found["bounds"]["opt_outs"] == 0.02
        assert found["bounds"]["invalid_numbers"] == 0.10
        assert found["bounds"].keys() == set(Measure)


def test_bounds_are_tightened_and_never_loosened() -> None:
    found = watched(launch_values(bounds={"opt_outs": 0.01}), PACK, rehearsal=False)
    assert (found["bounds"]["opt_outs"], found["bounds"]["silent_calls"]) == (0.01, 0.03)
    for rehearsal in (True, False):
        with pytest.raises(InvalidInput, match=r"holds a campaign at 0\.02 already"):
            watched(launch_values(bounds={"opt_outs": 0.03}), PACK, rehearsal=rehearsal)


def test_only_a_rehearsal_runs_unwatched() -> None:
    assert watched(LaunchValues(watch=False), PACK, rehearsal=True) == {"stages": [], "bounds": {}}
    with pytest.raises(InvalidInput, match="only a rehearsal"):
        watched(LaunchValues(watch=False), PACK, rehearsal=False)


@pytest.mark.parametrize("stages", [[], [200], [300, 2000, 20000]])
def test_only_a_rehearsal_has_stages_of_any_kind(stages: list[int]) -> None:
    values = launch_values(stages=stages)
    assert watched(values, PACK, rehearsal=True)["stages"] == stages
    with pytest.raises(InvalidInput, match="more people be called"):
        watched(values, PACK, rehearsal=False)


def test_a_real_campaign_may_look_sooner_and_more_often() -> None:
    values = launch_values(stages=[50, 200, 2000, 20000, 100_000])
    assert watched(values, PACK, rehearsal=False)["stages"] == values.stages
