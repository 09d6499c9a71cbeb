"""The dashboard in a real Chromium, as a new user would go; `make test-browser` runs it."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyotp
import pytest

CHROMIUM = os.environ.get("PORTEVOIX_TEST_CHROMIUM", "")

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="run by «make test-browser», which finds a Chromium"),
    pytest.mark.timeout(900),
    pytest.mark.slow,
    pytest.mark.pbx,
]
if not CHROMIUM:
    pytest.skip("run by «make test-browser», which finds a Chromium", allow_module_level=True)

from browser_site import (  # noqa: E402
    CLONE,
    CONTROLLER,
    EMAIL,
    PASSWORD,
    Site,
    Visitor,
    chromium,
    served,
    sign_in,
    visitor,
)

from api.dashboard.draft import STEPS  # noqa: E402
from api.dashboard.pages import render  # noqa: E402
from api.language import language as spoken  # noqa: E402
from api.visits import OF_ONE_ADDRESS  # noqa: E402
from campaigns.stages import Hold, Measure  # noqa: E402
from operations.workspace import open_workspace  # noqa: E402
from store import campaigns as kept  # noqa: E402
from store.engine import writing  # noqa: E402

MOST_CLICKS = 10
FAULTY = "VO-09999;Jean;Essai;12;99340;La Grève;16/05/2025;papier;voix-site-2\n"

PAGES = {
    "room": "/", "campaigns": "/campaigns", "campaign": "/campaigns/1",
    "report": "/campaigns/1/report", "preflight": "/campaigns/1/preflight",
    "new": "/campaigns/new?like=1", "budget": "/campaigns/1/budget", "lists": "/lists",
    "list-new": "/lists/new", "list": "/lists/2", "list-undo": "/lists/2/undo",
    "ready": "/lists/2/readiness/fr-political/political", "recordings": "/recordings",
    "recording": "/recordings/1", "refusals": "/refusals", "why": "/why",
    "requests": "/requests", "request": "/requests/1", "forms": "/forms", "trunks": "/trunks",
    "callbacks": "/callbacks", "rules": "/rules", "pack": "/rules/fr-political",
    "audit": "/audit", "programs": "/programs", "settings": "/settings", "stop": "/stop",
    "none": "/problems/not_found",
    "consent": "/consent/voix", "withdraw": "/consent/voix/withdraw", "users": "/users",
    "people": "/people", "people-page": "/people/camille-roussel-2027",
    "public-page": "/public-page",
    "user": "/users/1", "controller": "/controllers/1",
    "account": "/account", "second-factor": "/account/second-factor",
    "login-key": "/login/key", "acknowledge": "/campaigns/1/acknowledge",
    "release": "/campaigns/1/release", "list-file": "/lists/new",
    "agreed": "/consent/voix/agreed", "withdrawn": "/consent/voix/withdrawn",
    "spending": "/spending", "protection": "/protection",
}  # fmt: skip

TOLD = {"consent-closed": ("/consent/fermee", 410), "consent-nowhere": ("/consent/nulle-part", 404)}
"""Pages that say no, and how."""

WORDS = {
    "fr": {"look": "Y jeter un œil", "import": "L’importer"},
    "en": {"look": "Look at it", "import": "Import it"},
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    # Under a directory that the unprivileged user of Asterisk can reach, unlike pytest's own.
    root = Path(tempfile.mkdtemp(prefix="portevoix-browser-"))
    root.chmod(0o755)
    with served(root / "home") as made:
        yield made
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def furnished(browser: Any, site: Site) -> None:
    """A consent form, one that is closed, a request, a hold, and a second controller to act for."""
    of = ("--controller", CONTROLLER)
    site.run(
        "consent-form", "create", "Fermée", "--purpose", "political", "--fr", "J'accepte.",
        "--slug", "fermee", *of,
    )  # fmt: skip
    site.run("consent-form", "close", "fermee", *of)
    workspace = open_workspace(site.home)
    with writing(workspace.engine) as connection:
        held = Hold(Measure.OPT_OUTS, 0.083, 0.02, 120)
        kept.hold(connection, 1, held, datetime.now(UTC))
    workspace.engine.dispose()
    site.run(
        "consent-form", "create", "Voix", "--purpose", "political", "--fr", "J'accepte.",
        "--en", "I agree.", "--slug", "voix", *of,
    )  # fmt: skip
    site.run("request", "open", "access", "06 39 98 00 01", *of)
    with visitor(browser, site, "en") as me:
        sign_in(me)
        me.go("/users")
        me.fill(controller="Comité de quartier de la Grève")
        me.click("Add a controller")
        me.go("/users/1")
        me.page.locator('input[name="role"][value="2:manager"]').check()
        me.click("Save the roles")
        assert me.page.locator("#acting-for option").count() == 2


# In this order: each test goes on where the one before has come to.


@pytest.mark.parametrize("language", ["fr", "en"])
def test_before_the_set_up(browser: Any, site: Site, language: str) -> None:
    with visitor(browser, site, language) as me:
        me.go("/login")
        assert me.page.locator(".warning").is_visible()
        me.look("login-first")
        me.go(site.set_up)
        me.look("set-up")
        me.fill(controller="", email="nobody", password="short", again="other")
        me.page.locator("main form").evaluate("form => form.noValidate = true")
        me.page.locator("main button").click()
        me.look("set-up-wrong")
        assert not me.violations, me.violations


def test_from_the_set_up_to_a_finished_rehearsal(browser: Any, site: Site) -> None:
    with visitor(browser, site, "en") as me:
        me.go(site.set_up)
        me.fill(controller=CONTROLLER, email=EMAIL, password=PASSWORD, again=PASSWORD)
        me.click("Set up")
        for language in ("fr", "en"):
            me.read_in(language, "/")
            me.look("room-first")
        me.click("Prepare the sample")
        me.until(me.page.get_by_role("heading", name="Before the launch").is_visible)
        me.click("Launch", "link")
        me.click("Launch")
        tile = me.page.locator("#tiles .tile").first
        me.until(lambda: not tile.inner_text().split("\n")[1].startswith("0"))
        me.click(re.compile("^Pause"))
        assert "Paused" in me.page.locator("main").inner_text()
        me.click(re.compile("^Resume"), "link")
        me.click(re.compile("^Resume"))
        me.until(lambda: "Finished" in me.page.locator(".title").first.inner_text())
        me.click("Report", "link")
        assert me.page.get_by_role("heading", name=re.compile("^Report")).is_visible()
        assert me.page.locator("#listening svg").is_visible()
        assert me.clicks < MOST_CLICKS, f"{me.clicks} clicks"
        assert not me.violations, me.violations
    with visitor(browser, site, "en") as late:
        answer = late.page.goto(site.address + site.set_up)
        assert answer is not None
        assert answer.status == 404


def test_a_list_with_faulty_rows_and_a_campaign_of_ones_own(browser: Any, site: Site) -> None:
    with visitor(browser, site, "fr", permissions=["microphone"]) as me:
        sign_in(me)
        _import(me)
        me.go("/recordings")
        me.page.locator("#f-file").set_input_files(CLONE / "examples" / "message-identite.flac")
        me.click("Le garder et l’écouter")
        assert me.page.locator("svg.wave").count() == 2
        _make(me)
        assert me.page.get_by_role("heading", name="Avant le lancement").is_visible()
        _launch_and_stop(me)
        assert not me.violations, me.violations


def test_a_message_is_spoken_into_the_browser(browser: Any, site: Site) -> None:
    with visitor(browser, site, "fr", permissions=["microphone"]) as me:
        sign_in(me)
        me.go("/recordings")
        me.click("Enregistrer")
        time, level = me.page.get_by_role("timer"), me.page.get_by_role("meter")
        me.until(lambda: float(level.evaluate("one => one.value")) > -30)
        me.until(lambda: time.inner_text() >= "0:02")
        me.click("Arrêter l’enregistrement")
        said = me.page.locator("main [role=status]").inner_text()
        assert re.search(r"\d:\d[2-9]", said), said
        me.look("recorder-taken")
        me.click("Effacer")
        assert me.page.locator("#f-file").evaluate("field => field.files.length") == 0
        me.click("Enregistrer")
        me.until(lambda: time.inner_text() >= "0:02")
        me.look("recorder-on")
        me.page.keyboard.press("Enter")
        player = me.page.locator(".recorder audio")
        me.until(lambda: bool(player.evaluate("one => one.duration > 2 && !one.error")))
        length = float(player.evaluate("one => one.duration"))
        me.fill(name="Au micro")
        me.click("Le garder et l’écouter")
        kept = me.page.locator("main audio").first
        me.until(lambda: bool(kept.evaluate("one => one.duration > 0")))
        assert abs(float(kept.evaluate("one => one.duration")) - length) < 0.05
        assert me.page.get_by_role("heading", name="Au micro").is_visible()
        me.look("recording-spoken")
        assert not me.violations, me.violations


def test_where_the_microphone_is_refused_it_is_said_and_a_file_can_be_sent(
    browser: Any, site: Site
) -> None:
    with visitor(browser, site, "en") as me:
        sign_in(me)
        me.go("/recordings")
        me.click("Start recording")
        said = me.page.locator("main [role=status]")
        me.until(lambda: "Allow it beside the address" in said.inner_text())
        me.look("recorder-refused")
        assert me.page.locator("#f-file").is_enabled()
        assert not me.violations, me.violations


def _import(me: Visitor) -> None:
    rows = (CLONE / "examples" / "contacts.csv").read_text("utf-8-sig").splitlines(keepends=True)
    content = "".join([*rows[:200], FAULTY])
    me.go("/lists/new")
    me.page.locator("#f-file").set_input_files(
        {"name": "adherents.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    me.click("Y jeter un œil")
    _declare(me)
    me.click("L’importer")
    me.until(lambda: re.search(r"/lists/\d+$", me.page.url) is not None)
    assert "Lignes refusées" in me.page.locator("main").inner_text()


def _declare(me: Visitor) -> None:
    """Say where a list comes from."""
    for field, value in (
        ("supplier", "Équipe"), ("method", "bulletins papier"), ("name", "Adhérents"),
        ("wording:voix-site-2", "J'accepte que l'on m'appelle."),
    ):  # fmt: skip
        box = me.page.locator(f'[name="{field}"]')
        if box.count():
            box.fill(value)
    me.page.locator('input[name="purposes"][value="political"]').check()


def _make(me: Visitor) -> None:
    me.go("/lists")
    me.click("Adhérents", "link")
    me.click("Nouvelle campagne avec elle", "link")
    me.page.locator("#f-name").fill("Pas à pas")
    me.page.get_by_role("checkbox").first.check()
    me.look("draft-people")
    for name in ("readiness", "message", "script", "way", "schedule", "limits", "check"):
        me.click("Continuer")
        if name == "message":
            _speak(me)
        if name == "script":
            _say(me)
        me.look(f"draft-{name}")
        if name == "schedule":
            _leave_and_come_back(me)
    me.click("La préparer")


def _speak(me: Visitor) -> None:
    """Record on the step itself; it is chosen then."""
    me.click("Enregistrer")
    me.until(lambda: me.page.get_by_role("timer").inner_text() >= "0:02")
    me.click("Arrêter l’enregistrement")
    me.fill(recording_name="Dit à l’étape")
    me.click("Le garder et l’écouter")
    chosen = me.page.locator("#f-recording1 option:checked")
    assert chosen.inner_text() == "Dit à l’étape"


def _say(me: Visitor) -> None:
    """Ask a question; what is forgotten is said at its field, and nothing is lost of the rest."""
    me.page.get_by_text("Question 1").click()
    me.fill(q1_name="vote", q1_key1="oui", q1_key2="non")
    me.click("Continuer")
    me.look("draft-script-wrong")
    me.page.locator("#f-q1_recording").select_option(label="Dit à l’étape")
    for part in me.page.locator('#f-says [type="checkbox"]').all():
        part.check()
    assert me.page.locator("#f-q1_key2").input_value() == "non"


def _leave_and_come_back(me: Visitor) -> None:
    me.click("Garder pour plus tard")
    me.look("drafts")
    me.click("Pas à pas", "link")
    assert me.page.get_by_role("heading", name="Quand").is_visible()


def _launch_and_stop(me: Visitor) -> None:
    me.click("Lancer", "link")
    me.click("Lancer")
    me.until(lambda: "appels terminés" in me.page.locator("#tiles").inner_text())
    me.until(lambda: "0 appel" not in me.page.locator("#tiles .tile").nth(2).inner_text())
    me.click(re.compile("^Arrêter"), "link")
    me.click(re.compile("^Arrêter"))
    me.until(lambda: "Arrêtée" in me.page.locator(".title").first.inner_text())


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_page_breaks_a_rule_of_accessibility(browser: Any, site: Site, language: str) -> None:
    with visitor(browser, site, language) as me:
        sign_in(me)
        for name, path in PAGES.items():
            me.go(path)
            me.look(name)
        for name, (path, status) in TOLD.items():
            me.go(path, status)
            me.look(name)
        _is_led_on(me)
        assert not me.violations, me.violations


def _is_led_on(me: Visitor) -> None:
    """The page after an identity provider, which no test can come to without one."""
    told = render(
        spoken(me.language), "signed_in.html", path="/", form_token="", stopped=None, where="#main"
    )
    me.page.route("**/led-on", lambda route: route.fulfill(body=told, content_type="text/html"))
    me.go("/led-on")
    me.look("signed-in")


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_is_not_right_is_said_where_everybody_finds_it(
    browser: Any, site: Site, language: str
) -> None:
    with visitor(browser, site, language) as me:
        sign_in(me)
        me.go("/campaigns/1/budget")
        me.fill(euros="deux cents")
        me.submit("/campaigns/1/budget")
        me.look("budget-wrong")
        me.go("/lists/new")
        file = {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 ..."}
        me.page.locator("#f-file").set_input_files(file)
        me.submit("/lists/new")
        me.look("list-file-wrong")
        me.go("/requests/1")
        me.submit("/requests/1")
        me.look("request-wrong")
        assert me.page.locator(".summary").is_visible()
        assert not me.violations, me.violations


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_long_import_is_watched(browser: Any, site: Site, language: str) -> None:
    said = WORDS[language]
    with visitor(browser, site, language) as me:
        sign_in(me)
        me.go("/lists/new")
        header, *rows = (CLONE / "examples" / "contacts.csv").read_text("utf-8-sig").splitlines()
        content = "\n".join([header, *rows * 100, language])
        file = {"name": f"{language}.csv", "mimeType": "text/csv", "buffer": content.encode()}
        me.page.locator("#f-file").set_input_files(file)
        me.click(said["look"])
        me.look("list-look")
        _declare(me)
        me.page.route("**/progress", _only_whole_pages)
        me.click(said["import"])
        assert me.page.url.endswith("/progress")
        me.until(me.page.locator("#lost").is_visible)
        me.look("list-progress")
        me.page.unroute("**/progress")
        me.until(lambda: re.search(r"/lists/\d+$", me.page.url) is not None)
        me.look("list-imported")
        assert not me.violations, me.violations


def _only_whole_pages(route: Any) -> None:
    """Let nothing through that a script fetches."""
    if "hx-request" in route.request.headers:
        route.abort()
    else:
        route.continue_()


def test_the_steps_of_a_campaign_are_the_same_in_english(browser: Any, site: Site) -> None:
    with visitor(browser, site, "en") as me:
        sign_in(me)
        me.go("/campaigns/new?like=1")
        me.fill(name="Step by step")
        for name in STEPS[1:]:
            me.click("Continue")
            me.look(f"draft-{name}")
        assert not me.violations, me.violations


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_campaign_is_asked_about_in_each_state_and_everything_is_stopped(
    browser: Any, site: Site, language: str
) -> None:
    with visitor(browser, site, language) as me:
        sign_in(me)
        where = _sample(me)
        me.look("preflight-draft")
        me.go(f"{where}/launch")
        me.look("launch")
        me.submit(f"{where}/launch")
        me.until(lambda: "running" in (me.page.locator("#live").get_attribute("data-state") or ""))
        me.look("campaign-running")
        me.go(f"{where}/pause")
        me.submit(f"{where}/pause")
        me.look("campaign-paused")
        for name in ("resume", "drain", "stop"):
            me.go(f"{where}/{name}")
            me.look(f"confirm-{name}")
        me.go("/stop")
        me.submit("/stop")
        for name, path in {"room": "/", "campaigns": "/campaigns", "campaign": where}.items():
            me.go(path)
            me.look(f"{name}-halted")
        me.go("/resume")
        me.look("resume")
        me.submit("/resume")
        me.go(f"{where}/stop")
        me.submit(f"{where}/stop")
        assert not me.violations, me.violations


def _sample(me: Visitor) -> str:
    """Prepare the sample campaign; its address. The page before its launch is open then."""
    me.go("/campaigns")
    token = me.page.locator('[name="form_token"]').first.input_value()
    sent = me.page.request.post(f"{me.site.address}/sample", form={"form_token": token})
    where = sent.url.removeprefix(me.site.address)
    me.go(where)
    return where.removesuffix("/preflight")


def test_an_open_page_says_that_it_stands_still_and_goes_on_by_itself(
    browser: Any, site: Site
) -> None:
    with visitor(browser, site, "en") as me:
        sign_in(me)
        where = _sample(me)
        room, campaign = me.page, me.context.new_page()
        campaign.goto(site.address + where)
        me.go("/")
        tiles = room.locator("#now .tile").count()
        with site.without_api():
            for page in (room, campaign):
                me.until(page.locator("#lost").is_visible)
                assert "has been lost since" in page.locator("#lost").inner_text()
            assert room.locator("#now .tile").count() == tiles > 0
            me.look("room-lost")
            site.run("stop", "--all", "--reason", "an exercise", "--by", "Camille")
        for page in (room, campaign):  # both saw the stop, so both move again
            me.until(page.locator("#stopped .halt").is_visible)
            me.until(page.locator("#lost").is_hidden)
        _refused(me)
        site.run("resume", "--all", "--by", "Camille")
        me.until(room.locator("#stopped .halt").is_hidden)
        me.context.clear_cookies()
        me.until(lambda: room.url.endswith("/login"))
        assert not me.violations, me.violations


def _refused(me: Visitor) -> None:
    """A refusal takes nothing from the control room, and least of all that all is stopped."""
    address = me.site.address + "/"
    refusal = '<main><p>503</p></main><div id="stopped"></div>'
    me.page.route(address, lambda route: route.fulfill(status=503, body=refusal))
    me.until(me.page.locator("#lost").is_visible)
    assert me.page.locator("#stopped .halt").is_visible()
    assert me.page.locator("#now .tile").count() > 0
    me.page.unroute(address)
    me.until(me.page.locator("#lost").is_hidden)


def test_a_chart_is_drawn_anew_where_what_it_counts_in_changes(browser: Any, site: Site) -> None:
    with visitor(browser, site, "en") as me:
        sign_in(me)
        me.go("/campaigns/1/report")
        me.go("/campaigns/1")
        assert me.page.locator("#hours .uplot").count() == 1
        drawn = """() => {
          const figure = document.getElementById("hours"), first = figure.querySelector(".uplot");
          const look = () => document.dispatchEvent(new Event("htmx:after:swap"));
          look();
          const kept = figure.querySelector(".uplot") === first;
          figure.dataset.unit = "calls an hour";
          look();
          return [kept, figure.querySelectorAll(".uplot").length, first.isConnected];
        }"""
        assert me.page.evaluate(drawn) == [True, 1, False]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_somebody_is_let_in_to_read_and_is_offered_nothing_else(
    browser: Any, site: Site, language: str
) -> None:
    email = f"lecture-{language}@example.org"
    link = _let_in(browser, site, language, email)
    with visitor(browser, site, language) as me:
        me.go(link.removeprefix(site.address))
        me.look("password")
        me.fill(password=PASSWORD, again=PASSWORD)
        me.page.locator("main button").click()
        me.look("login")
        sign_in(me, email)
        me.look("room-reader")
        _reads_only(me)
        _second_factor(me, email)
        assert not me.violations, me.violations


def _let_in(browser: Any, site: Site, language: str, email: str) -> str:
    """The link with which somebody new chooses their password; they are a reader then."""
    with visitor(browser, site, language) as me:
        sign_in(me)
        me.go("/users")
        me.fill(email=email)
        me.page.locator('form[action="/users"] button').click()
        link = me.page.locator("main pre").inner_text().strip()
        me.look("user-link")
        me.page.locator('input[name="role"][value="1:reader"]').check()
        me.page.locator('form[action$="/roles"] button').click()
        assert not me.violations, me.violations
        return link


def _reads_only(me: Visitor) -> None:
    """Follow every link there is, and find no form but for one's own account, or to look."""
    ahead, seen = ["/"], {"/"}
    while ahead:
        path = ahead.pop()
        me.go(path)
        sending = me.page.locator('form:not([method="get"])')
        for address in sending.evaluate_all("all => all.map(one => one.action)"):
            assert re.search(r"/(logout|account/.*)$", address), (path, address)
        for address in me.page.locator("a").evaluate_all("all => all.map(one => one.href)"):
            to = address.removeprefix(me.site.address).partition("#")[0]
            apart = r"lang=|(pdf|xlsx)(\?|$)|^/(consent|people)/"
            if to.startswith("/") and not re.search(apart, to):
                ahead += {to} - seen
                seen.add(to)
    assert {"/campaigns/1/report", "/lists/1", "/rules/fr-political"} <= seen


