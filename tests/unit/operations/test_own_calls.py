"""Hearing a campaign on one's own telephone."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, update
from store_subjects import World
from ulid import ULID

from audio.message import PreparedMessage
from campaigns.attempt import Attempt
from campaigns.campaign import Campaign
from campaigns.errors import InvalidInput, NotAllowed, NotFound
from campaigns.rules.frequency import Cap
from campaigns.script import KeyAct, Script, script_of, script_to_plain
from campaigns.states import CampaignState
from operations import call_me
from operations.call_me import CODE_GOOD_FOR, MOST_A_DAY, MOST_TRIES
from operations.workspace import Workspace
from store import attempts, audit, lists, policies, spending, tables, tallies
from store import campaigns as kept
from store.engine import reading, writing

MESSAGE = Path(__file__).parents[3] / "examples" / "message-court.flac"
MINE, PERSON = "06 39 98 00 42", "A. Moreau"
E164 = "+33639980042"


@pytest.fixture
def prepared(workspace: Workspace) -> PreparedMessage:
    return workspace.library.prepare([MESSAGE], "message")


@pytest.fixture
def campaign(world: World, workspace: Workspace, prepared: PreparedMessage) -> Campaign:
    message = str(prepared.base.relative_to(workspace.library.root))
    return world.called(
        3, state=CampaignState.DRAFT, launched_at=None, message=message, message_ms=5570
    )


@pytest.fixture
def codes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The codes that are spoken, as whoever hears them knows them."""
    heard: list[str] = []
    speak = call_me.speak

    def overheard(code: str, language: str, path: Path) -> None:
        heard.append(code)
        speak(code, language, path)

    monkeypatch.setattr(call_me, "speak", overheard)
    return heard


def send(workspace: Workspace, campaign: Campaign, by: str = PERSON) -> int:
    return call_me.send_code(workspace, 1, campaign.id, MINE, by)


def proved(workspace: Workspace, campaign: Campaign, codes: list[str]) -> None:
    send(workspace, campaign)
    call_me.confirm(workspace, 1, MINE, codes[-1], PERSON)


def row(workspace: Workspace, campaign_id: int) -> dict[str, Any]:
    with reading(workspace.engine) as connection:
        return kept.row(connection, 1, campaign_id)


def called(workspace: Workspace, campaign_id: int) -> list[str]:
    with reading(workspace.engine) as connection:
        target = tables.target
        rows = select(target.c.number).where(target.c.campaign_id == campaign_id)
        return list(connection.execute(rows).scalars())


def acts(workspace: Workspace) -> list[str]:
    with reading(workspace.engine) as connection:
        return [one["act"] for one in reversed(audit.latest(connection, 1, 50))]


def test_a_code_heard_and_told_back_lets_the_campaign_be_heard(
    workspace: Workspace, campaign: Campaign, codes: list[str]
) -> None:
    before = row(workspace, campaign.id), called(workspace, campaign.id)
    spoken = send(workspace, campaign)
    call_me.confirm(workspace, 1, MINE, codes[-1], PERSON)
    heard = call_me.call_me(workspace, 1, campaign.id, MINE, PERSON)
    for made in (spoken, heard):
        assert called(workspace, made) == [E164]
        assert row(workspace, made)["state"] == "running"
        assert row(workspace, made)["trunk"] == campaign.trunk
    assert row(workspace, heard)["message"] == campaign.message
    assert row(workspace, spoken)["message"] != campaign.message
    assert codes[-1] not in str(row(workspace, spoken)), "whoever reads the database hears nothing"
    assert (row(workspace, campaign.id), called(workspace, campaign.id)) == before
    wanted = ["call_me.prepare", "campaign.launch", "call_me.confirm"] * 2
    assert [act for act in acts(workspace) if act in wanted] == wanted[:-1]


def test_nobody_is_called_whose_number_it_was_not_shown_to_be(
    workspace: Workspace, campaign: Campaign, codes: list[str]
) -> None:
    with pytest.raises(NotAllowed, match="has not shown"):
        call_me.call_me(workspace, 1, campaign.id, MINE, PERSON)
    proved(workspace, campaign, codes)
    with pytest.raises(NotAllowed, match="has not shown"):
        call_me.call_me(workspace, 1, campaign.id, MINE, "Zoé")
    with pytest.raises(NotAllowed, match="has not shown"):
        call_me.call_me(workspace, 1, campaign.id, "0639980043", PERSON)


