"""The public form: both languages, no script, no cookie, and the same answer whoever it is."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from time import monotonic
from typing import Any

import pytest
from api_samples import Rig
from fastapi.testclient import TestClient

from api import public
from api.visits import OF_ALL, OF_ONE_ADDRESS, SECONDS, Allowance, Visits
from campaigns.contacts.slot import read_slot
from operations import consent_forms
from operations.consent_form import ConsentForm, at
from operations.consent_forms import NewForm
from operations.consent_proof import proofs
from operations.suppress import Owner, listed, suppress
from store import controllers, lists
from store.engine import reading

FRENCH = "J'accepte d'être appelé <par> automate,\nde 18 h à 20 h."
SENT = {"number": "06 39 98 00 01", "slot": "18:00-20:00", "agreed": "yes", "wording": "fr-1"}


class Outline(HTMLParser):
    """What a page is made of, for a reader who cannot see it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.inputs: list[dict[str, str | None]] = []
        self.labelled: set[str | None] = set()
        self.described: list[str] = []
        self.links: list[str] = []
        self.languages: list[str | None] = []
        self.scripts = 0
        self.headings = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "input" and found.get("type") != "hidden":
            self.inputs.append(found)
        if tag == "label":
            self.labelled.add(found.get("for"))
        self.described += (found.get("aria-describedby") or "").split()
        if tag in {"a", "link", "img", "form"}:
            self.links += [str(found[one]) for one in ("href", "src", "action") if found.get(one)]
        if tag in {"html", "p"} and found.get("lang"):
            self.languages.append(found["lang"])
        self.scripts += tag == "script"
        self.headings += tag == "h1"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public, "LEAST_S", 0)


@pytest.fixture
def owner(rig: Rig) -> int:
    with reading(rig.workspace.engine) as connection:
        return controllers.named(connection, "Élan Valbourg")


@pytest.fixture
def form(rig: Rig, owner: int) -> ConsentForm:
    asked = NewForm("Stand", ["political"], {"fr": FRENCH}, ["lun-ven 18h-20h", "18h-20h"], "stand")
    return consent_forms.create(rig.workspace.engine, owner, asked, "Zoé")


@pytest.fixture
def visitor(rig: Rig, form: ConsentForm) -> Iterator[TestClient]:
    with TestClient(
        rig.app, follow_redirects=False, headers={"Accept-Language": "fr-FR,fr;q=0.9"}
    ) as client:
        yield client


def numbers(rig: Rig, form: ConsentForm) -> list[str]:
    with reading(rig.workspace.engine) as connection:
        return [one["number"] for one in lists.contacts(connection, form.list_id, 0, 100)]


@pytest.mark.parametrize(
    ("accepted", "words"),
    [
        ("fr", ["Acceptez-vous d’être appelé par Élan Valbourg", "messages politiques",
                "lundi–vendredi 18:00–20:00"]),
        ("en", ["Do you agree to be called by Élan Valbourg?", "political messages",
                "Monday–Friday 18:00–20:00"]),
    ],
)  # fmt: skip
def test_the_form_in_both_languages(visitor: TestClient, accepted: str, words: list[str]) -> None:
    page = visitor.get("/consent/stand", headers={"Accept-Language": accepted})
    assert page.status_code == 200
    for word in words:
        assert word in page.text
    assert "J&#39;accepte d&#39;être appelé &lt;par&gt; automate,\nde 18 h à 20 h." in page.text
    assert Outline(page.text).languages == [accepted, "fr"], "the text says its own language"
    clicked = visitor.get("/consent/stand?lang=en").text
    assert Outline(clicked).languages[0] == "en"


@pytest.mark.parametrize(
    "path", ["", "/agreed", "/withdraw", "/withdrawn"]
)  # fmt: skip
def test_no_page_needs_a_script_sets_a_cookie_or_loads_from_elsewhere(
    visitor: TestClient, path: str
) -> None:
    answer = visitor.get(f"/consent/stand{path}?lang=en")
    outline = Outline(answer.text)
    assert (answer.status_code, outline.scripts, outline.headings) == (200, 0, 1)
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert all(one.startswith(("/static/", "/consent/", "?lang=", "#")) for one in outline.links)


