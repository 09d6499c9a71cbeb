"""Preparing a campaign: nothing is called that trunk, pack or provenance do not allow."""

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from store_subjects import World, number

from campaigns.campaign import Campaign
from campaigns.contacts.basis import BasisKind, Evidence
from campaigns.errors import InvalidInput, NotFound, StoreUnavailable
from campaigns.rules.blackout import in_force
from campaigns.rules.holidays import HolidaySet
from campaigns.rules.windows import ALWAYS, Window
from campaigns.states import Action, CampaignState
from operations import controllers, filling, launch, packs
from operations.add_list import add_list
from operations.campaign_file import CampaignValues
from operations.prepare import prepare_campaign
from operations.record import keep_recording
from operations.workspace import Workspace
from store import audit, tallies, targets
from store import campaigns as kept
from store.engine import reading, writing
from store.tables import contact_list

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
NPV = "+33162000001"


@pytest.fixture
def message(workspace: Workspace, world: World) -> int:
    path = EXAMPLES / "message-identite.flac"
    kept_as = keep_recording(
        workspace, world.controller(), path, name="identité", file_name=path.name, by="test"
    )
    return int(kept_as["id"])


def values(**changes: Any) -> CampaignValues:
    plain: dict[str, Any] = {
        "name": "tour", "purpose": "political", "pack": "fr-political", "trunk": "rehearsal",
        "caller_id": "01 99 00 12 34", "retry": {"max_attempts": 2},
    }  # fmt: skip
    return CampaignValues.model_validate({**plain, **changes})


def prepared(workspace: Workspace, message: int, lists: list[int], **changes: Any) -> Campaign:
    campaign_id = prepare_campaign(workspace, 1, values(**changes), [message], lists, "Zoé")
    with reading(workspace.engine) as connection:
        return kept.by_id(connection, campaign_id)


def real(**changes: Any) -> dict[str, Any]:
    return {"trunk": "carrier", "caller_id": NPV, **changes}


def refused(workspace: Workspace, message: int, lists: list[int], **changes: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        prepared(workspace, message, lists, **changes)
    with reading(workspace.engine) as connection:
        assert kept.rows_of(connection, 1) == [], "nothing is kept of it"
    return caught.value


def test_a_rehearsal(workspace: Workspace, world: World, message: int) -> None:
    lists = [
        world.contacts(1, [number(n) for n in range(5)]),
        world.contacts(1, [number(n) for n in range(3, 8)]),
    ]
    campaign = prepared(workspace, message, lists)
    assert campaign.state is CampaignState.DRAFT
    assert (campaign.rehearsal, campaign.caller_id) == (True, "+33199001234")
    assert campaign.evidence is Evidence.ROW
    assert campaign.windows == packs.load("fr-political").windows
    assert campaign.pack == packs.load("fr-political").label
    assert campaign.message_ms > 1000
    assert (workspace.library.root / campaign.message).parent.is_dir()
    assert world.states(campaign.id) == {"pending": 8}
    world.check()
    with reading(workspace.engine) as connection:
        (event,) = [
            one for one in audit.latest(connection, 1, 9) if one["act"] == "campaign.prepare"
        ]
        assert event["actor"] == "Zoé"


def test_a_real_campaign(workspace: Workspace, world: World, message: int) -> None:
    campaign = prepared(workspace, message, [world.contacts(1, [number(1)])], **real())
    assert (campaign.rehearsal, campaign.caller_id) == (False, NPV)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (real(caller_id="+33162000002"), "caller_id"),  # not the carrier's
        (real(caller_id="01 40 00 00 00"), "caller_id"),  # the carrier's, not the pack's
        (real(caller_id="01 99 00 12 34"), "caller_id"),  # fictional
        ({"caller_id": "+33612345678"}, "caller_id"),  # a real one on a rehearsal
        ({"caller_id": "hello"}, "phone"),
        ({"trunk": "nowhere"}, "trunk"),
        ({"pack": "fr-any"}, "pack"),
        ({"retry": {"max_attempts": 4}}, "retry.max_attempts"),
        (real(schedule={"any_hour": True}), "schedule.any_hour"),
        (
            {"schedule": {"hours": [{"days": [7], "start": "10:00", "end": "12:00"}]}},
            "schedule.hours",
        ),
        ({"schedule": {"hours": [{"days": [1], "start": "12:00", "end": "10:00"}]}}, "window"),
    ],
)
def test_what_trunk_or_pack_do_not_allow(
    workspace: Workspace, world: World, message: int, changes: dict[str, Any], field: str
) -> None:
    lists = [world.contacts(1, [number(1)])]
    assert refused(workspace, message, lists, **changes).field == field


def test_own_hours_only_tighten(workspace: Workspace, world: World, message: int) -> None:
    hours = [{"days": [1, 7], "start": "08:00", "end": "11:00"}]
    lists = [world.contacts(1, [number(1)])]
    campaign = prepared(workspace, message, lists, schedule={"hours": hours})
    assert campaign.windows == (Window(frozenset({1}), time(10), time(11)),)


