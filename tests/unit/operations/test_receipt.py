"""A receipt has everything that a controller holds of a number, and nothing of anybody else."""

import hashlib
import json
from dataclasses import asdict, fields
from datetime import date, timedelta
from pathlib import Path

import pytest
from receipts import OTHER, PERSON, SECRET, WORDING, full_house
from sqlalchemy import Engine, select
from store_subjects import CALLER_ID, NOW, World, number
from workspaces import a_workspace

from campaigns.contacts.fault import InvalidNumber
from campaigns.states import Action
from cli.console import as_json
from operations import consent_forms, receipt_parts
from operations.consent_forms import NewForm
from operations.erase import erase
from operations.receipt import issue
from operations.receipt_parts import Receipt
from operations.submissions import Agreement, agree, withdraw
from operations.workspace import Workspace
from store import tables
from store.engine import reading

KEPT = timedelta(days=1095)
DOCUMENTATION = Path(__file__).parents[3] / "docs" / "receipt.md"


@pytest.fixture
def workspace(store: Engine, tmp_path: Path) -> Workspace:
    settings = '[privacy.contacts]\n"Comité" = "dpo@comite.example"\n'
    return a_workspace(store, tmp_path, settings)


@pytest.fixture
def found(workspace: Workspace) -> Receipt:
    return issue(workspace, full_house(workspace), "06 39 98 00 01", "DPO", "json")


def test_who_holds_it(found: Receipt) -> None:
    assert (found.number, found.controller, found.contact, found.kept_days) == (
        PERSON, "Comité", "dpo@comite.example", 1095,
    )  # fmt: skip


def test_where_the_number_comes_from(found: Receipt) -> None:
    (one,) = found.lists
    assert (one.list, one.file_name, one.line) == ("Liste Fichiers SA", "liste.csv", 2)
    assert (one.supplier, one.method, one.basis) == ("Fichiers SA", "formulaire", "consent")
    assert (one.collected_on, one.purposes) == (date(2026, 1, 5), ["political"])
    assert (one.consented_on, one.consent_source) == (date(2026, 1, 5), "site web")
    assert (one.wording_id, one.wording, one.evidence) == ("w1", WORDING, "row")
    assert (one.external_id, one.attributes) == ("A-17", {"nom": "Anne"})
    (row,) = found.refused_rows
    assert (row.line, row.value) == (4, PERSON)


def test_what_it_was_used_for(found: Receipt) -> None:
    (one,) = found.campaigns
    assert (one.purpose, one.state, one.line, one.rehearsal) == ("political", "reached", 2, True)
    (call,) = one.calls
    assert (call.begun_at, call.sent_at, call.answered_at) == (NOW, NOW, NOW)
    assert (call.caller_id, call.outcome, call.heard_s, call.keys) == (
        CALLER_ID, "delivered", 12.4, "19",
    )  # fmt: skip


def test_what_was_done_on_forms_and_what_the_consent_says(workspace: Workspace) -> None:
    ours, slot = full_house(workspace), "mon-fri 18:00-20:00"
    asked = NewForm("Stand", ["political"], {"fr": WORDING}, [slot], "stand")
    form = consent_forms.create(workspace.engine, ours, asked, "Zoé")
    given = Agreement(PERSON, agreed=True, wording="fr-1", slot=slot)
    agree(workspace.engine, form.slug, given)
    withdraw(workspace.engine, form.slug, PERSON, "fr")
    found = issue(workspace, ours, PERSON, "DPO", "json")
    agreed, withdrawn = found.forms
    assert (agreed.form, agreed.act, agreed.wording) == ("Stand", "agree", WORDING)
    assert (agreed.slot, agreed.suppressed) == (slot, True)
    assert agreed.sha256 == hashlib.sha256(WORDING.encode()).hexdigest()
    assert (withdrawn.act, withdrawn.wording) == ("withdraw", None)
    (entry,) = [one for one in found.lists if one.method == "web form"]
    assert entry.consent_slot == slot
    assert entry.withdrawn_on is not None


