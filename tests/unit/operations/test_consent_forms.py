"""Consent given on a form is proved by the text shown there; a refusal is never revived there."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import Engine
from store_subjects import World
from workspaces import a_workspace

from campaigns.campaign import Campaign
from campaigns.contacts.fault import InvalidNumber
from campaigns.errors import InvalidInput, NotAllowed, NotFound
from campaigns.outcome import Outcome
from dialer.book import write_closings
from dialer.calls import Call
from dialer.claim import Taken, Want, claim
from dialer.outcomes import Closing, never_placed
from operations import consent_forms
from operations.consent_form import ConsentForm, at, of_controller
from operations.consent_forms import NewForm
from operations.consent_proof import proofs
from operations.lift import lift
from operations.retain import retain
from operations.submissions import Agreement, agree, faults, withdraw
from operations.suppress import Owner, listed, suppress
from operations.undo_import import undo_import
from store import audit, controllers, lists, retention
from store.engine import reading, writing
from store.submissions import ConsentAct

FRENCH = "J'accepte d'être appelé par un automate de 18 h à 20 h."
MOBILE = "06 39 98 00 01"
E164 = "+33639980001"
NOW = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)  # the 27th in Paris


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def owner(store: Engine) -> int:
    with writing(store) as connection:
        return controllers.ensure(connection, "Comité", NOW)


@pytest.fixture
def form(store: Engine, owner: int) -> ConsentForm:
    return opened(store, owner)


def opened(store: Engine, owner: int, **changes: Any) -> ConsentForm:
    values = {
        "name": "Stand du marché",
        "purposes": ["political"],
        "wordings": {"fr": FRENCH},
        "slug": "marche",
        **changes,
    }
    return consent_forms.create(store, owner, NewForm(**values), "Zoé")


def given(**changes: Any) -> Agreement:
    return Agreement(**{"number": MOBILE, "agreed": True, "wording": "fr-1", **changes})


def people(store: Engine, form: ConsentForm) -> list[dict[str, Any]]:
    with reading(store) as connection:
        return lists.contacts(connection, form.list_id, 0, 1000)


def acts(store: Engine, owner: int) -> list[str]:
    with reading(store) as connection:
        return [one["act"] for one in audit.latest(connection, owner, 100)][::-1]


def test_an_agreement_becomes_a_contact_that_proves_itself(
    store: Engine, owner: int, form: ConsentForm
) -> None:
    agree(store, "marche", given())
    (person,) = people(store, form)
    assert person | {"id": 0} == {
        "id": 0, "list_id": form.list_id, "line": 1, "number": E164, "kind": "mobile",
        "zones": "Europe/Paris", "fictional": True, "external_id": None, "attributes": {},
        "evidence": "row", "consented_on": date(2026, 11, 27),
        "consent_source": "consent form «Stand du marché», /consent/marche",
        "wording_id": "fr-1", "slot": None, "consent_expires_on": None, "withdrawn_on": None,
    }  # fmt: skip
    with reading(store) as connection:
        kept = lists.one(connection, owner, form.list_id)
    assert (kept["method"], kept["supplier"], kept["state"]) == ("web form", "Comité", "ready")
    assert (kept["purposes"], kept["wordings"]) == (["political"], {"fr-1": FRENCH})
    assert (kept["rows"], kept["accepted"]) == (1, 1)


def test_where_a_number_came_from_is_answered_with_the_exact_text(
    store: Engine, owner: int, form: ConsentForm
) -> None:
    agree(store, "marche", given())
    (proof,) = proofs(store, owner, "+33 6 39 98 00 01")
    assert (proof.act, proof.at, proof.language) == (ConsentAct.AGREE, NOW, "fr")
    assert (proof.form, proof.list_id, proof.purposes) == ("marche", form.list_id, ("political",))
    assert (proof.wording, proof.text) == ("fr-1", FRENCH)
    assert proof.sha256 == hashlib.sha256(FRENCH.encode()).hexdigest()
    assert not proof.suppressed
    with writing(store) as connection:
        other = controllers.ensure(connection, "Autre", NOW)
    assert proofs(store, other, MOBILE) == [], "nobody else is told"


def test_what_is_audited_names_the_proof_and_no_number(
    store: Engine, owner: int, form: ConsentForm
) -> None:
    agree(store, "marche", given())
    with reading(store) as connection:
        (event,) = audit.latest(connection, owner, 1)
    assert (event["act"], event["subject"]) == ("consent.agree", f"consent form {form.id}")
    assert event["detail"]["sha256"] == form.wordings[0].sha256
    assert event["detail"]["submission"] == 1
    assert "0001" not in str(event)


def test_the_same_twice_changes_nothing(store: Engine, owner: int, form: ConsentForm) -> None:
    agree(store, "marche", given())
    before = (people(store, form), proofs(store, owner, MOBILE), acts(store, owner))
    agree(store, "marche", given(number="0033639980001"))
    assert (people(store, form), proofs(store, owner, MOBILE), acts(store, owner)) == before


def test_the_same_at_the_same_time_is_kept_once(
    store: Engine, owner: int, form: ConsentForm
) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(agree, store, "marche", given()) for _ in range(8)]:
            done.result()
    assert len(people(store, form)) == len(proofs(store, owner, MOBILE)) == 1


def test_other_hours_replace_those_chosen_before(store: Engine, owner: int) -> None:
    form = opened(store, owner, slots=["18h-20h", "lun-ven 10h-12h"])
    assert [str(one) for one in form.slots] == ["18:00-20:00", "mon-fri 10:00-12:00"]
    agree(store, "marche", given(slot="18:00-20:00"))
    agree(store, "marche", given(slot="mon-fri 10:00-12:00"))
    (person,) = people(store, form)
    assert person["slot"] == "mon-fri 10:00-12:00"
    assert [one.slot for one in proofs(store, owner, MOBILE)] == [
        "mon-fri 10:00-12:00", "18:00-20:00"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": "12"}, "phone"),
        ({"slot": ""}, "slot"),
        ({"slot": "00:00-24:00"}, "slot"),
        ({"agreed": False}, "agreed"),
        ({"wording": "fr-9"}, "agreed"),
        ({"wording": ""}, "agreed"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(
    store: Engine, owner: int, changes: dict[str, Any], field: str
) -> None:
    form = opened(store, owner, slots=["18h-20h"])
    sent = given(**{"slot": "18:00-20:00", **changes})
    (fault,) = faults(form, sent)
    assert fault.field == field
    assert fault.why
    with pytest.raises(InvalidInput):
        agree(store, "marche", sent)
    assert people(store, form) == []


def test_a_changed_text_is_a_new_version_and_the_old_one_is_kept(
    store: Engine, owner: int, form: ConsentForm
) -> None:
    agree(store, "marche", given())
    changed = consent_forms.reword(store, owner, "marche", {"fr": "Oui.", "en": "Yes."}, "Zoé")
    assert [one.key for one in changed.wordings] == ["en-1", "fr-1", "fr-2"]
    assert changed.wording("fr").text == "Oui."
    again = consent_forms.reword(store, owner, "marche", {"fr": "Oui."}, "Zoé")
    assert again.wordings == changed.wordings, "the same text is no new version"
    with pytest.raises(InvalidInput, match="changed"):
        agree(store, "marche", given())  # the page was opened before
    agree(store, "marche", given(wording="fr-2"))
    assert [one.text for one in proofs(store, owner, MOBILE)] == ["Oui.", FRENCH]
    with reading(store) as connection:
        known = lists.one(connection, owner, form.list_id)["wordings"]
    assert known == {"fr-1": FRENCH, "fr-2": "Oui.", "en-1": "Yes."}
    assert people(store, form)[0]["wording_id"] == "fr-2"


@pytest.mark.parametrize("everybody", [False, True])
def test_a_refusal_stands_whatever_is_typed(
    store: Engine, owner: int, form: ConsentForm, everybody: bool
) -> None:
    whose = Owner.operator() if everybody else Owner.controller(owner)
    suppress(store, whose, MOBILE, source="a key", by="Zoé")
    agree(store, "marche", given())
    (proof,) = proofs(store, owner, MOBILE)
    assert proof.suppressed, "it is recorded"
    assert [one["number"] for one in listed(store, whose)] == [E164], "and refused as before"


def test_withdrawing_is_in_force_at_once_and_typing_again_does_not_undo_it(
    store: Engine, owner: int, form: ConsentForm
) -> None:
    agree(store, "marche", given())
    withdraw(store, "marche", "06.39.98.00.01", "fr")
    (suppressed,) = listed(store, Owner.controller(owner))
    assert (suppressed["number"], suppressed["reason"]) == (E164, "form")
    assert suppressed["expires_at"] is None
    assert people(store, form)[0]["withdrawn_on"] == date(2026, 11, 27)
    before = acts(store, owner)
    withdraw(store, "marche", MOBILE, "fr")
    assert acts(store, owner) == before, "twice is once"
    agree(store, "marche", given())
    assert people(store, form)[0]["withdrawn_on"] is None, "there is a newer agreement"
    assert len(listed(store, Owner.controller(owner))) == 1, "and the refusal stands"
    assert [one.act.value for one in proofs(store, owner, MOBILE)] == [
        "agree", "withdraw", "agree"
    ]  # fmt: skip


def test_anybody_can_ask_never_to_be_called(store: Engine, owner: int, form: ConsentForm) -> None:
    withdraw(store, "marche", MOBILE, "en")
    assert people(store, form) == []
    assert [one["number"] for one in listed(store, Owner.controller(owner))] == [E164]
    with pytest.raises(InvalidNumber):
        withdraw(store, "marche", "12", "en")
    with pytest.raises(NotFound):
        withdraw(store, "nowhere", MOBILE, "en")


def test_a_closed_form_takes_withdrawals_only(store: Engine, owner: int, form: ConsentForm) -> None:
    agree(store, "marche", given())
    for _ in "ab":
        assert consent_forms.close(store, owner, "marche", "Zoé").closed_at == NOW
    assert acts(store, owner).count("consent_form.close") == 1
    with pytest.raises(NotAllowed):
        agree(store, "marche", given(number="06 39 98 00 02"))
    withdraw(store, "marche", MOBILE, "fr")
    assert len(listed(store, Owner.controller(owner))) == 1


def test_a_form_belongs_to_its_controller(store: Engine, owner: int, form: ConsentForm) -> None:
    with writing(store) as connection:
        other = controllers.ensure(connection, "Autre", NOW)
    for change in (
        lambda: consent_forms.close(store, other, "marche", "x"),
        lambda: consent_forms.reword(store, other, "marche", {"fr": "Oui."}, "x"),
    ):
        with pytest.raises(NotFound):
            change()
    assert of_controller(store, other) == []
    assert [one.slug for one in of_controller(store, owner)] == ["marche"]
    assert at(store, "marche") == form


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"slug": "Été"}, "slug"),
        ({"slug": "-a-"}, "slug"),
        ({"slug": "taken"}, "slug"),
        ({"wordings": {}}, "wordings"),
        ({"wordings": {"fr": "  "}}, "wordings"),
        ({"wordings": {"fr": "x" * 5000}}, "wordings"),
        ({"wordings": {"de": "Ja."}}, "wordings"),
        ({"slots": ["le soir"]}, "consent_slot"),
        ({"purposes": []}, "purposes"),
        ({"name": " "}, "name"),
    ],
)
def test_what_makes_no_form(store: Engine, owner: int, changes: dict[str, Any], field: str) -> None:
    opened(store, owner, slug="taken")
    with pytest.raises(InvalidInput) as refused:
        opened(store, owner, **changes)
    assert refused.value.field == field
    assert len(of_controller(store, owner)) == 1, "nothing is left of it"


def test_an_address_nobody_can_guess(store: Engine, owner: int) -> None:
    made = {opened(store, owner, slug="").slug for _ in range(3)}
    assert len(made) == 3
    assert all(len(one) == 16 for one in made)


def test_its_list_stays_while_it_is_open_and_goes_with_the_proofs(
    store: Engine, owner: int, form: ConsentForm, clock: time_machine.Traveller
) -> None:
    agree(store, "marche", given())
    with pytest.raises(NotAllowed, match="«marche»"):
        undo_import(store, owner, form.list_id, "Zoé")
    with reading(store) as connection:
        assert retention.old_lists(connection, NOW + timedelta(days=1)) == []
    consent_forms.close(store, owner, "marche", "Zoé")
    with reading(store) as connection:
        assert retention.old_lists(connection, NOW) == [], "closed no longer ago"
        (old,) = retention.old_lists(connection, NOW + timedelta(days=1))
    assert old.id == form.list_id
    assert undo_import(store, owner, form.list_id, "Zoé").contacts == 1
    assert proofs(store, owner, MOBILE) == []


def test_retention_takes_the_proofs_with_the_people(
    store: Engine, owner: int, form: ConsentForm, tmp_path: Path
) -> None:
    agree(store, "marche", given())
    withdraw(store, "marche", "06 39 98 00 02", "fr")
    consent_forms.close(store, owner, "marche", "Zoé")
    workspace, years = a_workspace(store, tmp_path), timedelta(days=1095)
    assert retain(workspace, NOW + years) == 0
    assert retain(workspace, NOW + years + timedelta(days=1)) == 1
    assert proofs(store, owner, MOBILE) == []
    assert proofs(store, owner, "06 39 98 00 02") == []
    assert E164 not in str(people(store, form))
    assert len(listed(store, Owner.controller(owner))) == 1, "who refused is still not called"


def called(store: Engine, owner: int, form: ConsentForm) -> list[str]:
    """Whom a new campaign over the form's list calls now."""
    world = World(store, datetime.now(UTC))
    campaign = world.campaign(owner, [form.list_id], name=f"campaign {uuid4()}")
    with writing(store) as connection:
        taken = claim(connection, Want(campaign, 10, True, "n"), world.now).taken
        write_closings(connection, [_ended(one, campaign, world.now) for one in taken])
    return [one.attempt.number for one in taken]


