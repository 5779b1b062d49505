"""The plate box: from a plate to an answer by keyboard alone, and what stands in the way of one."""

import re
from collections.abc import Callable

import pytest

from tests.web.conftest import CARABINIERI, TOWN, Window
from tests.world.demo import RunningDemo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(300)]
SEEN = "VA123RC"
"""A plate that the demonstration's gates read again and again."""
Open = Callable[..., Window]


@pytest.fixture
def without_case(open_window: Open) -> Window:
    """An operator of the local police, signed in, no case open."""
    window = open_window().sign_in(TOWN, "ag-201").goes("/caso")
    if window.page.locator('form[action="/caso/chiusura"]').count():
        window.page.locator('form[action="/caso/chiusura"] button').click()
    return window.goes("/")


def test_the_plate_box_has_the_focus_when_the_page_opens(without_case: Window) -> None:
    without_case.has_focus("targa")


def test_plate_to_answer_takes_five_keystrokes_beyond_the_plate(without_case: Window) -> None:
    page = without_case.page
    without_case.searches(SEEN)  # 1
    without_case.asked_why()  # 2, not needed when the purpose used last is the one
    without_case.type("1", "Tab", "Enter")  # 3 the ground, 4 and 5 "the reference follows"
    page.wait_for_selector("section.answer")
    assert page.locator("section.answer tbody tr").count() > 0
    assert "Comune di Porto Mantovano" in page.locator("section.answer h3").inner_text()
    assert page.locator(".case-bar form.owed").is_visible()


def test_with_an_open_case_the_plate_and_enter_suffice(open_window: Open) -> None:
    window = (
        open_window().sign_in(TOWN, "ag-202").open_case("urban-security", "reported-or-detected-offence", "RG 7/26")
    )
    window.goes("/").searches(SEEN)
    window.page.wait_for_selector("section.answer tbody tr")


def test_arrows_and_space_choose_as_well_as_digits(without_case: Window) -> None:
    page = without_case.page
    without_case.searches(SEEN)
    without_case.asked_why()
    without_case.type("Shift+Tab", "ArrowDown", "Tab", "Space", "Tab")
    assert without_case.focused() == "riferimento"
    page.keyboard.type("RG 12/2026")
    without_case.type("Enter")
    page.wait_for_selector("section.answer")
    assert "RG 12/2026" in page.locator(".case-bar").inner_text()


def test_the_purpose_used_last_comes_first_and_is_chosen(without_case: Window) -> None:
    without_case.open_case("police-investigation", "reported-or-detected-offence", "RG 9/2026").goes("/caso")
    without_case.page.locator('form[action="/caso/chiusura"] button').click()
    first = without_case.page.locator('input[name="finalita"]').first
    assert first.get_attribute("value") == "police-investigation"
    assert first.is_checked()


@pytest.mark.requirement("PM-3.1")
def test_a_reason_of_urban_security_cannot_follow(without_case: Window) -> None:
    page = without_case.page
    without_case.searches(SEEN)
    page.wait_for_selector(".case-form")
    page.locator('input[name="presupposto"][value="urban-security-public-order"]').check()
    page.locator('input[name="finalita"]').first.check()
    page.locator('button[value="segue"]').click()
    page.wait_for_selector(".form-errors")
    assert page.locator(".case-bar").count() == 0
    assert without_case.focused() == "riferimento"


def test_a_reference_that_says_nothing_is_asked_for_again(without_case: Window) -> None:
    page = without_case.page
    without_case.searches(SEEN)
    without_case.asked_why()
    without_case.type("1")
    page.keyboard.type(".")
    without_case.type("Enter")
    page.wait_for_selector(".form-errors")
    assert page.locator(".case-bar").count() == 0


def test_the_reference_that_follows_is_added_where_it_is_owed(open_window: Open) -> None:
    window = open_window().sign_in(TOWN, "com-200").open_case("police-investigation", "reported-or-detected-offence")
    window.page.locator(".case-bar #owed-reference").fill("RG 55/2026")
    window.page.locator(".case-bar form.owed button").click()
    window.page.wait_for_selector(".case-bar form.owed", state="detached")
    assert "RG 55/2026" in window.page.locator(".case-bar").inner_text()


@pytest.mark.parametrize("joker", ["-", "*", "VA1*"])
def test_a_joker_is_no_plate(without_case: Window, joker: str) -> None:
    without_case.open_case("urban-security", "reported-or-detected-offence", "RG 3/2026").goes("/")
    without_case.searches(joker)
    without_case.page.wait_for_selector(".refusal")
    assert "Questa non è una targa" in without_case.page.locator("#answer").inner_text()
    assert without_case.page.locator("section.answer tbody tr").count() == 0


def test_a_refusal_says_sentence_article_and_whom_to_ask(open_window: Open) -> None:
    window = open_window().sign_in(CARABINIERI, "op-103").goes("/")  # listed, but without an act
    window.searches(SEEN)
    window.asked_why()
    window.type("1", "Tab", "Enter")
    window.page.wait_for_selector(".refusal")
    told = window.page.locator(".refusal").inner_text()
    assert "Norma" in told
    assert "A chi rivolgersi" in told
    assert re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-", told), (
        "the request is named, so that it can be asked about"
    )
    assert window.page.locator("section.answer tbody tr").count() == 0


def test_a_session_that_ended_leads_back_to_sign_in(open_window: Open) -> None:
    first = open_window().sign_in(CARABINIERI, "resp-100").goes("/")
    open_window().sign_in(CARABINIERI, "resp-100")
    first.searches(SEEN)
    first.page.wait_for_url("**/accesso?**")
    assert first.page.locator(".notice").inner_text()


def test_the_slash_comes_back_to_the_plate_box(without_case: Window) -> None:
    without_case.page.locator("footer a").first.focus()
    without_case.type("/")
    assert without_case.focused() == "targa"


def test_a_plate_is_never_in_an_address_or_a_title(without_case: Window) -> None:
    seen: list[str] = []
    without_case.page.on("request", lambda request: seen.append(request.url))
    without_case.open_case("urban-security", "reported-or-detected-offence", "RG 4/2026").goes("/")
    without_case.searches(SEEN)
    without_case.page.wait_for_selector("section.answer tbody tr")
    assert not [url for url in seen if SEEN.lower() in url.lower()]
    assert SEEN not in without_case.page.title()
    assert SEEN not in without_case.page.url


def test_it_works_without_javascript(open_window: Open) -> None:
    window = open_window(scripts=False).sign_in(TOWN, "ag-201")
    window.open_case("urban-security", "reported-or-detected-offence", "RG 5/2026").goes("/")
    window.page.locator("#plate").fill(SEEN)
    window.page.locator("#plate-form button").click()
    assert window.page.locator("section.answer tbody tr").count() > 0
    assert window.page.url == f"{window.base_url}/ricerca"


def test_a_form_from_another_site_is_refused(demo: RunningDemo) -> None:
    visitor = demo.visitor(TOWN, "ag-201")
    for headers in ({"Origin": "https://altrove.example"}, {"Sec-Fetch-Site": "cross-site", "Origin": demo.base_url}):
        answer = visitor.http.post("/ricerca", data={"targa": SEEN}, headers=headers)
        assert answer.status_code == 400
        assert SEEN not in answer.text
