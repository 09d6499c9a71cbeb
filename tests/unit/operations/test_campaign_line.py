"""The number that a campaign shows is answered from its preparation on, and heard before it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine
from store_subjects import World, number
from workspaces import CARRIER, SAYS, a_workspace

from campaigns.callback import CallerAct, Said
from campaigns.check import Check, Subject, Verdict
from operations import callback_line
from operations import trunks as decided
from operations.callback_line import NewLine
from operations.callbacks import carry_out
from operations.campaign_file import CampaignValues
from operations.preflight import preflight
from operations.prepare import prepare_campaign
from operations.record import keep_recording
from operations.script_values import ScriptValues
from operations.workspace import Workspace
from store import controllers
from store.engine import writing

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
REMOTE = (
    CARRIER
    + """
[pbx]
mode = "remote"
host = "pbx.example"
secret = "of-the-test"
"""
)
OWN = EXAMPLES / "message-court.flac"
SHOWN = "+33162000001"


@pytest.fixture
def workspace(own_store: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Workspace:
    return a_workspace(own_store, tmp_path, getattr(request, "param", CARRIER))


@pytest.fixture
def prepare(workspace: Workspace, world: World) -> Any:
    """Prepares a campaign of one person with one recording; its id."""
    owner = world.controller()
    one = world.contacts(owner, [number(1)], fictional=False)

    def made(recording: str = "message-identite.flac", **changes: Any) -> int:
        path = EXAMPLES / recording
        message = keep_recording(
            workspace, owner, path, name=recording, file_name=path.name, by="test"
        )
        plain = {"name": recording, "purpose": "political", "pack": "fr-political",
            "trunk": "carrier", "caller_id": SHOWN,
            "schedule": {"no_election_by": "Zoé"}, **changes}  # fmt: skip
        script = ScriptValues[int].model_validate({"says": [SAYS]})
        return prepare_campaign(
            workspace, owner, CampaignValues.model_validate(plain), [message["id"]], [one], "Zoé",
            script=script,
        )  # fmt: skip

    return made


def lines(workspace: Workspace) -> dict[str, Any]:
    return {one["number"]: one for one in callback_line.listed(workspace, 1)}


def sound(workspace: Workspace, form: str = "0162000001") -> bytes:
    return (callback_line.directory_of(workspace.settings) / form / "message.alaw").read_bytes()


def heard(workspace: Workspace, call: str, at: datetime) -> None:
    carry_out(
        workspace.engine,
        Said(CallerAct.CALL, call, at, called="0162000001", caller="0639980001", keyed=False),
    )


def check(workspace: Workspace, campaign_id: int) -> Check:
    found = preflight(workspace, 1, campaign_id)
    return next(one for one in found.checks if one.subject is Subject.CALLER_ID)


def test_its_number_says_its_message_from_the_preparation_on(
    workspace: Workspace, prepare: Any
) -> None:
    campaign_id = prepare()
    line = lines(workspace)[SHOWN]
    assert (line["campaign_id"], line["installed_by"]) == (campaign_id, "Zoé")
    message = workspace.library.message(line["message"])
    assert sound(workspace) == message.files["alaw"].read_bytes()


def test_it_is_called_before_anybody_is(workspace: Workspace, prepare: Any) -> None:
    campaign_id = prepare()
    assert check(workspace, campaign_id).verdict is Verdict.FAIL
    heard(workspace, "1.1", datetime.now(UTC))
    assert check(workspace, campaign_id).verdict is Verdict.PASS


def test_the_next_campaign_has_it_say_its_own_and_it_is_heard_again(
    workspace: Workspace, prepare: Any
) -> None:
    prepare()
    heard(workspace, "1.1", datetime.now(UTC))
    before = sound(workspace)
    following = prepare("message-court.flac")
    assert lines(workspace)[SHOWN]["campaign_id"] == following
    assert sound(workspace) != before
    assert check(workspace, following).verdict is Verdict.FAIL


def test_a_line_that_was_recorded_for_it_stays(workspace: Workspace, prepare: Any) -> None:
    callback_line.install(workspace, 1, NewLine(SHOWN, [OWN]), "Ana")
    before = sound(workspace)
    prepare()
    assert (lines(workspace)[SHOWN]["campaign_id"], sound(workspace)) == (None, before)


def test_one_that_was_removed_since_it_was_heard_is_heard_no_more(
    workspace: Workspace, prepare: Any
) -> None:
    campaign_id = prepare()
    heard(workspace, "1.1", datetime.now(UTC))
    callback_line.remove(workspace, 1, SHOWN, "Ana")
    assert check(workspace, campaign_id).verdict is Verdict.FAIL


def test_a_directory_that_cannot_be_written_to_keeps_no_campaign_from_being_prepared(
    workspace: Workspace, prepare: Any
) -> None:
    lines_directory = callback_line.directory_of(workspace.settings)
    lines_directory.parent.mkdir(parents=True)
    lines_directory.write_text("no directory")
    campaign_id = prepare()
    assert lines(workspace) == {}
    assert check(workspace, campaign_id).verdict is Verdict.FAIL


def test_one_that_was_removed_answers_again(workspace: Workspace, prepare: Any) -> None:
    callback_line.install(workspace, 1, NewLine(SHOWN, [OWN]), "Ana")
    callback_line.remove(workspace, 1, SHOWN, "Ana")
    campaign_id = prepare()
    assert lines(workspace)[SHOWN]["campaign_id"] == campaign_id


def test_a_number_of_another_controller_stays_theirs(workspace: Workspace, prepare: Any) -> None:
    with writing(workspace.engine) as connection:
        other = controllers.ensure(connection, "Un autre", datetime.now(UTC))
    callback_line.install(workspace, other, NewLine(SHOWN, [OWN]), "Ana")
    before = sound(workspace)
    campaign_id = prepare()
    assert (lines(workspace), sound(workspace)) == ({}, before)
    heard(workspace, "1.1", datetime.now(UTC))
    assert check(workspace, campaign_id).verdict is Verdict.FAIL, "it says who the other one is"


def test_a_rehearsal_answers_nothing(workspace: Workspace, prepare: Any) -> None:
    prepare(trunk="rehearsal", caller_id="+33199001234")
    assert lines(workspace) == {}


@pytest.mark.parametrize("workspace", [REMOTE], indirect=True)
def test_where_the_pbx_is_out_of_reach_a_person_answers_for_it(
    workspace: Workspace, prepare: Any
) -> None:
    campaign_id = prepare()
    assert lines(workspace) == {}
    assert check(workspace, campaign_id).verdict is Verdict.FAIL
    decided.attest(workspace, "carrier", SHOWN, "Zoé")
    assert check(workspace, campaign_id).verdict is Verdict.PASS


def test_what_was_heard_or_answered_for_long_ago_counts_no_more(
    workspace: Workspace, prepare: Any
) -> None:
    campaign_id, now = prepare(), datetime.now(UTC)
    heard(workspace, "1.1", now)
    decided.attest(workspace, "carrier", SHOWN, "Zoé")
    with time_machine.travel(now + timedelta(days=29), tick=False):
        assert check(workspace, campaign_id).verdict is Verdict.PASS
    with time_machine.travel(now + timedelta(days=31), tick=False):
        assert check(workspace, campaign_id).verdict is Verdict.FAIL
