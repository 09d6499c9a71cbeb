"""What is looked at before a launch: what fails keeps a campaign from being launched."""

from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from store_subjects import PARIS, World, number
from workspaces import SAYS, a_workspace, show

from campaigns.campaign import Campaign
from campaigns.check import Check, Subject, Verdict
from campaigns.contacts.basis import BasisKind, Evidence
from campaigns.errors import InvalidInput, NotAllowed, NotFound
from campaigns.rules.windows import Window
from campaigns.script import KeyAct, Script, script_to_plain
from campaigns.states import Action, CampaignState
from operations import controllers, launch, packs, preflight
from operations import trunks as decided
from operations.halt import stop_everything
from operations.launch_record import launch_record
from operations.no_election import attest_no_election
from operations.settings import FILE_NAME, load
from operations.workspace import Workspace
from store import audit
from store.engine import reading, writing

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SHOWN = "+33162000001"
SETTINGS = f"""
[trunks.carrier]
host = "sip.carrier.example"
caller_ids = ["{SHOWN}"]
max_cps = 10

[[trunks.carrier.tariffs]]
prefix = "+33199"
per_minute = 0.06

[[trunks.carrier.tariffs]]
prefix = "+3363998"
per_minute = 0.6
"""
REAL = [f"+33199001{index:03d}" for index in range(4)]
"""Taken for numbers that are not kept for fiction."""


@pytest.fixture
def workspace(own_store: Engine, tmp_path: Path) -> Workspace:
    return a_workspace(own_store, tmp_path, SETTINGS)


def draft(world: World, count: int = 4, **changes: Any) -> Campaign:
    values = {"state": CampaignState.DRAFT, "launched_at": None, **changes}
    return world.called(count, **values)


def real(world: World, lists: list[int] | None = None, **changes: Any) -> Campaign:
    """A draft that reaches people, by a trunk to a carrier."""
    owner = world.controller()
    values = {
        "trunk": "carrier", "rehearsal": False, "caller_id": SHOWN, "launched_at": None,
        "verify_by": date.today() + timedelta(days=30),  # noqa: DTZ011 - any day to come
        "pack": packs.load("fr-political").label, **changes,
    }  # fmt: skip
    lists = lists or [world.contacts(owner, REAL, fictional=False)]
    return world.campaign(owner, lists, CampaignState.DRAFT, **values)


def checks(workspace: Workspace, campaign: Campaign, by: str = "") -> dict[Subject, Check]:
    found = preflight.preflight(workspace, campaign.controller_id, campaign.id, by)
    return {one.subject: one for one in found.checks}


def verdicts(workspace: Workspace, campaign: Campaign, by: str = "") -> dict[Subject, Verdict]:
    return {subject: one.verdict for subject, one in checks(workspace, campaign, by).items()}


def test_a_rehearsal_passes_what_concerns_real_trunks(workspace: Workspace, world: World) -> None:
    found = checks(workspace, draft(world))
    assert {one.verdict for one in found.values()} == {Verdict.PASS, Verdict.WARN}
    assert [name for name, one in found.items() if one.verdict is Verdict.WARN] == ["message"]
    for subject in (Subject.PACK, Subject.TRUNK, Subject.CALLER_ID, Subject.SUPPRESSIONS):
        assert "rehearsal" in found[subject].in_english()


def test_a_real_one_fails_until_everything_is_there(workspace: Workspace, world: World) -> None:
    campaign = real(world)
    found = verdicts(workspace, campaign)
    assert {subject for subject, one in found.items() if one is Verdict.FAIL} == {
        Subject.TRUNK, Subject.CALLER_ID, Subject.MESSAGE, Subject.ELECTIONS,
    }  # fmt: skip
    assert found[Subject.SUPPRESSIONS] is Verdict.WARN
    decided.arm(workspace, "carrier", "Zoé")
    assert verdicts(workspace, campaign)[Subject.TRUNK] is Verdict.WARN, "no dialer runs"
    show(world, trunks={"carrier": {"breaker": "closed"}})
    assert verdicts(workspace, campaign)[Subject.TRUNK] is Verdict.PASS


def test_a_trunk_out_of_order_is_pointed_out(workspace: Workspace, world: World) -> None:
    decided.arm(workspace, "carrier", "Zoé")
    show(world, trunks={"carrier": {"breaker": "open"}})
    found = checks(workspace, real(world))[Subject.TRUNK]
    assert (found.verdict, "fails calls" in found.said) == (Verdict.WARN, True)