def test_a_rehearsal_may_call_at_any_hour(workspace: Workspace, world: World, message: int) -> None:
    lists = [world.contacts(1, [number(1)])]
    assert prepared(workspace, message, lists, schedule={"any_hour": True}).windows == ALWAYS


def test_holidays_and_caps_are_the_pack_s_and_an_own_holiday_only_adds(
    workspace: Workspace, world: World, message: int
) -> None:
    lists = [world.contacts(1, [number(1)])]
    pack = packs.load("fr-political")
    one = prepared(workspace, message, lists, name="a")
    assert (one.holidays, one.frequency) == (pack.holidays, pack.frequency)
    own = {"holidays": ["alsace-moselle"]}
    two = prepared(workspace, message, lists, name="b", schedule=own)
    assert two.holidays == {*pack.holidays, HolidaySet.ALSACE_MOSELLE}
    free = prepared(workspace, message, lists, name="c", schedule={"any_hour": True})
    assert (free.holidays, free.frequency) == (frozenset(), None), "a rehearsal reaches nobody"


def test_an_election_silences_the_campaign_and_is_in_the_audit(
    workspace: Workspace, world: World, message: int
) -> None:
    election = {
        "name": "Scrutin (fictif)", "source": "aucune",
        "rounds": [{"polls": {"metropole": date(2028, 5, 14)}}],
    }  # fmt: skip
    lists = [world.contacts(1, [number(1)])]
    campaign = prepared(workspace, message, lists, schedule={"elections": [election]})
    eve = datetime(2028, 5, 13, 12, tzinfo=UTC)
    assert in_force(campaign.blackouts, ["Europe/Paris"], eve, timedelta(minutes=2)) is not None
    with reading(workspace.engine) as connection:
        (event,) = [one for one in audit.latest(connection, 1, 9) if "elections" in one["detail"]]
    assert event["detail"]["elections"] == ["Scrutin (fictif): aucune"]


@pytest.mark.parametrize(
    "purpose", ["political", "Commercial", "politique", "POLITIQUE ", "Élections", "sondage"]
)
def test_what_needs_proof_row_by_row_is_no_public_information(
    workspace: Workspace, world: World, message: int, purpose: str
) -> None:
    lists = [world.contacts(1, [number(1)])]
    changes = {"pack": "fr-public-info", "purpose": purpose}
    assert refused(workspace, message, lists, **changes).field == "pack"
    campaign = prepared(workspace, message, lists, **{**changes, "purpose": "public-info"})
    assert campaign.purpose == "public_info", "each is kept in one way"


@pytest.mark.parametrize("purpose", ["politiquement", "information", "urgent news"])
def test_a_purpose_that_is_not_known_is_refused_with_those_that_are(
    workspace: Workspace, world: World, message: int, purpose: str
) -> None:
    lists = [world.contacts(1, [number(1)])]
    for pack in ("fr-public-info", "fr-political"):
        error = refused(workspace, message, lists, pack=pack, purpose=purpose)
        assert error.field == "purpose"
        assert "political (politique)" in error.remedy
        assert "emergency (urgence)" in error.remedy


def test_rules_that_are_for_the_purpose_are_named(
    workspace: Workspace, world: World, message: int
) -> None:
    lists = [world.contacts(1, [number(1)])]
    error = refused(workspace, message, lists, pack="fr-public-info", purpose="alerte")
    assert error.remedy == "Choose another of: fr-emergency."


def test_a_list_of_another_legal_basis_is_refused_and_not_added(
    workspace: Workspace, world: World, message: int
) -> None:
    task = world.contacts(1, [number(1)], basis=BasisKind.PUBLIC_TASK)
    error = refused(workspace, message, [task])
    assert (error.field, "rests on public_task" in error.why) == ("lists", True)
    campaign = prepared(workspace, message, [world.contacts(1, [number(2)])])
    assert campaign.bases == {BasisKind.CONSENT}
    with pytest.raises(InvalidInput, match="rests on public_task"):
        add_list(workspace, 1, campaign.id, task, "Zoé")
    informed = {"pack": "fr-public-info", "purpose": "information publique", "name": "info"}
    assert prepared(workspace, message, [task], **informed)


def test_alerts_are_for_who_is_marked_and_signed(
    workspace: Workspace, world: World, message: int
) -> None:
    lists = [world.contacts(1, [number(1)], fictional=False)]
    alert = {"pack": "fr-emergency", "purpose": "urgence"}
    assert refused(workspace, message, lists, **real(**alert)).field == "pack"
    controllers.mark_public_body(workspace, "Comité", "Root")
    assert refused(workspace, message, lists, **real(**alert)).field == "signatory"
    signed = {**alert, "signatory": "Anne Maire, maire"}
    campaign = prepared(workspace, message, lists, **real(**signed))
    with reading(workspace.engine) as connection:
        assert kept.row(connection, 1, campaign.id)["signatory"] == "Anne Maire, maire"
        (event,) = [
            one for one in audit.latest(connection, 1, 9) if one["act"] == "campaign.prepare"
        ]
    assert event["detail"]["signatory"] == "Anne Maire, maire"