def _ended(one: Taken, campaign: Campaign, now: datetime) -> Closing:
    call = Call(one.attempt, campaign, one.attempts, one.tries)
    return never_placed(call, Outcome.BUSY, now)


def test_campaigns_call_whoever_agreed_in_the_hours_they_chose_until_they_withdraw(
    store: Engine, owner: int, clock: time_machine.Traveller
) -> None:
    form = opened(store, owner, slots=["18h-20h"])
    agree(store, "marche", given(slot="18:00-20:00"))
    assert called(store, owner, form) == [], "it is half past midnight"
    clock.move_to(datetime(2026, 11, 27, 17, 30, tzinfo=UTC))
    assert called(store, owner, form) == [E164]
    withdraw(store, "marche", MOBILE, "fr")
    assert called(store, owner, form) == []
    agree(store, "marche", given(slot="18:00-20:00"))
    assert called(store, owner, form) == [], "typing it again lifts nothing"
    lift(store, Owner.controller(owner), MOBILE, why="a letter", by="Zoé")
    assert called(store, owner, form) == [E164]


def test_a_lifted_refusal_does_not_make_a_withdrawn_consent_good(
    store: Engine, owner: int, form: ConsentForm
) -> None:
    agree(store, "marche", given())
    withdraw(store, "marche", MOBILE, "fr")
    lift(store, Owner.controller(owner), MOBILE, why="a letter", by="Zoé")
    assert called(store, owner, form) == [], "no basis is left"
    agree(store, "marche", given())
    assert called(store, owner, form) == [E164]


def test_people_of_a_form_are_one_line_each(store: Engine, owner: int, form: ConsentForm) -> None:
    for index in range(1, 4):
        agree(store, "marche", given(number=f"06 39 98 00 0{index}"))
    assert [one["line"] for one in people(store, form)] == [1, 2, 3]
    assert at(store, "marche").people == 3
