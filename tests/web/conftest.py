"""A real Chromium before the real demonstration; what it complains about fails the test."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

from tests.conftest import program
from tests.world.demo import RunningDemo

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TOWN, CARABINIERI, LEVANTO = "c_g917", "carabinieri-mantova", "c_e542"
SERIOUS = {"serious", "critical"}


@dataclass
class Window:
    """One browser window, and what the browser said against our pages."""

    page: Page
    base_url: str
    complaints: list[str] = field(default_factory=list)

    def goes(self, path: str) -> "Window":
        self.page.goto(f"{self.base_url}{path}")
        return self

    def sign_in(self, force: str, code: str) -> "Window":
        """By hand, as a person does: choose the force, give the code there, come back."""
        self.goes("/accesso")
        self.page.locator(f'a.force[href^="/login/{force}?"]').click()
        self.page.locator("#codice").fill(code)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"{self.base_url}/**")
        return self

    def open_case(self, purpose: str, ground: str | None, reference: str = "") -> "Window":
        """A new case through the page; those that are open, from other tests too, are closed first."""
        self.goes("/caso")
        while self.page.locator('form[action="/caso/chiusura"]').count():
            with self.page.expect_navigation():
                self.page.locator('form[action="/caso/chiusura"] button').click()
        self.page.locator(f'input[name="finalita"][value="{purpose}"]').check()
        self.page.locator(f'input[name="presupposto"][value="{ground or ""}"]').check()
        if ground and not reference:
            self.page.locator('button[value="segue"]').click()
        else:
            self.page.locator("#riferimento").fill(reference)
            self.page.locator('.actions button[value="riferimento"]').click()
        self.page.wait_for_selector(".case-bar")
        return self

    def type(self, *keys: str) -> "Window":
        """Keys, one after the other, to whatever has the focus: no mouse, no element is named."""
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def focused(self) -> str:
        """The name or text of what has the focus."""
        return str(
            self.page.evaluate("() => document.activeElement?.name || document.activeElement?.textContent.trim() || ''")
        )

    def has_focus(self, *names: str) -> "Window":
        """Wait until the page gives the focus to one of these by itself."""
        for _ in range(100):
            if self.focused() in names:
                return self
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{self.focused()!r} has the focus: {self.page.locator('main').inner_text()}")

    def searches(self, plate: str) -> "Window":
        """Type a plate into the box that has the focus, and Enter."""
        self.has_focus("targa").page.keyboard.type(plate)
        return self.type("Enter")

    def asked_why(self) -> "Window":
        """Wait for the case form and choose the purpose, unless the one used last stands there: ground comes next."""
        self.has_focus("finalita", "presupposto")
        if self.focused() == "finalita":
            self.type("1")
        return self.has_focus("presupposto")

    def advances(self, seconds: float) -> None:
        """Wait until the video has played to an instant; the page forbids code in strings, so it is asked again."""
        for _ in range(200):
            if self.page.evaluate("() => document.querySelector('video').currentTime") >= seconds:
                return
            self.page.wait_for_timeout(100)
        state = self.page.evaluate(
            """() => { const video = document.querySelector('video'); const held = video.buffered;
                return [video.currentTime, video.duration, video.readyState, video.paused, video.error?.message,
                    held.length && held.start(0), held.length && held.end(held.length - 1)] }"""
        )
        raise AssertionError(f"the video does not play: {state} {self.page.locator('main').inner_text()}")

    def told(self) -> str:
        """What the camera page says when a viewing is refused, fails or is cut."""
        for _ in range(200):
            if self.page.locator("[data-refusal] > *").count():
                return str(self.page.locator("[data-refusal]").inner_text())
            self.page.wait_for_timeout(100)
        raise AssertionError(f"nothing is told: {self.page.locator('main').inner_text()}")

    def axe(self) -> list[str]:
        """What axe-core finds serious on the page as it stands."""
        source = AXE.read_text(encoding="utf-8")
        found = self.page.evaluate(f"{source}; axe.run(document, {{resultTypes: ['violations']}})")
        return [f"{one['id']}: {one['nodes'][0]['target']}" for one in found["violations"] if one["impact"] in SERIOUS]


@pytest.fixture(scope="module")  # a session-wide one would keep its event loop running under the async tests
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def open_window(demo: RunningDemo, browser: Browser) -> Iterator[Callable[..., Window]]:
    """Opens windows; at the end, no page may have broken the content policy or raised an error."""
    windows: list[Window] = []

    def opened(*, scripts: bool = True) -> Window:
        context = browser.new_context(
            locale="it-IT",
            timezone_id="Europe/Rome",
            viewport={"width": 1280, "height": 800},
            java_script_enabled=scripts,
        )
        context.set_default_timeout(45_000)
        window = Window(context.new_page(), demo.base_url)

        def of_console(message: ConsoleMessage) -> None:
            if "Content Security Policy" in message.text or "Refused to" in message.text:
                window.complaints.append(message.text)

        def of_error(error: Error) -> None:
            window.complaints.append(str(error))

        window.page.on("console", of_console)
        window.page.on("pageerror", of_error)
        windows.append(window)
        return window

    yield opened
    complaints = [complaint for window in windows for complaint in window.complaints]
    for window in windows:
        window.page.context.close()
    assert complaints == []