def test_a_wrong_code_shows_nothing_and_after_three_the_right_one_neither(
    workspace: Workspace, campaign: Campaign, codes: list[str]
) -> None:
    send(workspace, campaign)
    wrong = "0000" if codes[-1] != "0000" else "1111"
    for _ in range(MOST_TRIES):
        with pytest.raises(NotAllowed):
            call_me.confirm(workspace, 1, MINE, wrong, PERSON)
    with pytest.raises(NotAllowed, match="tried too often"):
        call_me.confirm(workspace, 1, MINE, codes[-1], PERSON)
    proved(workspace, campaign, codes)


def test_a_code_grows_old_and_the_newest_counts(
    workspace: Workspace, campaign: Campaign, codes: list[str]
) -> None:
    send(workspace, campaign)
    with (
        time_machine.travel(datetime.now(UTC) + CODE_GOOD_FOR + timedelta(minutes=1), tick=False),
        pytest.raises(NotAllowed, match="of late"),
    ):
        call_me.confirm(workspace, 1, MINE, codes[-1], PERSON)
    with pytest.raises(NotAllowed, match="of late"):
        call_me.confirm(workspace, 1, MINE, codes[-1], "Zoé")


def test_a_number_is_called_a_few_times_a_day(
    workspace: Workspace, campaign: Campaign, codes: list[str]
) -> None:
    proved(workspace, campaign, codes)
    for _ in range(MOST_A_DAY - 1):
        call_me.call_me(workspace, 1, campaign.id, MINE, PERSON)
    for call in (send, lambda w, c: call_me.call_me(w, 1, c.id, MINE, PERSON)):
        with pytest.raises(NotAllowed, match="temporarily not callable"):
            call(workspace, campaign)


def test_the_call_has_the_script_of_its_campaign_and_a_code_has_none(
    workspace: Workspace, world: World, campaign: Campaign, codes: list[str]
) -> None:
    script = script_to_plain(Script(sounds="scripts/abc", keys={"0": KeyAct.REPLAY}, spoken_s=4))
    machines = {"mode": "hang_up", "message": "", "message_ms": 0, "recordings": []}
    with writing(world.engine) as connection:
        mine = update(tables.campaign).where(tables.campaign.c.id == campaign.id)
        connection.execute(mine.values(script=script, machines=machines))
    spoken = row(workspace, send(workspace, campaign))
    assert (spoken["script"], spoken["machines"]) == (None, None)
    call_me.confirm(workspace, 1, MINE, codes[-1], PERSON)
    heard = row(workspace, call_me.call_me(workspace, 1, campaign.id, MINE, PERSON))
    assert (heard["script"], heard["machines"]) == (script, machines)
    with reading(workspace.engine) as connection:
        assert kept.by_id(connection, heard["id"]).script == script_of(script)