def test_what_was_refused_and_asked_for(found: Receipt) -> None:
    own, everybodys = sorted(found.refusals, key=lambda one: one.scope)
    assert (own.scope, own.reason, own.source) == ("controller", "manual", "lettre du 3 mars")
    assert (own.until, own.digest_only) == (None, False)
    assert (everybodys.scope, everybodys.reason, everybodys.source) == ("operator", "file", "")
    (asked,) = found.requests
    assert (asked.kind, asked.answered_at) == ("access", None)


def test_what_the_audit_has_of_it(found: Receipt) -> None:
    acts = [one.act for one in found.acts]
    assert sorted(acts) == ["calls.allow", "list.import", "request.open", "suppression.add"]


def test_until_when_it_is_kept(workspace: Workspace) -> None:
    ours = full_house(workspace)
    running = issue(workspace, ours, PERSON, "DPO", "json")
    assert (running.lists[0].kept_until, running.campaigns[0].kept_until) == (None, None)
    world = World(workspace.engine)
    world.later(days=400)
    for action in (Action.STOP, Action.END):
        world.act(1, action)
    over = issue(workspace, ours, PERSON, "DPO", "json")
    assert over.campaigns[0].kept_until == world.now + KEPT
    imported = over.lists[0].imported_at + KEPT
    assert over.lists[0].kept_until == max(imported, world.now + KEPT)


def test_nothing_of_anybody_else_is_in_it(found: Receipt) -> None:
    said = as_json(asdict(found))
    assert SECRET not in said
    assert OTHER not in said
    assert "Bruno" not in said
    assert "Zoé" not in said, "nor who works for the controller"


def test_who_asked_is_kept_and_no_number_with_it(workspace: Workspace, found: Receipt) -> None:
    del found
    with reading(workspace.engine) as connection:
        rows = connection.execute(select(tables.audit_event)).mappings().all()
    (one,) = [row for row in rows if row["act"] == "receipt.issue"]
    assert (one["actor"], one["subject"], one["controller_id"]) == ("DPO", "+33 6 39 •• •• 01", 1)
    assert one["detail"]["as"] == "json"
    assert PERSON not in str(rows)


def test_a_number_of_which_nothing_is_held_gets_one_too(workspace: Workspace) -> None:
    nothing = issue(workspace, full_house(workspace), number(99), "DPO", "text")
    assert [*nothing.lists, *nothing.campaigns, *nothing.refusals, *nothing.acts] == []


def test_after_an_erasure_only_the_refusal_is_left(workspace: Workspace) -> None:
    ours = full_house(workspace)
    erase(workspace, ours, PERSON, "DPO")
    left = issue(workspace, ours, PERSON, "DPO", "json")
    assert [*left.lists, *left.campaigns, *left.refused_rows] == []
    own = [one for one in left.refusals if one.scope == "controller"]
    assert {(one.digest_only, one.source) for one in own} == {(True, "")}
    assert "person.erase" in {one.act for one in left.acts}


def test_what_is_no_number_is_refused(workspace: Workspace) -> None:
    with pytest.raises(InvalidNumber):
        issue(workspace, full_house(workspace), "06 39", "DPO", "json")


def test_its_json_is_as_documented(found: Receipt) -> None:
    text = DOCUMENTATION.read_text()
    assert json.loads(as_json(asdict(found)))["format"] == receipt_parts.FORMAT
    assert receipt_parts.FORMAT in text
    for part in (
        "Receipt",
        "Entry",
        "Place",
        "CallMade",
        "Refusal",
        "RangBack",
        "RefusedRow",
        "Asked",
        "Act",
    ):
        for one in fields(getattr(receipt_parts, part)):
            assert f"`{one.name}`" in text, f"{part}.{one.name} is not documented"
