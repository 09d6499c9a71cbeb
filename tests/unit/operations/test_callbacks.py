"""What a caller asks for is carried out once, for the controller whose number was called."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from erasing import with_key
from sqlalchemy import Engine
from test_consent_forms import opened
from workspaces import a_workspace

from campaigns.callback import CallerAct, Said
from campaigns.contacts.request import RequestKind
from operations import callback_line
from operations.callbacks import carry_out
from operations.consent_form import ConsentForm
from operations.consent_proof import proofs
from operations.erase import erase
from operations.lift import lift
from operations.receipt import issue
from operations.retain import retain
from operations.suppress import Owner, listed
from store import audit, callbacks, controllers, requests
from store.engine import reading, writing

NOW = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)  # the 27th in Paris
LINE, CALLER = "+33199001234", "+33639980001"


@pytest.fixture
def owner(store: Engine) -> int:
    with writing(store) as connection:
        return controllers.ensure(connection, "Comité", NOW)


@pytest.fixture
def form(store: Engine, owner: int) -> ConsentForm:
    return opened(store, owner, slots=())


@pytest.fixture(autouse=True)
def line(store: Engine, owner: int, form: ConsentForm) -> None:
    with writing(store) as connection:
        callbacks.install(
            connection, LINE, controller_id=owner, form_id=form.id, language="fr",
            message="m", installed_at=NOW, installed_by="Zoé",
        )  # fmt: skip


def said(act: CallerAct, call: str = "1.1", **changed: object) -> Said:
    given = {"called": "0199001234", "caller": "0639980001", "keyed": False, **changed}
    return Said(act, call, NOW, **given)  # type: ignore[arg-type]


def refused(store: Engine, controller: int) -> list[str]:
    return [row["number"] for row in listed(store, Owner.controller(controller))]


def test_a_refusal_is_in_force_for_that_controller_alone(store: Engine, owner: int) -> None:
    with writing(store) as connection:
        other = controllers.ensure(connection, "Un autre", NOW)
    assert carry_out(store, said(CallerAct.OPTOUT))
    assert refused(store, owner) == [CALLER]
    assert refused(store, other) == []


@pytest.mark.parametrize("called", ["0199001234", "33199001234"])
@pytest.mark.parametrize("caller", ["0639980001", "+33639980001", "33639980001"])
def test_numbers_are_known_however_the_trunk_writes_them(
    store: Engine, owner: int, called: str, caller: str
) -> None:
    carry_out(store, said(CallerAct.OPTOUT, called=called, caller=caller))
    assert refused(store, owner) == [CALLER]


def test_a_line_that_is_read_twice_revives_no_refusal(store: Engine, owner: int) -> None:
    carry_out(store, said(CallerAct.OPTOUT))
    lift(store, Owner.controller(owner), CALLER, by="Zoé", why="she wrote to us")
    assert not carry_out(store, said(CallerAct.OPTOUT))
    assert refused(store, owner) == []
    assert carry_out(store, said(CallerAct.OPTOUT, "1.2"))
    assert refused(store, owner) == [CALLER]


def test_a_question_is_a_request_with_its_month(store: Engine, owner: int) -> None:
    with time_machine.travel(NOW, tick=False):
        carry_out(store, said(CallerAct.ACCESS))
    with reading(store) as connection:
        (made,) = requests.of_controller(connection, owner)
    assert (made["kind"], made["number"]) == (RequestKind.ACCESS.value, CALLER)
    assert (str(made["received_on"]), str(made["due_on"])) == ("2026-11-27", "2026-12-28")


def test_who_agrees_is_in_the_forms_list_with_proof(store: Engine, owner: int) -> None:
    carry_out(store, said(CallerAct.CONSENT))
    (proof,) = proofs(store, owner, CALLER)
    assert proof.act == "agree"


def test_what_is_keyed_in_agrees_to_nothing(store: Engine, owner: int) -> None:
    carry_out(store, said(CallerAct.CONSENT, keyed=True))
    assert proofs(store, owner, CALLER) == []


def test_agreeing_revives_nobody_who_refused(store: Engine, owner: int) -> None:
    carry_out(store, said(CallerAct.OPTOUT))
    carry_out(store, said(CallerAct.CONSENT, "1.2"))
    assert refused(store, owner) == [CALLER]


@pytest.mark.parametrize("caller", ["", "12", "+447700900123"])
def test_who_cannot_be_told_is_kept_as_a_call_and_nothing_is_done(
    store: Engine, owner: int, caller: str
) -> None:
    assert not carry_out(store, said(CallerAct.OPTOUT, caller=caller))
    assert refused(store, owner) == []
    with reading(store) as connection:
        (act,) = callbacks.acts(connection, owner, 9)
    assert act["number"] == ""


def test_a_number_that_is_no_line_is_nothing(store: Engine, owner: int) -> None:
    assert not carry_out(store, said(CallerAct.OPTOUT, called="0199009999"))
    with reading(store) as connection:
        assert callbacks.acts(connection, owner, 9) == []


def test_a_receipt_tells_of_the_calls_and_an_erasure_takes_the_number_out(
    store: Engine, owner: int, tmp_path: Path
) -> None:
    with_key(store)
    workspace = a_workspace(store, tmp_path)
    carry_out(store, said(CallerAct.CALL))
    carry_out(store, said(CallerAct.OPTOUT))
    told = issue(workspace, owner, CALLER, "Zoé", "text").callbacks
    assert [(one.act, one.line) for one in told] == [("call", LINE), ("optout", LINE)]
    assert erase(workspace, owner, CALLER, "Zoé").callbacks == 2
    with reading(store) as connection:
        assert all(one["number"].startswith("-") for one in callbacks.acts(connection, owner, 9))
    assert not carry_out(store, said(CallerAct.OPTOUT)), "it was done before"


def test_what_was_said_on_a_line_that_was_removed_meanwhile_is_carried_out(
    store: Engine, owner: int, tmp_path: Path
) -> None:
    callback_line.remove(a_workspace(store, tmp_path), owner, LINE, "Zoé")
    assert carry_out(store, said(CallerAct.OPTOUT))
    assert refused(store, owner) == [CALLER]


def test_a_number_goes_when_its_time_is_over_and_the_act_stays(
    store: Engine, owner: int, tmp_path: Path
) -> None:
    carry_out(store, said(CallerAct.CALL))
    workspace = a_workspace(store, tmp_path)
    kept = timedelta(days=workspace.settings.retention.campaign_days)
    for over, expected in ((NOW + kept, CALLER), (NOW + kept + timedelta(days=1), "-1")):
        retain(workspace, over)
        with reading(store) as connection:
            assert [one["number"] for one in callbacks.acts(connection, owner, 9)] == [expected]
        assert callback_line.listed(workspace, owner)[0]["heard_at"] == NOW


def test_the_audit_names_the_line_and_no_number(store: Engine, owner: int) -> None:
    carry_out(store, said(CallerAct.OPTOUT))
    with reading(store) as connection:
        act = audit.latest(connection, owner, 1)[0]
    assert (act["act"], act["actor"]) == ("suppression.add", "callback line")
    assert "39980001" not in str(act)
