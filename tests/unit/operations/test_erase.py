"""Erasing a person: nothing is left of them but their refusal, and every count stays."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from erasing import KEY, with_key
from sqlalchemy import Engine, event, select, text
from store_subjects import NOW, World, number
from workspaces import a_workspace

from campaigns.campaign import Campaign
from campaigns.contacts.basis import Provenance
from campaigns.contacts.request import RequestKind
from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.errors import NotAllowed, SuppressionKeyMissing
from campaigns.outcome import Outcome
from campaigns.rules.gates import Gate
from dialer.book import write_closings
from dialer.calls import Call
from dialer.claim import Want, claim
from dialer.outcomes import in_doubt, never_placed
from operations import audit_proof, consent_forms, explain, requests
from operations.consent_forms import NewForm
from operations.erase import DOUBT_ENDS, Erased, erase
from operations.import_list import import_list, rejects
from operations.progress import progress_of
from operations.submissions import Agreement, agree, withdraw
from operations.workspace import Workspace
from store import suppression_keys, suppressions, tables
from store.engine import reading, writing
from store.refusals import Asked, Refusals
from store.tables import attempt, metadata, suppression

PERSON, OTHER = number(1), number(2)
CSV = "telephone;date_consentement;source;formulation;nom\n"


@pytest.fixture
def world(store: Engine) -> World:
    with_key(store)
    return World(store)


@pytest.fixture
def workspace(world: World, tmp_path: Path) -> Workspace:
    return a_workspace(world.engine, tmp_path)


def claim_all(world: World, campaign: Campaign) -> list[Call]:
    with writing(world.engine) as connection:
        taken = claim(connection, Want(campaign, 100, True, "n"), world.now).taken
    return [Call(one.attempt, campaign, one.attempts, one.tries) for one in taken]


def end(world: World, calls: list[Call], outcome: Outcome = Outcome.BUSY) -> None:
    with writing(world.engine) as connection:
        write_closings(connection, [never_placed(call, outcome, world.now) for call in calls])


def called(world: World, outcome: Outcome = Outcome.DELIVERED) -> Campaign:
    campaign = world.called(3)
    end(world, claim_all(world, campaign), outcome)
    return campaign


def import_people(world: World, *numbers: str, supplier: str = "Fichiers SA") -> Any:
    rows = "".join(f"{one};2026-01-05;site;w1;Anne\n" for one in numbers)
    provenance = Provenance(supplier, "form", date(2026, 1, 5), ("political",), {"w1": "Oui."})
    return import_list(
        world.engine, world.controller(), io.BytesIO((CSV + rows).encode()),
        name=f"{supplier} {len(rows)}", file_name="people.csv", provenance=provenance, by="test",
    )  # fmt: skip


def everything(engine: Engine) -> str:
    """All that the database holds, as text."""
    with reading(engine) as connection:
        return "\n".join(
            str(row)
            for table in metadata.sorted_tables
            for row in connection.execute(select(table))
        )


def test_nothing_tells_of_the_person_any_more(world: World, workspace: Workspace) -> None:
    import_people(world, PERSON, OTHER, PERSON, supplier="Zut")
    campaign = called(world)
    with writing(world.engine) as connection:
        connection.execute(attempt.update().values(keys="9", sip_call_id="abc@far", tech="SIP 200"))
    form = consent_forms.create(
        world.engine, 1, NewForm("Stand", ["political"], {"fr": "Oui."}, slug="stand"), "Zoé"
    )
    for person in (PERSON, OTHER):
        agree(world.engine, form.slug, Agreement(person, agreed=True, wording="fr-1"))
    withdraw(world.engine, form.slug, PERSON, "fr")
    done = erase(workspace, 1, "06 39 98 00 01", "DPO", NOW)
    assert done == Erased("+33 6 39 •• •• 01", 3, 1, 1, 2, 0, 1, 1, 0)
    left = everything(world.engine)
    assert PERSON not in left
    assert PERSON[4:] not in left.replace(" ", "")
    assert OTHER in left
    assert left.count("abc@far") == 2, "the others' calls are as they were"
    world.check()
    assert progress_of(workspace, 1, campaign.id).outcomes == {"delivered": 3}


def test_the_audit_stands_and_names_no_number(world: World, workspace: Workspace) -> None:
    called(world)
    erase(workspace, 1, PERSON, "DPO", NOW)
    faults: list[object] = []
    audit_proof.prove(world.engine, faults.append)
    assert faults == []
    with reading(world.engine) as connection:
        rows = connection.execute(select(tables.audit_event)).mappings().all()
    (event_,) = [row for row in rows if row["act"] == "person.erase"]
    assert (event_["actor"], event_["subject"]) == ("DPO", "+33 6 39 •• •• 01")


def test_who_waits_to_be_called_is_refused_for_good(world: World, workspace: Workspace) -> None:
    campaign = world.called(3)
    erase(workspace, 1, PERSON, "DPO", NOW)
    world.check()
    assert world.states(campaign.id) == {"pending": 2, "refused": 1}
    assert progress_of(workspace, 1, campaign.id).gates == {"suppressed": 1}
    assert {call.attempt.number for call in claim_all(world, campaign)} == {number(0), OTHER}


def test_a_list_with_an_erased_person_calls_the_others(world: World, workspace: Workspace) -> None:
    controller = world.controller()
    list_id = world.contacts(controller, [PERSON, OTHER])
    erase(workspace, 1, PERSON, "DPO", NOW)
    later = world.campaign(controller, [list_id])
    assert [row["number"] for row in world.targets(later.id)] == [OTHER]


@pytest.mark.parametrize("scope", [SuppressionScope.CONTROLLER, SuppressionScope.CAMPAIGN])
def test_a_refusal_is_honoured_wherever_it_is_asked_for(
    world: World, workspace: Workspace, scope: SuppressionScope
) -> None:
    campaign = called(world)
    row = Suppression(PERSON, scope, 1, SuppressionReason.KEY, "attempt 1", NOW)
    with writing(world.engine) as connection:
        suppressions.add(connection, [row])
    erase(workspace, 1, PERSON, "DPO", NOW)
    with reading(world.engine) as connection:
        numbers = [PERSON, OTHER]
        assert suppressions.in_force(connection, numbers, 1, campaign.id, NOW) == {PERSON}
    refusals = Refusals(world.engine)
    asked = [Asked(one, 1, campaign.id) for one in (PERSON, OTHER)]
    assert {one.number for one in refusals.among(asked, NOW)} == {PERSON}
    refusals.close()
    (told,) = explain.why(workspace, 1, PERSON)
    assert (told.gate, told.campaign_id) == (Gate.SUPPRESSED, None)
    assert explain.why(workspace, 1, number(77)) == []


def test_reason_and_day_of_a_refusal_stay_and_its_source_goes(
    world: World, workspace: Workspace
) -> None:
    row = Suppression(
        PERSON, SuppressionScope.CONTROLLER, world.controller(), SuppressionReason.KEY,
        "attempt 01", NOW - timedelta(days=9), attempt_id="01", expires_at=NOW,
    )  # fmt: skip
    with writing(world.engine) as connection:
        suppressions.add(connection, [row])
    erase(workspace, 1, PERSON, "DPO", NOW)
    with reading(world.engine) as connection:
        (kept,) = connection.execute(select(suppression)).mappings().all()
    assert kept["number"] == KEY.digest(PERSON)
    assert (kept["reason"], kept["created_at"]) == ("key", NOW - timedelta(days=9))
    assert (kept["source"], kept["attempt_id"], kept["expires_at"]) == ("", None, None)


@pytest.mark.parametrize("erased", [True, False])
def test_a_refreshed_file_revives_no_refusal(
    world: World, workspace: Workspace, erased: bool
) -> None:
    import_people(world, PERSON)
    if erased:
        erase(workspace, 1, PERSON, "DPO", NOW)
    else:
        campaign = world.campaign(1, [1])
        end(world, claim_all(world, campaign), Outcome.OPTED_OUT)
    report = import_people(world, OTHER, PERSON, supplier="Fichiers SA, juin")
    campaign = world.campaign(1, [report.list_id])
    assert [call.attempt.number for call in claim_all(world, campaign)] == [OTHER]
    world.check()


def test_a_file_does_not_bring_an_erased_person_back(world: World, workspace: Workspace) -> None:
    erase(workspace, world.controller(), PERSON, "DPO", NOW)
    report = import_people(world, PERSON, OTHER)
    assert (report.rows, report.accepted, report.rejected) == (2, 1, 1)
    (refused,) = rejects(world.engine, 1, report.list_id)
    assert (refused.line, refused.code, refused.value) == (2, "erased", "")
    assert PERSON[4:] not in everything(world.engine).replace(" ", "")


def test_suppressing_an_erased_person_again_keeps_no_number(
    world: World, workspace: Workspace
) -> None:
    erase(workspace, world.controller(), PERSON, "DPO", NOW)
    row = Suppression(PERSON, SuppressionScope.CONTROLLER, 1, SuppressionReason.FILE, "f", NOW)
    with writing(world.engine) as connection:
        assert suppressions.add(connection, [row]) == 0
    assert PERSON not in everything(world.engine)


def test_another_controllers_data_is_not_touched(world: World, workspace: Workspace) -> None:
    ours = world.controller()
    theirs = world.controller("Association")
    campaign = world.campaign(theirs, [world.contacts(theirs, [PERSON])])
    claim_all(world, campaign)
    assert erase(workspace, ours, PERSON, "DPO", NOW).contacts == 0
    assert [row["number"] for row in world.targets(campaign.id)] == [PERSON]
    assert list(world.locks()) == [PERSON]
    with reading(world.engine) as connection:
        assert suppressions.in_force(connection, [PERSON], theirs, campaign.id, NOW) == set()


def test_a_call_that_is_up_is_waited_for(world: World, workspace: Workspace) -> None:
    campaign = world.called(3)
    calls = claim_all(world, campaign)
    with pytest.raises(NotAllowed, match="is up"):
        erase(workspace, 1, PERSON, "DPO", NOW)
    assert PERSON in everything(world.engine)
    end(world, calls)
    assert erase(workspace, 1, PERSON, "DPO", NOW).attempts == 1
    world.check()


def test_an_erasure_waits_for_a_claim_under_way(postgres_store: Engine, tmp_path: Path) -> None:
    with_key(postgres_store)
    campaign = World(postgres_store).called(3)
    workspace = a_workspace(postgres_store, tmp_path)
    with ThreadPoolExecutor(1) as pool:
        with writing(postgres_store) as connection:
            claim(connection, Want(campaign, 3, True, "n"), NOW)
            erasing = pool.submit(erase, workspace, 1, PERSON, "DPO", NOW)
            wait_for_a_lock(postgres_store)
        with pytest.raises(NotAllowed, match="is up"):
            erasing.result()


def wait_for_a_lock(engine: Engine) -> None:
    """Return once some transaction waits for another."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.execute(waiting).scalar():
            pass