def test_a_fail_keeps_it_from_being_launched(workspace: Workspace, world: World) -> None:
    decided.arm(workspace, "carrier", "Zoé")
    campaign = real(world, caller_id="+33162000009")
    with pytest.raises(NotAllowed, match=r"cannot be launched.*may not show \+33162000009"):
        launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé")
    with pytest.raises(NotFound):
        launch_record(workspace, 1, campaign.id)


def test_a_caller_id_is_answered_for_by_a_person(workspace: Workspace, world: World) -> None:
    campaign = real(world)
    assert decided.attest(workspace, "carrier", "01 62 00 00 01", "Zoé") == SHOWN
    found = checks(workspace, campaign)[Subject.CALLER_ID]
    assert (found.verdict, found.values["by"]) == (Verdict.PASS, "Zoé")
    with pytest.raises(InvalidInput, match="names nobody"):
        decided.attest(workspace, "carrier", SHOWN, " ")
    with pytest.raises(InvalidInput, match="may not show"):
        decided.attest(workspace, "carrier", "01 62 00 00 02", "Zoé")
    with reading(workspace.engine) as connection:
        assert audit.latest(connection, None, 1)[0]["act"] == "trunk.attest"


def test_a_caller_id_that_the_rules_forbid(workspace: Workspace, world: World) -> None:
    (workspace.settings.home / "portevoix.toml").write_text(SETTINGS.replace(SHOWN, "+33140000000"))
    again = replace(workspace, settings=load(workspace.settings.home))
    found = checks(again, real(world, caller_id="+33140000000"))[Subject.CALLER_ID]
    assert (found.verdict, "does not let" in found.said) == (Verdict.FAIL, True)


def test_old_rules_need_somebody_who_answers_for_them(workspace: Workspace, world: World) -> None:
    campaign = real(world, verify_by=world.now.date() - timedelta(days=1))
    assert verdicts(workspace, campaign)[Subject.PACK] is Verdict.FAIL
    launch.acknowledge(workspace, 1, campaign.id, "Maître Roux")
    found = checks(workspace, campaign)[Subject.PACK]
    assert (found.verdict, found.values["by"]) == (Verdict.WARN, "Maître Roux")


def test_rules_that_were_changed_since_are_pointed_out(workspace: Workspace, world: World) -> None:
    campaign = real(world, pack="fr-political@2000.01.01")
    assert verdicts(workspace, campaign)[Subject.PACK] is Verdict.WARN
    assert verdicts(workspace, real(world, pack="gone@1"))[Subject.PACK] is Verdict.WARN


def test_another_version_in_force_at_the_site_is_pointed_out(
    workspace: Workspace, world: World
) -> None:
    shipped = Path(packs.__file__).parents[1] / "campaigns/rules/packs/fr-political.toml"
    version = packs.load("fr-political").version
    newer = shipped.read_text("utf-8").replace(version, "2099.1.1", 1)
    site = workspace.settings.rules_directory / "fr-political.toml"
    site.parent.mkdir(parents=True)
    site.write_text(newer, "utf-8")
    found = checks(workspace, real(world))[Subject.PACK]
    assert (found.verdict, found.values["newer"]) == (Verdict.WARN, "fr-political@2099.1.1")


def prepared_message(workspace: Workspace) -> str:
    base = workspace.library.prepare([EXAMPLES / "message-court.flac"], "m").base
    return str(base.relative_to(workspace.library.root))


@pytest.mark.parametrize(
    ("says", "verdict", "said"),
    [
        ([SAYS], Verdict.WARN, "One recording"),
        (None, Verdict.FAIL, "nobody has said"),
        ([SAYS[1:]], Verdict.FAIL, "not all that"),  # without the label
        ([["identity", "label", *SAYS[2:]]], Verdict.FAIL, "not in its order"),
        ([SAYS, SAYS], Verdict.FAIL, "not all that"),  # of another message
    ],
)
def test_what_is_heard_must_be_said_and_in_order(
    workspace: Workspace, world: World, says: list[list[str]] | None, verdict: Verdict, said: str
) -> None:
    path = prepared_message(workspace)
    kept = None if says is None else {path: says}
    found = checks(workspace, real(world, message=path, says=kept))[Subject.MESSAGE]
    assert (found.verdict, said in found.said) == (verdict, True)
    rehearsed = checks(workspace, draft(world, message=path, says=kept))[Subject.MESSAGE]
    assert rehearsed.verdict is Verdict.PASS, "a rehearsal reaches nobody"


