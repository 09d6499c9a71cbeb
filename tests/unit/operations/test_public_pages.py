"""A controller's page: published by its officer, true of its calls, and open to refusals."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from erasing import with_key
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from store_subjects import CALLER_ID, World
from test_consent_forms import opened
from workspaces import CARRIER, a_workspace

from campaigns.contacts.fault import InvalidNumber
from campaigns.errors import NotFound
from campaigns.states import CampaignState
from operations import consent_forms, public_pages
from operations.suppress import Owner, listed
from operations.workspace import Workspace
from store import audit, callbacks
from store.engine import reading, writing

NOW = datetime(2026, 11, 26, tzinfo=UTC)
CONTACT = '[privacy.contacts]\n"Comité" = "1 rue de l\'Exemple, 75000 Paris"\n'


@pytest.fixture
def world(store: Engine) -> World:
    with_key(store)
    return World(store)


@pytest.fixture
def owner(world: World) -> int:
    return world.controller()


@pytest.fixture
def workspace(world: World, tmp_path: Path) -> Workspace:
    return a_workspace(world.engine, tmp_path, CARRIER + CONTACT)


def a_line(world: World, owner: int, number: str) -> None:
    with writing(world.engine) as connection:
        callbacks.install(
            connection, number, controller_id=owner, form_id=None, language="fr", message="m",
            installed_at=NOW, installed_by="Zoé",
        )  # fmt: skip


def latest(world: World, owner: int) -> dict[str, object]:
    with reading(world.engine) as connection:
        return audit.latest(connection, owner, 1)[0]


def test_nobody_sees_a_page_before_it_is_published(workspace: Workspace, owner: int) -> None:
    assert public_pages.published(workspace) == []
    with pytest.raises(NotFound):
        public_pages.at(workspace, "comite")
    assert public_pages.publish(workspace, owner, "Zoé") == "comite"
    assert [one["controller"] for one in public_pages.published(workspace)] == ["Comité"]
    assert public_pages.at(workspace, "comite").controller == "Comité"


def test_a_page_that_is_withdrawn_comes_back_at_its_address(
    workspace: Workspace, world: World, owner: int
) -> None:
    slug = public_pages.publish(workspace, owner, "Zoé")
    public_pages.withdraw(workspace, owner, "Zoé")
    assert public_pages.published(workspace) == []
    with pytest.raises(NotFound):
        public_pages.at(workspace, slug)
    with pytest.raises(NotFound):
        public_pages.refuse(workspace, slug, "06 39 98 00 01")
    with pytest.raises(NotFound):
        public_pages.withdraw(workspace, owner, "Zoé")
    assert latest(world, owner)["act"] == "public_page.withdraw"
    assert public_pages.publish(workspace, owner, "Zoé") == slug
    assert latest(world, owner)["act"] == "public_page.publish"


def test_the_sample_publishes_only_where_nobody_has_decided(
    workspace: Workspace, owner: int
) -> None:
    public_pages.begin(workspace, owner, "demo")
    assert public_pages.published(workspace)
    public_pages.withdraw(workspace, owner, "Zoé")
    public_pages.begin(workspace, owner, "demo")
    assert public_pages.published(workspace) == []


def test_names_that_are_alike_have_addresses_of_their_own(
    workspace: Workspace, world: World, owner: int
) -> None:
    other, third = world.controller("comite"), world.controller("ՀԱՅ")
    slugs = [public_pages.publish(workspace, one, "Zoé") for one in (owner, other, third)]
    assert slugs == ["comite", f"comite-{other}", f"page-{third}"]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Camille Roussel 2027", "camille-roussel-2027"),
        ("  Élan & Cœur d'Œuvre ! ", "elan-coeur-d-oeuvre"),
        ("é" * 100, "e" * 48),
        ("...", ""),
    ],
)
def test_an_address_is_read_from_the_name(name: str, slug: str) -> None:
    assert public_pages.slug_of(name) == slug


@given(st.text(max_size=200))
def test_every_address_can_stand_in_one(name: str) -> None:
    slug = public_pages.slug_of(name)
    assert len(slug) <= 48
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert slug == slug.strip("-")


def test_it_tells_of_real_calls_alone_and_of_nobody_elses(
    workspace: Workspace, world: World, owner: int
) -> None:
    other = world.controller("Un autre")
    a_line(world, owner, "+33199001234")
    a_line(world, other, "+33199005678")
    world.campaign(owner, caller_id="+33162000001", rehearsal=False, purpose="survey")
    world.campaign(owner, caller_id="+33162000001", rehearsal=False, purpose="political")
    world.campaign(owner, caller_id=CALLER_ID, rehearsal=True, purpose="commercial")
    world.campaign(
        owner, caller_id="+33162000009", rehearsal=False, state=CampaignState.DRAFT,
        launched_at=None,
    )  # fmt: skip
    world.campaign(other, caller_id="+33140000000", rehearsal=False)
    slug = public_pages.publish(workspace, owner, "Zoé")
    found = public_pages.at(workspace, slug)
    assert found.shown == ("+33162000001",)
    assert found.purposes == ("political", "survey")
    assert found.answered == ("+33199001234",)
    assert found.contact == "1 rue de l'Exemple, 75000 Paris"


def test_it_leads_to_forms_that_are_open(workspace: Workspace, owner: int) -> None:
    form = opened(workspace.engine, owner)
    slug = public_pages.publish(workspace, owner, "Zoé")
    assert [one.slug for one in public_pages.at(workspace, slug).forms] == [form.slug]
    consent_forms.close(workspace.engine, owner, form.slug, "Zoé")
    assert public_pages.at(workspace, slug).forms == ()


def test_a_refusal_is_in_force_for_that_controller_alone(
    workspace: Workspace, world: World, owner: int
) -> None:
    other = world.controller("Un autre")
    slug = public_pages.publish(workspace, owner, "Zoé")
    for _ in range(2):
        public_pages.refuse(workspace, slug, "06 39 98 00 01")
    (found,) = listed(world.engine, Owner.controller(owner))
    assert (found["number"], found["source"], found["reason"]) == (
        "+33639980001", "public page /people/comite", "form",
    )  # fmt: skip
    assert listed(world.engine, Owner.controller(other)) == []
    act = latest(world, owner)
    assert (act["act"], act["actor"], act["subject"]) == (
        "suppression.add", "public page", "+33 6 39 •• •• 01",
    )  # fmt: skip


def test_what_is_no_number_is_refused_as_everywhere(workspace: Workspace, owner: int) -> None:
    slug = public_pages.publish(workspace, owner, "Zoé")
    with pytest.raises(InvalidNumber):
        public_pages.refuse(workspace, slug, "12")
