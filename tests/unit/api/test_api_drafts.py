"""A campaign made step by step: everything is kept, whatever happens on the way."""

import html
import re
from typing import Any

import pytest
from api_samples import EXAMPLES, Rig, form_token, sign_in
from fastapi.testclient import TestClient

from api.dashboard.draft import STEPS
from campaigns.machine import MachineMode
from operations import controllers, drafts
from operations.consent_forms import NewForm, create
from store import campaigns as kept
from store.engine import reading

PEOPLE = {"name": "Pas à pas", "purpose": "political", "lists": ["1"]}
REAL = {"trunk": "carrier", "caller_id": "+33 1 62 00 00 01"}
LIMITS = {"max_channels": "12", "max_cps": "2,5", "ring_timeout_s": "20", "max_attempts": "2"}


def spaced(text: str) -> str:
    return re.sub(r"[^\S\n]", " ", html.unescape(text))


class Walk:
    """Somebody who fills in pages: sends what stands on one and what they type."""

    def __init__(self, client: TestClient, path: str = "/campaigns/new") -> None:
        self.client = client
        self.path, self.page = path, client.get(path).text

    def step(self, **values: str | list[str]) -> int:
        """Send a step, and follow to where it leads; the status of the first answer."""
        held = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', self.page)
        data: dict[str, list[str]] = {}
        for name, value in held:
            data.setdefault(name, []).append(value)
        for name, one in values.items():
            data[name] = [one] if isinstance(one, str) else one
        found = re.search(r'<form method="post" action="(/campaigns/new[^"]*)"', self.page)
        assert found
        return self.follow(self.client.post(found[1], data=data))

    def follow(self, answer: Any) -> int:
        status = int(answer.status_code)
        if status == 303:
            self.path = answer.headers["location"]
            answer = self.client.get(self.path)
        self.page = answer.text
        return status

    @property
    def said(self) -> str:
        """The page, with spaces of one kind."""
        return spaced(self.page)

    def has(self, field: str) -> bool:
        """Whether something is said to be wrong with it, and leads there."""
        return f'href="#f-{field}"' in self.page and f'id="f-{field}"' in self.page


@pytest.fixture
def walk(rig: Rig, person: TestClient) -> Walk:
    """At the first page, with a list and a recording that are there."""
    rig.import_list()
    rig.upload()
    return Walk(person)


def to_script(walk: Walk) -> None:
    assert walk.step(**PEOPLE) == 303
    assert walk.step() == 303
    assert walk.step(recording1="1") == 303
    assert walk.path == "/campaigns/new/1?step=script"


def test_going_back_loses_nothing_and_the_last_step_makes_the_campaign(
    rig: Rig, walk: Walk
) -> None:
    assert walk.step(**{**PEOPLE, "name": ""}) == 422
    assert walk.has("name")
    assert walk.step(**PEOPLE) == 303
    assert "peuvent être appelés" in walk.page
    assert walk.step() == 303
    assert walk.step() == 422
    assert walk.has("recording1")
    assert walk.step(recording1="1") == 303
    assert walk.step() == 303
    assert walk.step(to_step="message", trunk="rehearsal", caller_id="") == 303
    assert re.search(r'<option value="1" selected>', walk.page), "going back shows what was chosen"
    assert walk.step(recording1="1") == 303
    assert walk.step() == 303
    assert walk.step(trunk="rehearsal", caller_id="01 99 00 00 01", swift="yes") == 303
    assert walk.step(poll1="2029-06-03") == 422
    assert walk.has("election")
    assert walk.step(poll1="", poll2="", election="", finish_by="") == 303
    assert walk.step(**{**LIMITS, "max_channels": "0"}) == 422
    assert walk.has("max_channels")
    assert 'value="2,5"' in walk.page, "what was right stays beside what was wrong"
    assert walk.step(**LIMITS) == 303
    assert "Pas à pas" in walk.page
    assert walk.step(prepare="1") == 303
    assert walk.path == "/campaigns/1/preflight"
    made = rig.ours.get("/api/v1/campaigns/1").json()
    assert (made["name"], made["state"], made["rehearsal"]) == ("Pas à pas", "draft", True)
    assert (made["max_channels"], made["max_cps"]) == (12, 2.5)
    assert (made["recordings"], made["script"]) == ([1], None)