def test_what_somebody_hears_and_nobody_has_said_of_a_variant(
    workspace: Workspace, world: World
) -> None:
    path = prepared_message(workspace)
    other = workspace.library.prepare([EXAMPLES / "message-identite.flac"], "n").base
    variant = {"message": str(other.relative_to(workspace.library.root)), "message_ms": 9,
               "recordings": [2]}  # fmt: skip
    campaign = real(world, message=path, says={path: [SAYS]}, variants={"nord": variant})
    assert verdicts(workspace, campaign)[Subject.MESSAGE] is Verdict.FAIL


def test_elections_are_named_or_answered_for(workspace: Workspace, world: World) -> None:
    campaign = real(world)
    found = checks(workspace, campaign)[Subject.ELECTIONS]
    assert (found.verdict, f"no-election {campaign.id} --by" in found.in_english()) == (
        Verdict.FAIL, True,
    )  # fmt: skip
    for nobody in (" ", "key crm"):
        with pytest.raises(InvalidInput, match="Name the person"):
            attest_no_election(workspace, 1, campaign.id, nobody, "Zoé")
    with pytest.raises(NotFound):
        attest_no_election(workspace, world.controller("B"), campaign.id, "Paul", "Paul")
    attest_no_election(workspace, 1, campaign.id, "Paul Roux", "key crm")
    found = checks(workspace, campaign)[Subject.ELECTIONS]
    assert (found.verdict, found.values["by"]) == (Verdict.WARN, "Paul Roux")
    with reading(workspace.engine) as connection:
        (event,) = audit.latest(connection, 1, 1)
    assert (event["act"], event["actor"], event["detail"]) == (
        "campaign.no_election", "key crm", {"by": "Paul Roux"},
    )  # fmt: skip
    with pytest.raises(NotAllowed, match="Nobody needs to say"):
        attest_no_election(workspace, 1, campaign.id, "Zoé", "Zoé")
    named = real(world, elections=[{"name": "Municipales", "source": "décret"}])
    assert verdicts(workspace, named)[Subject.ELECTIONS] is Verdict.PASS
    with pytest.raises(NotAllowed):
        attest_no_election(workspace, 1, named.id, "Zoé", "Zoé")
    other = real(world, pack=packs.load("fr-commercial").label, purpose="commercial")
    assert verdicts(workspace, other)[Subject.ELECTIONS] is Verdict.PASS, "it asks for none"


@pytest.mark.parametrize(
    ("pack", "purpose", "verdict"),
    [
        ("fr-political", "politique", Verdict.PASS),
        ("fr-public-info", "politique", Verdict.FAIL),
        ("fr-public-info", "anything", Verdict.FAIL),
        ("fr-commercial", "political", Verdict.FAIL),
    ],
)
def test_the_purpose_is_looked_at_again(
    workspace: Workspace, world: World, pack: str, purpose: str, verdict: Verdict
) -> None:
    campaign = real(world, pack=packs.load(pack).label, purpose=purpose)
    assert verdicts(workspace, campaign)[Subject.PURPOSE] is verdict
    if verdict is Verdict.FAIL:
        decided.arm(workspace, "carrier", "Zoé")
        with pytest.raises(NotAllowed, match="is not for calls of the purpose"):
            launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé")
        rehearsed = draft(world, pack=packs.load(pack).label, purpose=purpose)
        assert verdicts(workspace, rehearsed)[Subject.PURPOSE] is Verdict.WARN


def test_lists_of_another_legal_basis(workspace: Workspace, world: World) -> None:
    task = world.contacts(
        world.controller(), REAL, fictional=False, basis=BasisKind.PUBLIC_TASK,
        purposes=["public_info", "political"],
    )  # fmt: skip
    political = real(world, [task], bases=["consent"])
    found = checks(workspace, political)
    assert found[Subject.BASIS].verdict is found[Subject.PEOPLE].verdict is Verdict.FAIL
    kind = {"pack": packs.load("fr-public-info").label, "purpose": "public_info"}
    public = real(world, [task], bases=["consent", "public_task"], evidence="list", **kind)
    assert verdicts(workspace, public)[Subject.BASIS] is Verdict.PASS
    assert verdicts(workspace, public)[Subject.PEOPLE] is Verdict.PASS


