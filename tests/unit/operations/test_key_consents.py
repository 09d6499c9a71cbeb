"""Whoever agrees with a key may be called for what was said, and for nothing else."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from erasing import with_key
from sqlalchemy import Engine
from store_subjects import World, number
from test_consent_forms import opened, people
from workspaces import a_workspace

from campaigns.campaign import Campaign
from campaigns.outcome import Outcome
from campaigns.reply import Reply, ReplyKind
from campaigns.rules.gates import Gate
from campaigns.script import KeyAct, KeyConsent, Script, script_to_plain
from dialer.book import write_closings
from dialer.calls import Call
from dialer.claim import Want, claim
from dialer.outcomes import Closing, never_placed
from operations import consent_forms
from operations.consent_form import ConsentForm
from operations.consent_proof import proofs
from operations.erase import erase
from operations.receipt import issue
from store import replies
from store.engine import reading, writing

PERSON = number(7)
TEXT = "J'accepte d'être appelé pour les réunions publiques."


@pytest.fixture
def world(store: Engine) -> World:
    return World(store, datetime.now(UTC))


@pytest.fixture
def form(world: World) -> ConsentForm:
    return opened(
        world.engine, world.controller(), slots=(), purposes=["meetings"], wordings={"fr": TEXT}
    )


def asking(world: World, form: ConsentForm, list_id: int, **changes: object) -> Campaign:
    consent = KeyConsent(form.id, form.wording("fr").id, form.purposes)
    script = Script("scripts/a", {"5": KeyAct.CONSENT}, consent=consent)
    return world.campaign(world.controller(), [list_id], script=script_to_plain(script), **changes)


def agreed(world: World, campaign: Campaign, outcome: Outcome = Outcome.DELIVERED) -> str:
    """Call everybody of a campaign, who all agree; the id of the last call."""
    with writing(world.engine) as connection:
        taken = claim(connection, Want(campaign, 10, campaign.rehearsal, "n"), world.now).taken
    closings = [_agrees(world, Call(one.attempt, campaign, 0, 0), outcome) for one in taken]
    with writing(world.engine) as connection:
        write_closings(connection, closings)
    return taken[-1].attempt.id


def _agrees(world: World, call: Call, outcome: Outcome) -> Closing:
    call.note(Reply(ReplyKind.CONSENT, 0, "5", world.now))
    return never_placed(call, outcome, world.now)


def gates(world: World, form: ConsentForm, purpose: str) -> dict[str, int] | str:
    """What a campaign for a purpose finds among those who agreed: a gate, or that it may call."""
    campaign = world.campaign(world.controller(), [form.list_id], purpose=purpose)
    with writing(world.engine) as connection:
        taken = claim(connection, Want(campaign, 10, True, "n"), world.now).taken
    return "called" if taken else world.targets(campaign.id)[0]["gate"]


def test_it_can_be_used_for_its_purpose_only(world: World, form: ConsentForm) -> None:
    first = world.contacts(world.controller(), [PERSON])
    agreed(world, asking(world, form, first))
    assert gates(world, form, "political") == Gate.NO_BASIS
    assert gates(world, form, "meetings") == "called"


def test_it_is_proved_by_the_text_that_was_spoken(world: World, form: ConsentForm) -> None:
    campaign = asking(world, form, world.contacts(world.controller(), [PERSON]))
    consent_forms.reword(
        world.engine, world.controller(), form.slug, {"fr": "Un autre texte."}, "Zoé"
    )
    call = agreed(world, campaign)
    (one,) = people(world.engine, form)
    assert (one["number"], one["evidence"], one["wording_id"]) == (PERSON, "row", "fr-1")
    assert call in one["consent_source"]
    (proof,) = proofs(world.engine, world.controller(), PERSON)
    assert proof.text == TEXT


def test_whoever_refuses_in_the_same_call_has_not_agreed(world: World, form: ConsentForm) -> None:
    agreed(world, asking(world, form, world.contacts(world.controller(), [PERSON])),
           Outcome.OPTED_OUT)  # fmt: skip
    assert people(world.engine, form) == []


def test_a_simulated_network_agrees_for_nobody(world: World, form: ConsentForm) -> None:
    real = "+33612345678"
    listed = world.contacts(world.controller(), [real], fictional=False)
    call = agreed(world, asking(world, form, listed))
    assert people(world.engine, form) == []
    with reading(world.engine) as connection:
        assert [one.kind for one in replies.of_attempts(connection, [call])[call]] == ["consent"]


def test_a_form_that_was_closed_takes_nobody(world: World, form: ConsentForm) -> None:
    campaign = asking(world, form, world.contacts(world.controller(), [PERSON]))
    consent_forms.close(world.engine, world.controller(), form.slug, "Zoé")
    agreed(world, campaign)
    assert people(world.engine, form) == []


def test_the_person_is_told_of_it_and_it_can_be_erased(
    world: World, form: ConsentForm, tmp_path: Path
) -> None:
    workspace = a_workspace(world.engine, tmp_path)
    with_key(world.engine)
    call = agreed(world, asking(world, form, world.contacts(world.controller(), [PERSON])))
    found = issue(workspace, world.controller(), PERSON, "Zoé", "text")
    (place,) = found.campaigns
    assert [one.kind for one in place.said] == ["consent"]
    assert [one.wording for one in found.forms] == [TEXT]
    erase(workspace, world.controller(), PERSON, "Zoé")
    with reading(world.engine) as connection:
        assert replies.of_attempts(connection, [call]) == {call: []}
    assert [one["number"] for one in people(world.engine, form)] != [PERSON]