def test_a_draft_is_there_again_in_another_tab_and_on_another_day(
    rig: Rig, walk: Walk, person: TestClient
) -> None:
    to_script(walk)
    page = person.get("/campaigns").text
    assert "Brouillons" in page
    assert 'href="/campaigns/new/1"' in page
    assert "« touches et questions »" in spaced(page)
    other = TestClient(rig.app, follow_redirects=False)
    sign_in(other, rig.key)
    assert 'name="replay_key"' in other.get("/campaigns/new/1").text, "where it was left"
    people = other.get("/campaigns/new/1?step=people").text
    assert 'value="Pas à pas"' in people
    assert re.search(r'name="lists" value="1" checked', people)
    assert 'href="/campaigns/new/1"' in person.get("/campaigns/new").text, "offered to go on with"


def test_two_clicks_make_one_draft_and_two_tabs_one_campaign(
    rig: Rig, walk: Walk, person: TestClient
) -> None:
    first = walk.page
    walk.step(**PEOPLE)
    again = Walk(person)
    again.page = first
    assert again.step(**PEOPLE) == 303
    assert (again.path, len(drafts.open_ones(rig.workspace, 1))) == (walk.path, 1)
    walk.step()
    walk.step(recording1="1")
    check = "/campaigns/new/1?step=check"
    one, other = Walk(person, check), Walk(person, check)
    assert one.step(prepare="1") == other.step(prepare="1") == 303
    assert (one.path, other.path) == ("/campaigns/1/preflight", "/campaigns/new/1")
    assert person.get("/campaigns/new/1").headers["location"] == "/campaigns/1/preflight"
    assert [row["id"] for row in rig.ours.get("/api/v1/campaigns").json()["items"]] == [1]
    assert "Brouillons" not in person.get("/campaigns").text
    late = Walk(person, "/campaigns/new")
    late.page = late.page.replace('action="/campaigns/new"', 'action="/campaigns/new/1"')
    assert late.step(name="Autre") == 303
    assert late.path == "/campaigns/new/1"