def test_alerts_are_a_public_body_s_and_somebody_signs(workspace: Workspace, world: World) -> None:
    alert = {"pack": packs.load("fr-emergency").label, "purpose": "emergency"}
    unsigned = real(world, **alert)
    assert "not marked" in checks(workspace, unsigned)[Subject.PURPOSE].said
    controllers.mark_public_body(workspace, "Comité", "Root")
    assert "who signs" in checks(workspace, unsigned)[Subject.PURPOSE].said
    found = checks(workspace, real(world, signatory="Anne Maire", **alert))[Subject.PURPOSE]
    assert (found.verdict, found.values["signatory"]) == (Verdict.PASS, "Anne Maire")
    controllers.mark_public_body(workspace, "Comité", "Root", marked=False)
    assert verdicts(workspace, unsigned)[Subject.PURPOSE] is Verdict.FAIL
    with reading(workspace.engine) as connection:
        (event,) = audit.latest(connection, 1, 1)
    assert (event["act"], event["actor"], event["detail"]["public_body"]) == (
        "controller.public_body", "Root", False,
    )  # fmt: skip
    with pytest.raises(InvalidInput, match="names nobody"):
        controllers.mark_public_body(workspace, "Comité", " ")


def test_people_who_may_not_be_called_are_counted(workspace: Workspace, world: World) -> None:
    owner = world.controller()
    proved = world.contacts(owner, REAL[:1], fictional=False)
    unproved = world.contacts(owner, REAL, evidence=Evidence.NONE, fictional=False)
    found = checks(workspace, real(world, [proved, unproved]))[Subject.PEOPLE]
    assert (found.verdict, found.values["people"]) == (Verdict.WARN, 4)
    none = real(world, [world.contacts(owner, [number(1)])])
    assert verdicts(workspace, none)[Subject.PEOPLE] is Verdict.FAIL
    assert verdicts(workspace, draft(world, 0))[Subject.PEOPLE] is Verdict.FAIL


def test_hours_that_never_come(workspace: Workspace, world: World) -> None:
    yesterday = world.now - timedelta(days=1)
    found = verdicts(workspace, real(world, end_at=yesterday))
    assert found[Subject.HOURS] is Verdict.FAIL
    assert verdicts(workspace, draft(world, end_at=yesterday))[Subject.HOURS] is Verdict.WARN


def test_a_finish_that_comes_too_late(workspace: Workspace, world: World) -> None:
    soon = world.now.replace(microsecond=0) + timedelta(seconds=2)
    late = checks(workspace, draft(world, finish_by=soon, max_cps=0.1))[Subject.HOURS]
    assert (late.verdict, late.values["deadline"]) == (Verdict.WARN, soon)
    short = checks(workspace, draft(world, end_at=world.now + timedelta(seconds=9), max_cps=0.1))
    assert "only" in short[Subject.HOURS].said


def test_the_calendar_keeps_to_the_hours(workspace: Workspace, world: World) -> None:
    hours = [Window(frozenset(range(1, 8)), time(10), time(12))]
    campaign = draft(world, windows=hours, message_ms=3_600_000, max_channels=1)
    days = preflight.preflight(workspace, 1, campaign.id).forecast.days
    assert len(days) > 1
    for day in days[1:]:
        assert day.begin.astimezone(ZoneInfo(PARIS)).time() == time(10)
        assert day.end - day.begin <= timedelta(hours=2)


def test_what_it_costs_by_the_tariff_of_each_number(workspace: Workspace, world: World) -> None:
    owner = world.controller()
    numbers = [*REAL, "+33639980001"]
    campaign = real(world, [world.contacts(owner, numbers, fictional=False)], message_ms=30_000)
    cost = preflight.preflight(workspace, 1, campaign.id).cost
    longest_s, attempts = 15 + 30 + 60, 3
    assert cost.worst == attempts * longest_s * (4 * 1_000 + 10_000)
    assert cost.expected == 4 * 30_000 + 300_000  # 4 and 1 people, 7 of 8 of whom answer once
    assert cost.least == longest_s * 1_000


@pytest.mark.parametrize(
    ("budget", "verdict"),
    [(None, Verdict.WARN), (76_999, Verdict.FAIL), (77_000, Verdict.PASS), (10**9, Verdict.PASS)],
)
def test_a_budget_must_have_room_for_a_call(
    workspace: Workspace, world: World, budget: int | None, verdict: Verdict
) -> None:
    campaign = real(world, budget=budget)  # a call may take 15 + 2 + 60 seconds
    assert verdicts(workspace, campaign)[Subject.BUDGET] is verdict


