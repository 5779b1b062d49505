"""Cameras: live and recorded pictures in a real browser, refusals, and a viewing that is cut while it is watched."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from broker.clock import SystemClock
from broker.demo.acts import Acts
from tests.web.conftest import CARABINIERI, Window
from tests.world.demo import RunningDemo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(300)]
Open = Callable[..., Window]
LIVE, PLAY = 'form[data-open="live.view"] button', 'form[data-open="recording.view"] button[type="submit"]'


@pytest.fixture
def in_case(open_window: Open) -> Window:
    """A Carabinieri operator in a case with ground and reference."""
    window = open_window().sign_in(CARABINIERI, "op-102")
    return window.open_case("crime-prevention-repression", "reported-or-detected-offence", "RG 21/2026")


@pytest.fixture
def suspended(demo: RunningDemo) -> Iterator[Callable[[], None]]:
    """Suspends the convention; ends the suspension when the test is over."""
    acts, made = Acts(demo.world, SystemClock()), []

    def suspend() -> None:
        made.append(f"web-{time.monotonic_ns()}")
        acts.suspend(made[-1])

    yield suspend
    for slug in made:
        acts.end_suspension(f"{slug}-fine", slug)


def test_the_cameras_that_the_deeds_open_are_listed(in_case: Window) -> None:
    in_case.goes("/telecamere")
    text = in_case.page.locator("main").inner_text()
    assert "Varco nord" in text
    assert "Piazza del municipio" in text
    assert "Levanto" not in text


def test_without_a_case_the_cameras_ask_for_one(open_window: Open) -> None:
    window = open_window().sign_in(CARABINIERI, "resp-100").goes("/telecamere")
    assert window.page.url.endswith("/caso?verso=/telecamere")
    assert window.page.locator(".case-form").is_visible()


@pytest.mark.requirement("PM-3.8")
def test_a_gate_is_watched_live(in_case: Window) -> None:
    in_case.goes("/telecamere/c_g917/varco-nord").page.locator(LIVE).click()
    in_case.advances(1.0)
    assert in_case.page.evaluate("() => document.querySelector('video').muted")
    assert "permessa fino alle" in in_case.page.locator("[data-until]").inner_text()


@pytest.mark.requirement("PM-3.1")
def test_a_recording_plays_and_can_be_searched_through(in_case: Window) -> None:
    in_case.goes("/telecamere/c_g917/varco-nord").page.locator(PLAY).click()
    in_case.advances(0.5)
    in_case.page.evaluate("() => { document.querySelector('video').currentTime = 60 }")
    in_case.advances(61.0)


def test_where_there_is_footage_can_be_asked_and_chosen(in_case: Window) -> None:
    page = in_case.goes("/telecamere/c_g917/varco-nord").page
    page.locator('button[hx-post$="/filmati"]').click()
    page.wait_for_selector("#footage [data-start]")
    start = page.locator("#footage [data-start]").last.get_attribute("data-start")
    page.locator("#footage [data-start]").last.click()
    assert str(page.locator('input[name="dal"]').input_value()).startswith(str(start))
    in_case.type("Enter")  # the button that opens the recording has the focus
    in_case.advances(0.5)


def test_footage_that_does_not_exist_is_no_refusal(in_case: Window) -> None:
    page = in_case.goes("/telecamere/c_g917/varco-nord").page
    page.locator('input[name="dal"]').fill((SystemClock().now_utc() - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"))
    page.locator(PLAY).click()
    assert "non ci sono filmati" in in_case.told()


def test_a_recording_without_ground_is_refused(open_window: Open) -> None:
    window = open_window().sign_in(CARABINIERI, "op-102").open_case("crime-prevention-repression", None)
    window.goes("/telecamere/c_g917/varco-nord").page.locator(PLAY).click()
    assert "presupposto" in window.told()


@pytest.mark.requirement("LEV-8.1")
def test_the_school_camera_is_closed_in_opening_hours(in_case: Window) -> None:
    in_case.goes("/telecamere/c_g917/scuola").page.locator(LIVE).click()
    assert "A chi rivolgersi" in in_case.told()
    assert in_case.page.locator("video").is_hidden()


def test_another_controllers_camera_is_refused_on_a_page_of_its_own(in_case: Window) -> None:
    answer = in_case.page.goto(f"{in_case.base_url}/telecamere/c_e542/porto")
    assert answer is not None
    assert answer.status == 403
    assert "atto in vigore" in in_case.page.locator(".refusal").inner_text()


def test_an_unknown_camera_looks_like_one_outside_the_territory(in_case: Window) -> None:
    answer = in_case.page.goto(f"{in_case.base_url}/telecamere/c_g917/nessuna")
    assert answer is not None
    assert answer.status == 403
    assert in_case.page.locator(".refusal").count() == 1


def test_the_viewing_is_closed_by_hand(in_case: Window) -> None:
    in_case.goes("/telecamere/c_g917/piazza").page.locator(LIVE).click()
    in_case.advances(0.3)
    in_case.page.locator("[data-stop]").click()
    assert in_case.page.locator("video").is_hidden()
    assert "Visione chiusa" in in_case.page.locator("[data-screen-words]").inner_text()


@pytest.mark.requirement("PM-6.4")
def test_the_picture_goes_when_the_convention_is_suspended(in_case: Window, suspended: Callable[[], None]) -> None:
    in_case.goes("/telecamere/c_g917/varco-nord").page.locator(LIVE).click()
    in_case.advances(0.5)
    suspended()
    assert "sospesa" in in_case.told()
    assert in_case.page.locator("video").is_hidden()
    assert in_case.page.evaluate(
        "() => document.querySelector('video').currentSrc === '' || !document.querySelector('video').src"
    )


@pytest.mark.requirement("PM-2.8")
def test_the_picture_goes_when_the_credential_signs_in_elsewhere(in_case: Window, open_window: Open) -> None:
    in_case.goes("/telecamere/c_g917/varco-nord").page.locator(LIVE).click()
    in_case.advances(0.5)
    open_window().sign_in(CARABINIERI, "op-102")
    in_case.page.wait_for_selector("video", state="hidden")
    in_case.goes("/")
    assert "/accesso" in in_case.page.url