def _second_factor(me: Visitor, email: str) -> None:
    me.go("/account/second-factor")
    secret = me.page.locator('input[name="secret"]').input_value()
    me.fill(code=pyotp.TOTP(secret).now())
    me.page.locator("main button").click()
    me.look("recovery-codes")
    code = me.page.locator(".codes code").first.inner_text()
    me.go("/account")
    me.look("account-second-factor")
    me.page.locator('form[action="/logout"] button').click()
    sign_in(me, email)
    me.look("login-code")
    me.fill(code=code)
    me.page.locator("main button").click()
    me.page.wait_for_url(me.site.address + "/")


def test_everything_works_without_javascript(browser: Any, site: Site) -> None:
    with visitor(browser, site, "en", java_script_enabled=False) as me:
        sign_in(me)
        me.go("/campaigns/new?like=1")
        me.click("Continue")
        me.click("Keep it for later")
        drafts = me.page.locator("main").get_by_role("link", name=re.compile("^Delete"))
        there = drafts.count()
        drafts.first.click()
        me.click("Delete the draft")
        assert drafts.count() == there - 1
        me.go("/recordings")
        assert not me.page.locator(".recorder").is_visible()
        me.go("/campaigns/1")
        assert me.page.get_by_text("The figures as a table").first.is_visible()
        me.go("/why")
        me.page.locator("#f-number").fill("06 39 98 23 31")
        me.click("Look it up")
        assert me.page.get_by_role("status").is_visible()