def test_a_call_in_doubt_is_waited_for_a_day(world: World, workspace: Workspace) -> None:
    campaign = world.called(3)
    with writing(world.engine) as connection:
        taken = claim(connection, Want(campaign, 3, True, "n"), NOW).taken
        calls = [Call(one.attempt, campaign, one.attempts, one.tries) for one in taken]
        write_closings(connection, [in_doubt(call, NOW) for call in calls])
    with pytest.raises(NotAllowed, match="2026-03-03 11:00 UTC"):
        erase(workspace, 1, PERSON, "DPO", NOW + DOUBT_ENDS / 2)
    erase(workspace, 1, PERSON, "DPO", NOW + DOUBT_ENDS)
    assert PERSON not in everything(world.engine)
    assert world.states(campaign.id) == {"in_doubt": 3}
    world.check()


def test_requests_for_erasure_are_answered_by_it(world: World, workspace: Workspace) -> None:
    world.controller()
    for kind in (RequestKind.ERASURE, RequestKind.ACCESS):
        requests.open_request(workspace, 1, kind, PERSON, by="DPO", note=f"letter of {PERSON}")
    assert erase(workspace, 1, PERSON, "DPO").requests == 2
    (open_,) = requests.listed(workspace, 1)
    assert (open_["kind"], open_["number"], open_["note"]) == ("access", "", "")
    assert PERSON not in everything(world.engine)


