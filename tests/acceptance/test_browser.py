"""The dashboard in a real Chromium, as a new user would go; `make test-browser` runs it."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
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
    "user": "/users/1", "account": "/account", "second-factor": "/account/second-factor",
    "login-key": "/login/key",
}  # fmt: skip


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
    """A consent form, a request, and a second controller to act for."""
    of = ("--controller", CONTROLLER)
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
        me.look("room-first")
        me.click("Prepare the sample")
        assert me.page.get_by_role("heading", name="Before the launch").is_visible()
        me.click("Launch", "link")
        me.look("launch")
        me.click("Launch")
        tile = me.page.locator("#tiles .tile").first
        me.until(lambda: not tile.inner_text().split("\n")[1].startswith("0"))
        me.look("campaign-running")
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
        me.until(lambda: time.inner_text() == "0:02")
        me.click("Arrêter l’enregistrement")
        assert "0:02" in me.page.locator("main [role=status]").inner_text()
        me.look("recorder-taken")
        me.click("Effacer")
        assert me.page.locator("#f-file").evaluate("field => field.files.length") == 0
        me.click("Enregistrer")
        me.until(lambda: time.inner_text() == "0:02")
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
    me.look("list-look")
    for field, value in (
        ("supplier", "Équipe"), ("method", "bulletins papier"), ("name", "Adhérents"),
        ("wording:voix-site-2", "J'accepte que l'on m'appelle."),
    ):  # fmt: skip
        box = me.page.locator(f'[name="{field}"]')
        if box.count():
            box.fill(value)
    me.page.get_by_label("politique").check()
    me.click("L’importer")
    me.until(lambda: re.search(r"/lists/\d+$", me.page.url) is not None)
    assert "Lignes refusées" in me.page.locator("main").inner_text()
    me.look("list-imported")


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
    me.look("stop-campaign")
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
        assert not me.violations, me.violations


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
    """Follow every link there is, and find no form but for one's own account."""
    ahead, seen = ["/"], {"/"}
    while ahead:
        path = ahead.pop()
        me.go(path)
        for address in me.page.locator("form").evaluate_all("all => all.map(one => one.action)"):
            assert re.search(r"/(logout|account/.*)$", address), (path, address)
        for address in me.page.locator("a").evaluate_all("all => all.map(one => one.href)"):
            to = address.removeprefix(me.site.address).partition("#")[0]
            if to.startswith("/") and not re.search(r"lang=|pdf$|^/consent/", to):
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
        me.page.locator("main").get_by_role("link", name=re.compile("^Delete")).first.click()
        me.click("Delete the draft")
        assert not me.page.get_by_role("heading", name="Drafts").count()
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
        me.look("agreed")
        me.go("/consent/voix/withdraw")
        me.page.locator("#phone").fill("06 39 98 00 55")
        me.click("Do not call me")
        me.look("withdrawn")
        sign_in(me)
        me.go("/refusals")
        me.page.locator("#f-number").fill("0639980055")
        me.click("Look it up")
        assert "consent" in me.page.get_by_role("status").first.inner_text().lower()
        assert not me.violations, me.violations