@pytest.mark.usefixtures("furnished")
def test_somebody_agrees_and_somebody_who_was_called_refuses(browser: Any, site: Site) -> None:
    with visitor(browser, site, "en") as me:
        me.go("/consent/voix")
        me.page.locator("#phone").fill("06 39 98 00 56")
        me.page.get_by_role("checkbox").check()
        me.click("Send")
        me.go("/consent/voix/withdraw")
        me.page.locator("#phone").fill("06 39 98 00 55")
        me.click("Do not call me")
        sign_in(me)
        me.go("/refusals")
        me.page.locator("#f-number").fill("0639980055")
        me.click("Look it up")
        assert "consent" in me.page.get_by_role("status").first.inner_text().lower()
        assert not me.violations, me.violations


@pytest.mark.usefixtures("furnished")
def test_whoever_sends_too_much_is_told_to_wait(browser: Any, site: Site) -> None:
    with visitor(browser, site, "en") as me:
        sent = [
            me.page.request.post(f"{site.address}/consent/voix/withdraw", form={"number": "12"})
        ]
        while sent[-1].status == 422 and len(sent) <= OF_ONE_ADDRESS:
            sent.append(me.page.request.post(sent[0].url, form={"number": "12"}))
        assert sent[-1].status == 429
        for language in ("fr", "en"):
            me.read_in(language, "/consent/voix/withdraw")
            me.page.locator("#phone").fill("06 39 98 00 57")
            me.page.locator("main button").click()
            me.look("consent-busy")
        assert not me.violations, me.violations