def test_a_rehearsal_of_an_alert_needs_nobody(
    workspace: Workspace, world: World, message: int
) -> None:
    lists = [world.contacts(1, [number(1)])]
    assert prepared(workspace, message, lists, pack="fr-emergency", purpose="emergency")


@pytest.mark.parametrize(
    "changes", [{"schedule": {"no_election_by": "key crm"}}, {"signatory": "Key crm"}]
)
def test_a_key_answers_for_nothing(
    workspace: Workspace, world: World, message: int, changes: dict[str, Any]
) -> None:
    lists = [world.contacts(1, [number(1)])]
    assert "no person" in refused(workspace, message, lists, **changes).why


def test_who_answers_for_there_being_no_election_is_kept_with_it(
    workspace: Workspace, world: World, message: int
) -> None:
    lists = [world.contacts(1, [number(1)])]
    campaign = prepared(workspace, message, lists, schedule={"no_election_by": "Paul Roux"})
    with reading(workspace.engine) as connection:
        assert kept.row(connection, 1, campaign.id)["no_election_by"] == "Paul Roux"
        (event,) = [
            one for one in audit.latest(connection, 1, 9) if one["act"] == "campaign.prepare"
        ]
    assert event["detail"]["no_election_by"] == "Paul Roux"


def test_the_pack_that_it_was_prepared_with_is_kept_by_its_hash(
    workspace: Workspace, world: World, message: int
) -> None:
    campaign = prepared(workspace, message, [world.contacts(1, [number(1)])])
    file = Path(packs.__file__).parents[1] / "campaigns/rules/packs/fr-political.toml"
    with reading(workspace.engine) as connection:
        kept_hash = kept.row(connection, 1, campaign.id)["pack_sha256"]
    assert kept_hash == hashlib.sha256(file.read_bytes()).hexdigest()


def test_lists_and_recordings_of_others_do_not_exist(
    workspace: Workspace, world: World, message: int
) -> None:
    other = world.controller("B")
    theirs = world.contacts(other, [number(1)])
    with pytest.raises(NotFound):
        prepared(workspace, message, [theirs])
    with pytest.raises(NotFound):
        prepare_campaign(workspace, other, values(), [message], [theirs], "Zoé")
    with reading(workspace.engine) as connection:
        assert kept.rows_of(connection, 1) == kept.rows_of(connection, other) == []


def test_a_list_given_twice_is_called_once(
    workspace: Workspace, world: World, message: int
) -> None:
    one = world.contacts(1, [number(1)])
    campaign = prepared(workspace, message, [one, one])
    assert world.states(campaign.id) == {"pending": 1}


def test_there_must_be_somebody_to_call_and_something_to_say(
    workspace: Workspace, world: World, message: int
) -> None:
    assert refused(workspace, message, []).field == "lists"
    with pytest.raises(InvalidInput) as caught:
        prepare_campaign(workspace, 1, values(), [], [world.contacts(1, [number(1)])], "Zoé")
    assert caught.value.field == "recordings"


def test_a_list_that_is_not_whole_yet_is_not_called(
    workspace: Workspace, world: World, message: int
) -> None:
    one = world.contacts(1, [number(1)])
    with writing(world.engine) as connection:
        connection.execute(update(contact_list).values(state="importing"))
    assert refused(workspace, message, [one]).field == "lists"


def test_a_name_that_is_taken(workspace: Workspace, world: World, message: int) -> None:
    lists = [world.contacts(1, [number(1)])]
    prepared(workspace, message, lists)
    with pytest.raises(InvalidInput, match="already a campaign"):
        prepared(workspace, message, lists)


def test_dates_are_kept(workspace: Workspace, world: World, message: int) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    schedule = {"start_at": start, "end_at": start + timedelta(hours=3)}
    campaign = prepared(workspace, message, [world.contacts(1, [number(1)])], schedule=schedule)
    with reading(workspace.engine) as connection:
        row = kept.row(connection, 1, campaign.id)
    assert (row["start_at"], row["end_at"]) == (start, start + timedelta(hours=3))


def test_a_preparation_that_was_cut_short_is_whole_once_launched(
    workspace: Workspace, world: World, message: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = world.contacts(1, [number(n) for n in range(5)])
    with writing(workspace.engine) as connection:
        connection.execute(update(contact_list).values(accepted=5))
    fill, turns = targets.fill, iter([True, False])

    def cut_short(*arguments: Any) -> int | None:
        if not next(turns):
            raise StoreUnavailable("the power went")
        return fill(*arguments)

    monkeypatch.setattr(filling, "FILL_AT_ONCE", 2)
    monkeypatch.setattr(targets, "fill", cut_short)
    with pytest.raises(StoreUnavailable):
        prepared(workspace, message, [listed], schedule={"any_hour": True})
    monkeypatch.setattr(targets, "fill", fill)
    launch.act(workspace, 1, 1, Action.LAUNCH, "Zoé")
    with reading(workspace.engine) as connection:
        counts = tallies.of_campaign(connection, 1)[tallies.STATE]
    assert counts == {"pending": 5}