@pytest.mark.parametrize("sent", [{}, {"number": "12", "slot": "x", "wording": "fr-1"}])
def test_every_field_has_its_label_and_its_faults(
    visitor: TestClient, sent: dict[str, str]
) -> None:
    first = visitor.get("/consent/stand")
    again = visitor.post("/consent/stand", data=sent)
    assert again.status_code == 422
    for page in (first.text, again.text, visitor.post("/consent/stand/withdraw", data=sent).text):
        outline = Outline(page)
        assert {one["id"] for one in outline.inputs} <= outline.labelled
        assert set(outline.described) <= set(outline.ids)
        assert len(outline.ids) == len(set(outline.ids))
        faults = re.findall(r'<li><a href="#(\w+)">', page)
        assert set(faults) <= set(outline.ids), "the summary leads to the fields"
    assert re.findall(r'<li><a href="#(\w+)">', again.text) == ["phone", "slot", "agreed"]
    assert "Aucun horaire n’est choisi." in again.text


def test_a_number_is_refused_for_the_reason_an_import_would_give_in_the_visitors_language(
    visitor: TestClient,
) -> None:
    sent = {**SENT, "number": "0899 70 12 34"}
    for language, words in (("fr", "surtaxé"), ("en", "premium-rate")):
        page = visitor.post(f"/consent/stand?lang={language}", data=sent).text
        assert words in page
        assert 'value="0899 70 12 34"' in page, "what was typed is kept"


def test_agreeing_is_kept_as_proof_and_answered_by_another_page(
    rig: Rig, visitor: TestClient, form: ConsentForm, owner: int
) -> None:
    answer = visitor.post("/consent/stand", data=SENT)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/consent/stand/agreed?lang=fr"
    assert "Votre accord est enregistré" in visitor.get(answer.headers["location"]).text
    assert numbers(rig, form) == ["+33639980001"]
    (proof,) = proofs(rig.workspace.engine, owner, "0639980001")
    assert (proof.text, proof.slot, proof.language) == (FRENCH, "18:00-20:00", "fr")


def answers(client: TestClient, path: str, sent: dict[str, str]) -> tuple[Any, ...]:
    answer = client.post(path, data=sent)
    seen = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, answer.text, seen


def test_nothing_tells_whether_a_number_is_known_refused_or_new(
    rig: Rig, visitor: TestClient, form: ConsentForm, owner: int
) -> None:
    refused = {**SENT, "number": "06 39 98 00 02"}
    suppress(rig.workspace.engine, Owner.controller(owner), refused["number"], source="key", by="x")
    new = answers(visitor, "/consent/stand", SENT)
    again = answers(visitor, "/consent/stand", SENT)
    suppressed = answers(visitor, "/consent/stand", refused)
    assert new == again == suppressed
    seen = [
        answers(visitor, "/consent/stand/withdraw", {"number": f"06 39 98 00 0{one}"})
        for one in (1, 1, 2, 3)
    ]
    assert seen == seen[:1] * 4
    assert len(listed(rig.workspace.engine, Owner.controller(owner))) == 3


def test_withdrawing_is_in_force_when_the_answer_comes(
    rig: Rig, visitor: TestClient, owner: int
) -> None:
    assert visitor.post("/consent/stand/withdraw", data={"number": "12"}).status_code == 422
    answer = visitor.post("/consent/stand/withdraw", data={"number": "06 39 98 00 01"})
    assert answer.headers["location"] == "/consent/stand/withdrawn?lang=fr"
    (found,) = listed(rig.workspace.engine, Owner.controller(owner))
    assert (found["number"], found["source"]) == ("+33639980001", "consent form /consent/stand")