def test_while_a_campaign_is_being_made_the_draft_waits(
    rig: Rig, walk: Walk, person: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_script(walk)
    seen: list[str] = []

    def slow(*_: object) -> int:
        seen.append(person.get("/campaigns/new/1").text)
        raise RuntimeError

    monkeypatch.setattr("api.dashboard.draft_turn.prepared", slow)
    waiting = Walk(person, "/campaigns/new/1?step=check")
    with pytest.raises(RuntimeError):
        waiting.step(prepare="1")
    assert 'http-equiv="refresh"' in seen[0]
    assert drafts.one(rig.workspace, 1, 1).is_open


def test_a_list_is_imported_in_between(rig: Rig, person: TestClient) -> None:
    walk = Walk(person)
    assert walk.step(name="Pas à pas", purpose="public_info", leave="lists") == 303
    assert walk.path == "/lists/new"
    rig.import_list()
    page = person.get("/lists/1").text
    assert 'href="/campaigns/new/1?step=people&amp;list=1"' in page
    back = Walk(person, "/campaigns/new/1?step=people&list=1")
    assert 'value="Pas à pas"' in back.page
    assert re.search(r'name="lists" value="1" checked', back.page)
    assert drafts.one(rig.workspace, 1, 1).filled["lists"] == [], "nothing is kept by looking"


def test_a_draft_of_which_nothing_is_known_yet_can_be_gone_on_with(
    rig: Rig, person: TestClient
) -> None:
    token = form_token(person.get("/campaigns/new").text)
    assert person.post("/campaigns/new", data={"form_token": token}).status_code == 422
    for path in ("/campaigns", "/campaigns/new", "/campaigns/new/1/delete"):
        assert "un brouillon sans nom" in person.get(path).text
    for step in STEPS:
        assert person.get(f"/campaigns/new/1?step={step}").status_code == 200


def test_a_list_that_was_removed_meanwhile_is_asked_for_again(
    rig: Rig, walk: Walk, person: TestClient
) -> None:
    to_script(walk)
    token = form_token(walk.page)
    assert person.post("/lists/1/undo", data={"form_token": token}).status_code == 303
    assert person.get("/campaigns/new/1?step=readiness").status_code == 200
    last = Walk(person, "/campaigns/new/1?step=check")
    assert last.step(prepare="1") == 422
    assert 'href="#f-lists"' in last.page


def test_a_session_that_ended_leads_back_to_the_draft(
    rig: Rig, walk: Walk, person: TestClient
) -> None:
    to_script(walk)
    person.cookies.delete("portevoix_session")
    sent = person.post("/campaigns/new/1", data={"step": "script", "replay_key": "0"})
    assert sent.headers["location"] == "/login"
    assert "Votre brouillon est gardé" in person.get("/login").text
    sign_in(person, rig.key)
    back = person.get("/welcome")
    assert back.headers["location"] == "/campaigns/new/1"
    assert person.get("/welcome").headers["location"] == "/", "once"


def test_whoever_signs_in_for_another_controller_is_not_led_to_the_draft(
    rig: Rig, walk: Walk, person: TestClient
) -> None:
    to_script(walk)
    person.cookies.delete("portevoix_session")
    assert person.get("/campaigns/new/1").headers["location"] == "/login"
    sign_in(person, rig.theirs.headers["authorization"].removeprefix("Bearer "))
    assert person.get("/welcome").headers["location"] == "/"
    assert person.get("/campaigns/new/1").status_code == 404
    assert "Pas à pas" not in person.get("/campaigns").text


@pytest.mark.parametrize("told", ["https://elsewhere.example", "//elsewhere.example", "/stop"])
def test_nobody_is_led_elsewhere(person: TestClient, told: str) -> None:
    person.cookies.set("portevoix_back", told)
    assert person.get("/welcome").headers["location"] == "/"


def test_a_draft_is_deleted_by_who_is_asked_first(rig: Rig, walk: Walk, person: TestClient) -> None:
    to_script(walk)
    asked = person.get("/campaigns/new/1/delete")
    assert "Supprimer ce brouillon" in asked.text
    token = form_token(asked.text)
    gone = person.post("/campaigns/new/1/delete", data={"form_token": token})
    assert gone.headers["location"] == "/campaigns"
    assert person.get("/campaigns/new/1").status_code == 404
    assert drafts.open_ones(rig.workspace, 1) == []


def test_a_recording_is_added_on_the_step_that_asks_for_it(rig: Rig, person: TestClient) -> None:
    rig.import_list()
    walk = Walk(person)
    walk.step(**PEOPLE)
    walk.step()
    held = {"form_token": form_token(walk.page), "step": "message"}

    def send(more: dict[str, str], content: bytes = b"", name: str = "") -> Any:
        return person.post(
            "/campaigns/new/1", data={**held, **more}, files={"file": (name, content)}
        )  # fmt: skip

    nothing, bad = send({"add": "1"}), send({"add": "1"}, b"no", "a.wav")
    assert (nothing.status_code, bad.status_code) == (422, 422)
    assert all('href="#f-file"' in one.text for one in (nothing, bad))
    sound = (EXAMPLES / "message-court.flac").read_bytes()
    assert walk.follow(send({"add": "1", "recording_name": "Au micro"}, sound, "m.flac")) == 303
    first = re.search(r'id="f-recording1".*?<option value="1" selected>', walk.page, re.DOTALL)
    assert first, "it is chosen"
    assert "« Au micro » est gardé" in walk.said
    for address in ("/recordings/1/original", "/api/v1/recordings/1/preview.wav"):
        assert f'src="{address}"' in walk.page, "both sounds are heard"
    name = (EXAMPLES / "message-identite.flac").read_bytes()
    assert walk.follow(send({"recording1": "1"}, name, "id.flac")) == 303
    assert walk.path == "/campaigns/new/1?step=script"
    filled = drafts.one(rig.workspace, 1, 1).filled
    assert (filled["recording1"], filled["recording2"]) == ("1", "2")
    held["step"] = "script"
    assert walk.follow(send({"add": "1"}, sound, "question.flac")) == 303
    assert "question" in walk.page
    assert "recording3" not in drafts.one(rig.workspace, 1, 1).filled, "not heard in the message"


# What is said and asked


def parts(rig: Rig) -> None:
    """The message in its three parts, as recordings 2 to 4."""
    for name in ("message-identite", "message-desinscription", "message-corps"):
        with (EXAMPLES / f"{name}.flac").open("rb") as file:
            files = {"file": (f"{name}.flac", file)}
            assert rig.ours.post("/api/v1/recordings", files=files).status_code == 201


SAYS: dict[str, str | list[str]] = {
    "says2": ["identity"], "says3": ["opt_out"], "says4": ["body", "data_source", "callback"],
}  # fmt: skip


@pytest.fixture
def scripted(rig: Rig, walk: Walk) -> Walk:
    """At the page of keys and questions, with a message of three recordings."""
    parts(rig)
    walk.step(**PEOPLE)
    walk.step()
    assert walk.step(recording1="2", recording2="3", recording3="4") == 303
    return walk


def test_a_script_is_filled_in_without_a_file(rig: Rig, scripted: Walk, person: TestClient) -> None:
    create(
        rig.workspace.engine, 1,
        NewForm("Site", ["political"], {"fr": "J'accepte."}, [], "site"), "test",
    )  # fmt: skip
    keys = {
        "replay_key": "0", "source_key": "1", "source_recording": "1", "consent_key": "5",
        "consent_form": "site", "transfer_key": "3", "transfer_number": "01 99 00 00 77",
        "transfer_limit": "4", "script_language": "fr", "machines": "leave_message",
        "machine_recording": "1",
    }  # fmt: skip
    question = {"q1_name": "vote", "q1_recording": "1", "q1_key1": "oui", "q1_key2": "non"}
    assert scripted.step(**SAYS, **keys, **question) == 303, scripted.page
    assert scripted.path == "/campaigns/new/1?step=way"
    back = person.get("/campaigns/new/1?step=script").text
    assert re.search(r'name="says3" value="opt_out" checked', back)
    assert 'value="01 99 00 00 77"' in back
    check = Walk(person, "/campaigns/new/1?step=check")
    assert "3 parler à quelqu’un" in check.page
    assert "laisser un message" in check.page
    assert check.step(prepare="1") == 303, check.page
    assert check.path == "/campaigns/1/preflight"
    script = rig.ours.get("/api/v1/campaigns/1").json()["script"]
    assert script["keys"] == {"0": "replay", "1": "source", "5": "consent", "3": "transfer"}
    assert script["questions"] == [{"name": "vote", "answers": {"1": "oui", "2": "non"}}]
    assert (script["transfer"]["number"], script["transfer"]["limit"]) == ("+33199000077", 4)
    with reading(rig.workspace.engine) as connection:
        machines = kept.row(connection, 1, 1)["machines"]
    assert (machines["mode"], machines["recordings"]) == (MachineMode.LEAVE_MESSAGE, [1])


def test_a_campaign_like_another_has_its_script(
    rig: Rig, scripted: Walk, person: TestClient
) -> None:
    question = {"q1_name": "vote", "q1_recording": "1", "q1_key1": "oui", "q1_key2": "non"}
    scripted.step(**SAYS, **question, replay_key="0")
    Walk(person, "/campaigns/new/1?step=check").step(prepare="1")
    like = Walk(person, "/campaigns/new?like=1")
    assert like.step(**PEOPLE | {"name": "Encore"}) == 303
    filled = drafts.one(rig.workspace, 1, 2).filled
    assert filled["says4"] == ["body", "data_source", "callback"]
    assert (filled["q1_recording"], filled["replay_key"], filled["swift"]) == ("1", "0", "yes")


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"says3": []}, "says3", "on y entend"),
        (
            {"says2": ["opt_out"], "says3": ["identity"]}, "says",
            "pour le compte de qui est l’appel après",
        ),
        ({"says4": ["body", "data_source"]}, "says", "Rien ne dit quel numéro rappeler"),
        (
            {"replay_key": "1", "source_key": "1", "source_recording": "1"}, "source_key",
            "déjà celle de « réécouter »",
        ),
        ({"consent_key": "5", "consent_form": "nulle-part"}, "consent_form", "pas de formulaire"),
        ({"transfer_key": "3", "transfer_number": "112"}, "transfer_number", "numéro court"),
        ({"transfer_key": "3", "transfer_number": "x"}, "transfer_number", ""),
        (
            {"q1_name": "vote", "q1_recording": "1", "q1_key1": "oui"}, "q1_key1",
            "pas de quoi choisir",
        ),
        ({"machines": "leave_message"}, "machine_recording", "rien à laisser sur un répondeur"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_script_is_said_at_its_field(
    scripted: Walk, values: dict[str, Any], field: str, words: str
) -> None:
    assert scripted.step(**{**SAYS, "transfer_limit": "4", **values}) == 422
    assert scripted.has(field)
    assert words in scripted.said


def test_before_people_are_called_it_is_told_what_they_hear(rig: Rig, scripted: Walk) -> None:
    assert scripted.step() == 303
    assert scripted.step(**REAL) == 422
    assert scripted.has("says")
    assert scripted.step(**{**SAYS, "says2": ["label", "identity"]}) == 303
    assert scripted.step(**REAL) == 303
    assert scripted.path == "/campaigns/new/1?step=schedule"


def test_a_spoken_label_that_is_missing_is_told_where_people_are_to_be_called(
    scripted: Walk,
) -> None:
    assert scripted.step(**SAYS) == 303, "a rehearsal can do without"
    assert scripted.step(**REAL) == 422
    assert scripted.has("says")
    assert "Rien ne dit de quel genre d’appel il s’agit" in scripted.said


def test_a_budget_and_a_transfer_are_said_to_exclude_each_other(
    scripted: Walk, person: TestClient
) -> None:
    transfer = {"transfer_key": "3", "transfer_number": "4510", "transfer_limit": "4"}
    assert scripted.step(**SAYS, **transfer) == 303
    assert Walk(person, "/campaigns/new/1?step=limits").step(**LIMITS, budget="40") == 303
    check = Walk(person, "/campaigns/new/1?step=check")
    assert check.step(prepare="1") == 422
    assert check.has("budget")
    assert 'value="40"' in check.page


def test_alerts_are_offered_to_public_bodies_and_ask_who_signs(rig: Rig, walk: Walk) -> None:
    alert = {**PEOPLE, "purpose": "emergency"}
    assert 'value="emergency"' not in walk.page
    assert not re.search('name="signatory"', walk.page)
    assert walk.step(**alert) == 303
    assert to_way(walk).step(**REAL) == 422
    assert walk.has("purpose"), "whoever writes it themselves is told that it is not for them"
    controllers.mark_public_body(rig.workspace, "Élan Valbourg", "Root")
    walk = Walk(walk.client, "/campaigns/new/1?step=people")
    assert 'value="emergency"' in walk.page
    assert walk.step(**alert, signatory="key crm") == 422
    assert walk.has("signatory"), "that is no person"
    assert walk.step(**alert, signatory="") == 303
    assert to_way(walk).step(**REAL) == 422
    assert walk.has("signatory"), "people are called by it, and nobody signs"
    assert walk.step(**alert, signatory="Lou Martin, préfète") == 303
    assert to_way(walk).step(**REAL) == 422
    assert walk.has("says"), "what comes next is asked"


def test_a_rehearsed_alert_needs_neither_mark_nor_signatory(walk: Walk) -> None:
    assert walk.step(**{**PEOPLE, "purpose": "emergency"}) == 303
    assert to_way(walk).step(trunk="rehearsal", caller_id="01 99 00 00 01") == 303
    assert walk.path == "/campaigns/new/1?step=schedule"


def test_who_was_to_sign_for_an_alert_signs_for_nothing_else(rig: Rig, walk: Walk) -> None:
    controllers.mark_public_body(rig.workspace, "Élan Valbourg", "Root")
    assert walk.step(**PEOPLE, signatory="Lou Martin, préfète") == 303
    assert to_way(walk).step(trunk="rehearsal", caller_id="01 99 00 00 01") == 303
    assert Walk(walk.client, "/campaigns/new/1?step=check").step(prepare="1") == 303
    with reading(rig.workspace.engine) as connection:
        assert kept.row(connection, 1, 1)["signatory"] is None


def to_way(walk: Walk) -> Walk:
    """The same after readiness, message and script, where nothing is told."""
    assert walk.step(to_step="message") == 303
    assert walk.step(recording1="1") == 303
    assert walk.step() == 303
    return walk
