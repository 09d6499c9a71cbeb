"""The page: both languages, no JavaScript needed, every figure said in words."""

import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from api_samples import Rig, form_token, sign_in
from fastapi.testclient import TestClient
from jinja2 import Environment

from api.dashboard import pages
from api.dashboard.figures import figures
from api.dashboard.hours import hours
from api.language import language
from campaigns.outcome import Outcome
from campaigns.rules.gates import Gate
from campaigns.rules.windows import ALWAYS
from campaigns.stages import Cause, Measure
from campaigns.states import CampaignState, TargetState
from operations.progress import progress_of
from store.policies import windows_to_plain


class Outline(HTMLParser):
    """What a page is made of, for a reader who cannot see it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.levels: list[int] = []
        self.labelled: set[str] = set()
        self.inputs: list[dict[str, str | None]] = []
        self.images: list[dict[str, str | None]] = []
        self.lang = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if "id" in found:
            self.ids.append(str(found["id"]))
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "html":
            self.lang = str(found["lang"])
        if tag == "label":
            self.labelled.add(str(found["for"]))
        if tag == "input" and found.get("type") != "hidden":
            self.inputs.append(found)
        if tag in {"img", "svg"}:
            self.images.append(found)


@pytest.fixture
def running(rig: Rig) -> int:
    campaign = rig.campaign()
    rig.ours.post(f"/api/v1/campaigns/{campaign}/launch")
    rig.move(campaign, "reached", "opted_out")
    rig.move(campaign, "calling")
    return campaign


@pytest.mark.parametrize(
    ("accepted", "words"),
    [
        ("fr", ["Campagnes", "En cours", "Mettre en pause", "Appels par seconde"]),
        ("en", ["Campaigns", "Running", "Pause", "Calls per second"]),
    ],
)
def test_campaigns_are_shown_in_the_browsers_language(
    rig: Rig, running: int, accepted: str, words: list[str]
) -> None:
    client = TestClient(rig.app, headers={"Accept-Language": accepted}, follow_redirects=False)
    sign_in(client, rig.key)
    page = client.get("/campaigns").text
    assert Outline(page).lang == accepted
    for word in words:
        assert word in page
    assert "Réunion publique" in page
    assert f'href="/campaigns/{running}"' in page


def test_a_language_that_was_clicked_stays(rig: Rig, person: TestClient) -> None:
    assert Outline(person.get("/campaigns").text).lang == "fr"
    assert Outline(person.get("/campaigns?lang=en").text).lang == "en"
    assert Outline(person.get("/campaigns").text).lang == "en"
    assert Outline(person.get("/campaigns?lang=xx").text).lang == "en"


def test_without_a_campaign_the_page_says_what_to_do(person: TestClient) -> None:
    page = person.get("/campaigns").text
    assert "Aucune campagne" in page
    assert "portevoix campaign run" in page


def test_one_campaign_says_every_figure_in_words(person: TestClient, running: int) -> None:
    page = person.get(f"/campaigns/{running}").text
    for word in ("Joints", "En cours d’appel", "À appeler", "Désinscription (touche 9)"):
        assert word in page
    assert "33,3\N{NARROW NO-BREAK SPACE}%" in page
    assert "Aucun appel n’est lancé" in page, "no dialer runs, and that is said"
    assert f'data-events="/campaigns/{running}/events"' in page


def test_the_page_works_without_javascript(person: TestClient, running: int) -> None:
    page = person.get(f"/campaigns/{running}").text
    assert '<noscript><meta http-equiv="refresh"' in page
    token = form_token(page)
    done = person.post(f"/campaigns/{running}/pause", data={"form_token": token})
    assert (done.status_code, done.headers["location"]) == (303, f"/campaigns/{running}?done=pause")
    after = person.get(done.headers["location"]).text
    assert "En pause : aucun nouvel appel n’est lancé" in after.replace("\N{NO-BREAK SPACE}", " ")
    assert "Reprendre" in after


def test_what_cannot_be_undone_is_asked_first(rig: Rig, person: TestClient, running: int) -> None:
    asked = person.get(f"/campaigns/{running}/stop").text
    assert "définitif" in asked
    state = rig.ours.get(f"/api/v1/campaigns/{running}").json()["state"]
    assert state == "running", "asking does nothing yet"
    person.post(f"/campaigns/{running}/stop", data={"form_token": form_token(asked)})
    assert rig.ours.get(f"/api/v1/campaigns/{running}").json()["state"] == "stopping"
    late = person.get(f"/campaigns/{running}/launch")
    assert (late.status_code, late.headers["location"]) == (303, f"/campaigns/{running}")


def test_a_refusal_is_a_page_too(rig: Rig, person: TestClient) -> None:
    campaign = rig.campaign()
    token = form_token(person.get("/campaigns").text)
    refused = person.post(f"/campaigns/{campaign}/resume", data={"form_token": token})
    assert refused.status_code == 409
    assert "« reprendre »" in refused.text.replace("\N{NO-BREAK SPACE}", " ")
    assert person.get("/campaigns/99").status_code == 404


def test_a_wrong_key_is_said_beside_its_field(rig: Rig) -> None:
    client = TestClient(rig.app, follow_redirects=False)
    token = form_token(client.get("/login/key").text)
    answer = client.post("/login/key", data={"form_token": token, "key": "pv_none"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert 'href="#key"' in answer.text


def test_what_users_wrote_is_shown_and_not_obeyed(rig: Rig, person: TestClient) -> None:
    rig.import_list()
    rig.upload()
    rig.prepare(name="<script>alert(1)</script>")
    for path in ("/campaigns", "/campaigns/1", "/campaigns/1/launch", "/campaigns/1/report"):
        page = person.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


def test_pages_are_in_order_for_who_cannot_see_them(person: TestClient, running: int) -> None:
    for path in (
        "/login", "/campaigns", f"/campaigns/{running}", f"/campaigns/{running}/stop",
        f"/campaigns/{running}/report",
    ):  # fmt: skip
        page = Outline(person.get(path).text)
        assert page.levels[0] == page.levels.count(1) == 1, path
        steps = [after - before for before, after in itertools.pairwise(page.levels)]
        assert max(steps, default=0) <= 1, path
        assert len(page.ids) == len(set(page.ids)), path
        assert all(str(one.get("id")) in page.labelled for one in page.inputs), path
        for image in page.images:
            assert image.keys() & {"alt", "aria-label", "aria-hidden"}, (path, image)


def test_the_live_part_comes_as_events(rig: Rig, person: TestClient, running: int) -> None:
    rig.ours.post(f"/api/v1/campaigns/{running}/stop")
    rig.end(running)
    with person.stream("GET", f"/campaigns/{running}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        text = stream.read().decode()
    assert text.startswith("event: progress")
    assert "Où en est chacun" in text
    assert "event: end" in text


def test_calling_hours_are_said_as_people_say_them() -> None:
    pack = [
        {"days": [1, 2, 3, 4, 5], "start": "10:00:00", "end": "13:00:00"},
        {"days": [1, 2, 3, 4, 5], "start": "14:00:00", "end": "20:00:00"},
        {"days": [6], "start": "10:00:00", "end": "13:00:00"},
    ]
    assert hours(pack, language("en")) == "Mon–Fri 10:00–13:00, 14:00–20:00; Sat 10:00–13:00"
    assert hours(pack, language("fr")) == "lun.–ven. 10:00–13:00, 14:00–20:00; sam. 10:00–13:00"
    assert hours([{**pack[0], "days": [2, 5]}], language("en")) == "Tue, Fri 10:00–13:00"
    assert hours(windows_to_plain(ALWAYS), language("en")) == ""


def test_a_whole_percentage_is_written_as_the_language_does() -> None:
    assert language("fr").whole_percent(0.5) == "50\N{NARROW NO-BREAK SPACE}%"
    assert language("en").whole_percent(1) == "100%"


def test_shares_add_up_and_are_laid_end_to_end(rig: Rig, running: int) -> None:
    drawn = figures(progress_of(rig.workspace, 1, running), language("en"))
    assert sum(row.share for row in drawn.states) == pytest.approx(1)
    ends = [row.start + row.share for row in drawn.states]
    assert [row.start for row in drawn.states[1:]] == pytest.approx(ends[:-1])
    assert sum(row.count for row in drawn.states) == 3


@pytest.mark.parametrize("code", ["fr", "en"])
def test_each_of_our_names_has_a_word_in_both_languages(code: str) -> None:
    said = language(code).translations
    for kind, names in (
        ("campaign", CampaignState), ("target", TargetState), ("outcome", Outcome), ("gate", Gate),
        ("held", Measure), ("remedy", Measure), ("held", Cause), ("remedy", Cause),
    ):  # fmt: skip
        for name in names:
            assert said._catalog.get(f"{kind}\x04{name.value}"), (code, kind, name)  # type: ignore[attr-defined]


def test_each_outcome_and_state_has_its_colour(rig: Rig) -> None:
    sheet = rig.nobody.get("/static/porte-voix.css").text
    for name in (*Outcome, *TargetState):
        assert re.search(rf"\.c-{name.value}\b", sheet), name


def test_everything_the_templates_say_is_said_in_french() -> None:
    source = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
    known = language("fr").translations._catalog  # type: ignore[attr-defined]
    for file in sorted((Path(pages.__file__).parent / "templates").glob("*.html")):
        for _, _, message in source.extract_translations(file.read_text("utf-8")):  # type: ignore[attr-defined]
            text = message if isinstance(message, str) else message[0]
            counted = (text, 0)  # how a catalogue names a text that has a plural
            assert text in known or counted in known, (file.name, text)
