"""An installation as `make serve` makes one, and a browser in front of it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from dialer.instance.ports import free_ports

CLONE = Path(__file__).parents[2]
PORTEVOIX = str(Path(sys.executable).with_name("portevoix"))
AXE = CLONE / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = CLONE / "build" / "screenshots"
WIDTHS = {"narrow": 360, "wide": 1280}
PATIENCE_S = 120.0
EMAIL = "camille@example.org"
PASSWORD = "un bateau sous la pluie"
CONTROLLER = "Camille Roussel 2027"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

_JUDGE = """async (tags) => {
  const found = await axe.run(document, {runOnly: {type: "tag", values: tags}});
  return found.violations.map((one) => ({
    id: one.id, help: one.help,
    nodes: one.nodes.slice(0, 3).map(
      (node) => node.html.slice(0, 160) + " " + (node.any[0]?.message ?? "")),
  }));
}"""


@dataclass
class Site:
    """A home directory with everything running on it.

    Attributes:
        set_up: the path of the page that makes the first user, as it was printed.
    """

    home: Path
    address: str
    set_up: str
    process: subprocess.Popen[str]

    def run(self, *words: str) -> str:
        """The command, on this home."""
        done = subprocess.run(
            [PORTEVOIX, "--home", str(self.home), *words],
            capture_output=True, text=True, cwd=CLONE, check=True, timeout=120,
        )  # fmt: skip
        return done.stdout

    @contextmanager
    def without_api(self) -> Iterator[None]:
        """The API killed, and started again at the end of this: who keeps it running stands still.

        Calls go on meanwhile: the dialer is a process of its own.
        """
        self.process.send_signal(signal.SIGSTOP)
        try:
            os.kill(self._api(), signal.SIGKILL)
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def _api(self) -> int:
        """The process that serves the API of this home."""
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            words = file.read_bytes().split(b"\0")
            if str(self.home).encode() in words and b"api" in words:
                return int(file.parent.name)
        raise LookupError("no API runs")


@contextmanager
def served(home: Path) -> Iterator[Site]:
    """`portevoix serve` on a fresh home, ready to place calls."""
    home.mkdir(parents=True)
    ports = free_ports(1)
    settings = (
        f"[rehearsal]\nsip_port = {ports.sip}\nmax_channels = 300\n[api]\nport = {ports.ami}\n"
    )
    (home / "portevoix.toml").write_text(settings)
    process = subprocess.Popen(
        [PORTEVOIX, "--home", str(home), "serve"],
        stdout=subprocess.PIPE, text=True, cwd=CLONE,
    )  # fmt: skip
    assert process.stdout is not None
    said = ""
    try:
        while "Ready to place calls." not in said:
            line = process.stdout.readline()
            assert line, f"it ended: {said}"
            said += line
        found = re.search(r"(http://[^/\s]+)(/setup/\S+)", said)
        assert found, said
        yield Site(home, found.group(1), found.group(2), process)
    finally:
        process.terminate()
        process.communicate(timeout=120)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser named by the environment."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=os.environ["PORTEVOIX_TEST_CHROMIUM"],
            # Its microphone is a beep once a second.
            args=[
                "--no-sandbox", "--disable-dev-shm-usage", "--use-fake-device-for-media-stream",
            ],
        )  # fmt: skip
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visitor:
    """Somebody before a page, who counts their clicks."""

    site: Site
    context: BrowserContext
    language: str
    clicks: int = 0
    violations: dict[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.page: Page = self.context.new_page()

    def go(self, path: str, status: int = 200) -> None:
        """Open an address."""
        answer = self.page.goto(self.site.address + path, wait_until="load")
        assert answer is not None
        assert answer.status == status, (path, answer.status)

    def read_in(self, language: str, path: str) -> None:
        """Open an address in another language, as with the link at the top of the page."""
        self.go(f"{path}?lang={language}")
        self.language = language

    def submit(self, action: str) -> None:
        """Send the form of this address, whatever the browser would say of it."""
        form = self.page.locator(f'main form[action="{action}"]')
        form.evaluate("form => form.noValidate = true")
        form.locator("button").last.click()

    def click(self, name: str | re.Pattern[str], role: Any = "button") -> None:
        """Press what bears this name."""
        self.clicks += 1
        self.page.locator("main").get_by_role(role, name=name).first.click()

    def fill(self, **values: str) -> None:
        """Type into fields, by their names."""
        for name, value in values.items():
            self.page.locator(f'main [name="{name}"]').fill(value)

    def until(self, true: Callable[[], bool]) -> None:
        """Wait for a condition, with the page alive meanwhile."""
        give_up = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < give_up, self.page.locator("main").inner_text()[:800]
            self.page.wait_for_timeout(200)

    def look(self, name: str) -> None:
        """Keep the page's picture, narrow and wide, and what axe says of it."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for width_name, width in WIDTHS.items():
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.wait_for_timeout(150)
            file = SCREENSHOTS / f"{name}-{self.language}-{width_name}.png"
            self.page.screenshot(path=file, full_page=True)
            self._judge(f"{name}, {self.language}, {width_name}")
            assert not self._overflows(), f"{name} is wider than {width} px"

    def _judge(self, where: str) -> None:
        if not self.page.evaluate("typeof axe === 'object'"):
            # Through the driver, past the policy that lets no script of others in.
            self.page.evaluate(AXE.read_text())
        if found := self.page.evaluate(_JUDGE, RULES):
            self.violations[where] = found

    def _overflows(self) -> bool:
        return bool(self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        ))  # fmt: skip


@contextmanager
def visitor(browser: Browser, site: Site, language: str, **options: Any) -> Iterator[Visitor]:
    """Somebody whose browser prefers a language."""
    context = browser.new_context(locale=language, **options)
    try:
        yield Visitor(site, context, language)
    finally:
        context.close()


def sign_in(one: Visitor, email: str = EMAIL, password: str = PASSWORD) -> None:
    """Give address and password; the first page follows, or the one that asks for a code."""
    one.go("/login")
    one.fill(email=email, password=password)
    one.page.locator("main button").click()
    one.page.wait_for_url(lambda address: not address.endswith("/login"))