def test_a_budget_that_will_be_reached_is_said(workspace: Workspace, world: World) -> None:
    campaign = real(world, budget=110_000, message_ms=30_000)
    found = checks(workspace, campaign)[Subject.BUDGET]
    assert (found.verdict, "wait" in found.said) == (Verdict.WARN, True)


def test_numbers_without_a_tariff(workspace: Workspace, world: World) -> None:
    owner = world.controller()
    abroad = [world.contacts(owner, ["+33261910001", *REAL], fictional=False)]
    found = checks(workspace, real(world, abroad, budget=10**9))[Subject.BUDGET]
    assert (found.verdict, found.values["people"]) == (Verdict.FAIL, 1)
    assert verdicts(workspace, real(world, abroad))[Subject.BUDGET] is Verdict.WARN


def test_each_of_its_trunks_needs_a_tariff(workspace: Workspace, world: World) -> None:
    settings = f'{SETTINGS}\n[trunks.second]\nhost = "sip.second.example"\n'
    (workspace.settings.home / FILE_NAME).write_text(settings)
    again = replace(workspace, settings=load(workspace.settings.home))
    campaign = real(world, other_trunks=["second"], budget=10**9)
    found = checks(again, campaign)[Subject.BUDGET]
    assert (found.verdict, found.values["trunk"]) == (Verdict.FAIL, "second")


def test_two_persons_where_the_campaign_asks_for_it(workspace: Workspace, world: World) -> None:
    campaign = draft(world, two_persons=True, created_by="Zoé")
    assert verdicts(workspace, campaign)[Subject.PERSONS] is Verdict.PASS
    assert verdicts(workspace, campaign, " zoé")[Subject.PERSONS] is Verdict.FAIL
    with pytest.raises(NotAllowed, match="it takes two persons"):
        launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé")
    assert launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Paul") is CampaignState.RUNNING


@pytest.mark.parametrize(
    ("prepared", "by"), [("Zoé", "key crm"), ("key crm", "Zoé"), ("key crm", "key other")]
)
def test_a_key_is_neither_of_two_persons(
    workspace: Workspace, world: World, prepared: str, by: str
) -> None:
    campaign = draft(world, two_persons=True, created_by=prepared)
    with pytest.raises(NotAllowed, match="It takes two persons, and «key crm» is none"):
        launch.act(workspace, 1, campaign.id, Action.LAUNCH, by)


def test_a_launch_is_recorded_once_and_for_ever(workspace: Workspace, world: World) -> None:
    script = script_to_plain(Script(keys={"1": KeyAct.REPLAY}))
    campaign = draft(world, created_by="Zoé", budget=5, script=script)
    launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Paul")
    launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Marc")
    found = launch_record(workspace, 1, campaign.id)
    assert (found.by, found.prepared_by, found.intact) == ("Paul", "Zoé", True)
    assert found.content["lists"][0]["sha256"] == f"{1:064d}"
    assert found.content["campaign"]["budget"] == 5
    assert found.content["campaign"]["script"] == script
    assert found.content["controller"] == {"name": "Comité", "public_body": False}
    assert found.content["campaign"]["signatory"] is None
    assert found.content["people"] == found.content["callable"] == 4
    assert {one["subject"] for one in found.content["preflight"]} == set(Subject)
    with reading(workspace.engine) as connection:
        (event,) = audit.latest(connection, 1, 5)
    assert event["detail"]["record"] == found.hash
    with pytest.raises(NotFound):
        launch_record(workspace, world.controller("B"), campaign.id)


@pytest.mark.parametrize(
    "change", ["UPDATE launch_record SET by = 'x'", "DELETE FROM launch_record"]
)
def test_nobody_changes_a_record(store: Engine, tmp_path: Path, change: str) -> None:
    world, workspace = World(store), a_workspace(store, tmp_path)
    launch.act(workspace, 1, draft(world).id, Action.LAUNCH, "Paul")
    with pytest.raises(DBAPIError, match="never changed"), writing(store) as connection:
        connection.execute(text(change.replace(" by =", ' "by" =')))


def test_a_stop_for_everything_fails(workspace: Workspace, world: World) -> None:
    stop_everything(workspace, "Zoé", "a complaint")
    assert verdicts(workspace, draft(world))[Subject.STOP] is Verdict.FAIL


def test_a_check_reads_as_a_sentence() -> None:
    check = Check(Subject.PEOPLE, Verdict.WARN, "{a} of {b}.", {"a": 1200, "b": "x"}, "Ask {b}.")
    assert check.in_english() == "1,200 of x. Ask x."
    assert replace(check, remedy="").in_english() == "1,200 of x."