def test_a_text_that_changed_meanwhile_is_shown_again(
    rig: Rig, visitor: TestClient, form: ConsentForm, owner: int
) -> None:
    consent_forms.reword(rig.workspace.engine, owner, "stand", {"fr": "Oui, appelez."}, "Zoé")
    answer = visitor.post("/consent/stand", data=SENT)
    assert answer.status_code == 422
    assert "Le texte a changé" in answer.text
    assert "Oui, appelez." in answer.text
    assert 'value="fr-2"' in answer.text
    assert numbers(rig, form) == []


def test_a_closed_form_is_gone_but_for_withdrawals(
    rig: Rig, visitor: TestClient, form: ConsentForm, owner: int
) -> None:
    consent_forms.close(rig.workspace.engine, owner, "stand", "Zoé")
    for answer in (visitor.get("/consent/stand"), visitor.post("/consent/stand", data=SENT)):
        assert answer.status_code == 410
        assert "/consent/stand/withdraw" in answer.text
    assert numbers(rig, form) == []
    sent = {"number": "06 39 98 00 01"}
    assert visitor.post("/consent/stand/withdraw", data=sent).status_code == 303


@pytest.mark.parametrize("path", ["", "/agreed", "/withdraw", "/withdrawn"])
def test_there_is_no_such_form(visitor: TestClient, path: str) -> None:
    answer = visitor.get(f"/consent/nowhere{path}")
    assert answer.status_code == 404
    assert "Ce formulaire n’existe pas" in answer.text
    if path in {"", "/withdraw"}:
        assert visitor.post(f"/consent/nowhere{path}", data=SENT).status_code == 404


def test_no_more_than_so_many_from_one_address_and_withdrawals_apart(
    rig: Rig, visitor: TestClient, form: ConsentForm
) -> None:
    for index in range(OF_ONE_ADDRESS):
        sent = {**SENT, "number": f"06 39 98 01 {index:02}"}
        assert visitor.post("/consent/stand", data=sent).status_code == 303
    answer = visitor.post("/consent/stand", data=SENT)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, str(SECONDS))
    assert len(numbers(rig, form)) == OF_ONE_ADDRESS
    sent = {"number": "06 39 98 00 01"}
    assert visitor.post("/consent/stand/withdraw", data=sent).status_code == 303


def test_where_forms_end_nothing_else_is_open(rig: Rig, form: ConsentForm) -> None:
    answer = rig.nobody.get("/consent/../campaigns")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert rig.nobody.get("/consentement").headers["location"] == "/login"
    assert at(rig.workspace.engine, "stand").slots[1] == read_slot("18h-20h")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_addresses_are_counted_for_ten_minutes_and_then_forgotten() -> None:
    clock = Clock()
    allowance = Allowance(clock)
    taken = [allowance.take("192.0.2.1") for _ in range(OF_ONE_ADDRESS + 5)]
    assert taken == [True] * OF_ONE_ADDRESS + [False] * 5
    assert allowance.take("192.0.2.2")
    clock.now = SECONDS - 0.1
    assert not allowance.take("192.0.2.1")
    clock.now = SECONDS
    assert allowance.take("192.0.2.1"), "what was refused does not count"


def test_a_household_is_one_address_of_ipv6() -> None:
    allowance = Allowance(Clock())
    taken = [allowance.take(f"2001:db8:1:2::{index:x}") for index in range(OF_ONE_ADDRESS + 1)]
    assert taken[-1] is False
    assert allowance.take("2001:db8:1:3::1")


def test_there_is_a_limit_for_all_together() -> None:
    visits = Visits(Clock())
    taken = [visits.agreements.take(f"192.0.{n // 250}.{n % 250}") for n in range(OF_ALL + 1)]
    assert taken == [True] * OF_ALL + [False]
    assert visits.withdrawals.take("192.0.2.1")


def test_how_long_an_answer_takes_tells_nothing(
    visitor: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public, "LEAST_S", 0.05)
    for path in ("/consent/stand", "/consent/stand", "/consent/stand/withdraw"):
        begun = monotonic()
        assert visitor.post(path, data=SENT).status_code == 303
        assert monotonic() - begun >= 0.05