def test_without_the_key_nothing_is_erased_nor_called(world: World, workspace: Workspace) -> None:
    campaign = world.called(3)
    suppression_keys.use(world.engine, None)
    with pytest.raises(SuppressionKeyMissing, match="is missing"):
        erase(workspace, 1, PERSON, "DPO", NOW)
    with pytest.raises(SuppressionKeyMissing, match="restore FILE"):
        claim_all(world, campaign)
    refusals = Refusals(world.engine)
    with pytest.raises(SuppressionKeyMissing):
        refusals.among([Asked(OTHER, 1, 1)], NOW)
    refusals.close()
    suppression_keys.use(world.engine, type(KEY)(bytes(32)))
    with pytest.raises(SuppressionKeyMissing, match="not the one"):
        claim_all(world, campaign)
    assert world.states(campaign.id) == {"pending": 3}


def test_without_the_key_no_file_is_taken_in_where_somebody_was_erased(
    world: World, workspace: Workspace
) -> None:
    suppression_keys.use(world.engine, None)
    assert import_people(world, PERSON, supplier="before").accepted == 1
    with_key(world.engine)
    erase(workspace, 1, PERSON, "DPO", NOW)
    suppression_keys.use(world.engine, None)
    with pytest.raises(SuppressionKeyMissing):
        import_people(world, OTHER, PERSON, supplier="after")
    assert PERSON not in everything(world.engine)


def test_a_refusal_is_taken_down_even_without_the_key(world: World) -> None:
    campaign = world.called(3)
    calls = claim_all(world, campaign)
    suppression_keys.use(world.engine, None)
    end(world, calls, Outcome.OPTED_OUT)
    with_key(world.engine)
    with reading(world.engine) as connection:
        assert suppressions.in_force(connection, [PERSON], 1, 1, NOW) == {PERSON}


def statements(world: World, campaign: Campaign) -> list[str]:
    """What a claim of three asks the database."""
    said: list[str] = []

    def listen(*told: Any) -> None:
        said.append(told[2])

    event.listen(world.engine, "before_cursor_execute", listen)
    with writing(world.engine) as connection:
        assert len(claim(connection, Want(campaign, 3, True, "n"), NOW).taken) == 3
    event.remove(world.engine, "before_cursor_execute", listen)
    return said


def test_a_claim_asks_at_most_once_more_and_only_where_somebody_was_erased(
    world: World, workspace: Workspace
) -> None:
    campaign = world.called(10)
    statements(world, campaign)  # the first one opens the audit
    before = statements(world, campaign)
    assert sum("suppression" in one for one in before) == 1, "one statement for a whole batch"
    erase(workspace, 1, number(9), "DPO", NOW)
    assert len(statements(world, campaign)) == len(before) + 1