def test_two_who_ask_at_once_are_not_both_the_last(
    workspace: Workspace,
    campaign: Campaign,
    codes: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second asks while the first is being placed, and has looked at the limit before."""
    proved(workspace, campaign, codes)
    for _ in range(MOST_A_DAY - 2):
        call_me.call_me(workspace, 1, campaign.id, MINE, PERSON)
    listed, called_at_once = call_me._list_of, []

    def meanwhile(*asked: Any) -> int:
        list_id = listed(*asked)
        if not called_at_once:
            called_at_once.append(True)
            call_me.call_me(workspace, 1, campaign.id, MINE, PERSON)
        return list_id

    monkeypatch.setattr(call_me, "_list_of", meanwhile)
    with pytest.raises(NotAllowed, match="in 24 hours"):
        call_me.call_me(workspace, 1, campaign.id, MINE, PERSON)


def test_who_is_being_called_counts_before_the_launch(
    workspace: Workspace,
    campaign: Campaign,
    codes: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proved(workspace, campaign, codes)
    for _ in range(MOST_A_DAY - 2):
        call_me.call_me(workspace, 1, campaign.id, MINE, PERSON)
    filled, asked_again = call_me.fill, []

    def meanwhile(*asked: Any) -> None:
        filled(*asked)
        if not asked_again:
            asked_again.append(True)
            with pytest.raises(NotAllowed, match="in 24 hours"):
                call_me.call_me(workspace, 1, campaign.id, MINE, PERSON)

    monkeypatch.setattr(call_me, "fill", meanwhile)
    call_me.call_me(workspace, 1, campaign.id, MINE, PERSON)
    assert asked_again


def test_a_person_asks_for_a_few_calls_a_day_to_whatever_numbers(
    workspace: Workspace, campaign: Campaign
) -> None:
    for last in range(MOST_A_DAY):
        call_me.send_code(workspace, 1, campaign.id, f"06 39 98 00 5{last}", PERSON)
    with pytest.raises(NotAllowed, match=r"A\. Moreau asked for 5 calls in 24 hours"):
        call_me.send_code(workspace, 1, campaign.id, "06 39 98 00 59", PERSON)
    assert call_me.send_code(workspace, 1, campaign.id, "06 39 98 00 59", "Zoé")


def test_what_is_left_of_the_budget_is_what_a_call_may_cost(
    workspace: Workspace, world: World, campaign: Campaign, codes: list[str]
) -> None:
    assert row(workspace, send(workspace, campaign))["budget"] is None
    with writing(world.engine) as connection:
        spending.set_budget(connection, campaign.id, 1_000_000)
        spent = Counter({(campaign.id, tallies.MONEY, tallies.SPENT): 400_000})
        tallies.add(connection, spent)
    assert row(workspace, send(workspace, campaign))["budget"] == 600_000


def test_a_number_that_nobody_has_shown_to_be_theirs_is_called_no_more_often_than_anybody(
    workspace: Workspace, world: World, campaign: Campaign, codes: list[str]
) -> None:
    with writing(world.engine) as connection:
        capped = update(tables.campaign).where(tables.campaign.c.id == campaign.id)
        plain = policies.frequency_to_plain(Cap(1, 30))
        connection.execute(capped.values(frequency=plain))
    spoken = send(workspace, campaign)
    assert row(workspace, spoken)["frequency"] == plain
    (target,) = world.targets(spoken)
    placed = Attempt(str(ULID()), spoken, target["id"], E164, "t", "+33199000001", world.now)
    with writing(world.engine) as connection:
        attempts.add(connection, [placed], "test", campaign.pack, campaign.rehearsal)
    call_me.confirm(workspace, 1, MINE, codes[-1], PERSON)
    with pytest.raises(NotAllowed, match="called as often as fr-political"):
        send(workspace, campaign)
    heard = call_me.call_me(workspace, 1, campaign.id, MINE, PERSON)
    assert row(workspace, heard)["frequency"] is None, "who is called asked for it"


def test_the_lists_of_such_calls_are_not_among_the_lists(
    workspace: Workspace, campaign: Campaign, codes: list[str]
) -> None:
    with reading(workspace.engine) as connection:
        before = [one["id"] for one in lists.all_of(connection, 1)]
    proved(workspace, campaign, codes)
    call_me.call_me(workspace, 1, campaign.id, MINE, PERSON)
    with reading(workspace.engine) as connection:
        assert [one["id"] for one in lists.all_of(connection, 1)] == before
        assert [one["id"] for one in lists.page(connection, 1, None, 100)] == before
        assert lists.one(connection, 1, before[0] + 1)["method"] == "call me", "it is there"


def test_a_trunk_that_reaches_people_must_be_armed(
    workspace: Workspace, world: World, campaign: Campaign
) -> None:
    with writing(world.engine) as connection:
        real = update(tables.campaign).where(tables.campaign.c.id == campaign.id)
        connection.execute(real.values(trunk="carrier", rehearsal=False))
    with pytest.raises(NotAllowed, match="nobody has armed it"):
        send(workspace, campaign)


def test_what_makes_no_sense_is_said(
    workspace: Workspace, campaign: Campaign, codes: list[str]
) -> None:
    proved(workspace, campaign, codes)
    with pytest.raises(InvalidInput, match="names nobody"):
        call_me.call_me(workspace, 1, campaign.id, MINE, " ")
    with pytest.raises(InvalidInput, match="no message «west»"):
        call_me.call_me(workspace, 1, campaign.id, MINE, PERSON, "west")
    with pytest.raises(InvalidInput, match="not spoken"):
        call_me.send_code(workspace, 1, campaign.id, MINE, PERSON, "de")
    with pytest.raises(NotFound):
        call_me.send_code(workspace, 2, campaign.id, MINE, PERSON)
