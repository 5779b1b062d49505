"""Every page: reachable by keyboard, nothing serious for axe-core, the headers, Italian words."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from tests.web.conftest import CARABINIERI, TOWN, Window
from tests.world.demo import RunningDemo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(300)]
Open = Callable[..., Window]
TEMPLATES = Path(__file__).parents[2] / "broker" / "web" / "templates"
ANYBODY = ("/accesso", "/dimostrazione")
SIGNED_IN = (
    "/",
    "/caso",
    "/telecamere",
    "/telecamere/c_g917/varco-nord",
    "/telecamere/c_g917/nessuna",
    "/documenti",
    "/documenti/c_g917/convention/carabinieri",
    "/documenti/c_g917/regulation/videosorveglianza",
    "/documenti/c_g917/convention/nessuna",
    "/registro",
)


@pytest.mark.parametrize("path", ANYBODY)
def test_axe_finds_nothing_serious_before_sign_in(open_window: Open, path: str) -> None:
    assert open_window().goes(path).axe() == []


def test_axe_finds_nothing_serious(open_window: Open) -> None:
    window = open_window().sign_in(TOWN, "ag-202")
    window.open_case("urban-security", "reported-or-detected-offence", "RG 31/2026")
    assert {path: found for path in SIGNED_IN if (found := window.goes(path).axe())} == {}


def test_axe_finds_nothing_serious_in_an_answer_and_a_case_form(open_window: Open) -> None:
    window = open_window().sign_in(TOWN, "ag-201").goes("/caso")
    if window.page.locator('form[action="/caso/chiusura"]').count():
        window.page.locator('form[action="/caso/chiusura"] button').click()
    window.goes("/").searches("VA123RC").asked_why()
    assert window.axe() == []
    window.type("1", "Tab", "Enter").page.wait_for_selector("section.answer")
    assert window.axe() == []


def test_every_control_is_reached_by_tab(open_window: Open) -> None:
    window = open_window().sign_in(TOWN, "ag-202")
    window.open_case("urban-security", "reported-or-detected-offence", "RG 32/2026")
    missed = {}
    for path in ("/", "/telecamere", "/telecamere/c_g917/varco-nord", "/caso", "/documenti", "/registro"):
        controls = window.goes(path).page.evaluate(
            """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select')]
                .filter((one) => one.tabIndex >= 0 && one.offsetParent && !(one.type === 'radio' && !one.checked))
                .map((one, index) => (one.dataset.control = String(index)))"""
        )
        window.page.evaluate("() => document.activeElement.blur()")
        reached = set()
        for _ in range(2 * len(controls) + 10):  # a field for a date and time has several stops
            window.type("Tab")
            reached.add(window.page.evaluate("() => document.activeElement.dataset.control ?? ''"))
        missed[path] = set(controls) - reached
    assert {path: controls for path, controls in missed.items() if controls} == {}


def test_the_first_tab_leads_to_the_content(open_window: Open) -> None:
    window = open_window().goes("/dimostrazione")
    window.type("Tab")
    assert window.focused() == "Vai al contenuto"
    window.type("Enter")
    assert window.page.evaluate("() => document.activeElement.id") == "main"


@pytest.mark.parametrize("path", [*ANYBODY, "/", "/static/varco/varco.css"])
def test_the_headers_stand_on_every_answer(demo: RunningDemo, path: str) -> None:
    headers = httpx2.get(f"{demo.base_url}{path}", trust_env=False).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert path.startswith("/static/") or headers["cache-control"] == "no-store"


def test_what_has_a_digest_in_its_address_may_be_kept(demo: RunningDemo) -> None:
    page = httpx2.get(f"{demo.base_url}/accesso", trust_env=False).text
    for address in re.findall(r'(?:href|src)="(/static/[^"#]+)', page):
        kept = httpx2.get(f"{demo.base_url}{address}", trust_env=False)
        assert kept.status_code == 200
        assert "immutable" in kept.headers["cache-control"]


def test_no_page_carries_script_or_style_of_its_own() -> None:
    for template in TEMPLATES.glob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:|js:", text), template.name
        assert not re.search(r"<script(?![^>]*\ssrc=)", text), template.name


def test_code_in_markup_is_not_run(open_window: Open) -> None:
    window = open_window().goes("/accesso")
    window.page.evaluate(
        """() => {
            const place = document.createElement('p');
            place.innerHTML = '<button id="evil" hx-on:click="window.wasRun = true">x</button>';
            document.querySelector('main').append(place);
            htmx.process(place);
            document.getElementById('evil').click();
        }"""
    )
    assert window.page.evaluate("() => window.wasRun ?? false") is False
    window.complaints.clear()  # the browser may well have complained, rightly


def test_nobody_signed_in_is_sent_to_sign_in(demo: RunningDemo) -> None:
    for path in SIGNED_IN:
        answer = httpx2.get(f"{demo.base_url}{path}", trust_env=False, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/accesso?")


@pytest.mark.parametrize("path", ["/non-esiste", "/telecamere/solo-uno", "/login/nessuno"])
def test_an_address_that_leads_nowhere_is_a_page_for_a_person_and_a_problem_for_a_program(
    demo: RunningDemo, open_window: Open, path: str
) -> None:
    window = open_window().goes(path)
    assert window.page.locator("h1").inner_text() == "Qui non c\N{RIGHT SINGLE QUOTATION MARK}è nulla"
    answer = httpx2.get(f"{demo.base_url}{path}", trust_env=False)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_a_sign_in_that_did_not_succeed_says_so(open_window: Open) -> None:
    window = open_window().goes(f"/callback/{TOWN}?state=finto&code=finto")
    assert "accesso non è riuscito" in window.page.locator("main").inner_text()


def test_signing_out_ends_at_the_choice_of_the_force(open_window: Open) -> None:
    window = open_window().sign_in(TOWN, "ag-202")
    window.page.locator('form[action="/logout"] button').click()
    window.page.wait_for_selector(".forces")
    window.goes("/telecamere")
    assert "/accesso" in window.page.url


def test_documents_say_who_signed_them_and_what_is_invented(open_window: Open) -> None:
    window = open_window().sign_in(CARABINIERI, "op-102").goes("/documenti")
    listed = window.page.locator("main").inner_text()
    assert "Convenzione fra il Comune di Porto Mantovano" in listed
    assert "sindaco (Comune di Porto Mantovano)" in listed
    marked = window.page.locator("li", has_text="Regolamento comunale di videosorveglianza di Porto Mantovano")
    assert marked.locator(".invented").count() == 1
    window.goes("/documenti/c_g917/regulation/videosorveglianza")
    assert window.page.locator(".invented").count() == 1


def test_lists_of_persons_are_shown_to_their_own_body_only(demo: RunningDemo) -> None:
    path = "/documenti/c_g917/operator-list/carabinieri"
    assert demo.visitor(CARABINIERI, "op-102").http.get(path).status_code == 200
    assert demo.visitor(TOWN, "ag-201").http.get(path).status_code == 404


@pytest.mark.requirement("PM-3.5")
def test_the_ledger_is_verified_for_who_may_read_it(open_window: Open) -> None:
    window = open_window().sign_in(TOWN, "adm-1").goes("/registro")
    window.page.locator('form[action="/registro"] button').first.click()
    window.page.wait_for_selector(".verdict")
    assert "Il registro è integro" in window.page.locator(".verdict").inner_text()
    assert window.page.locator("table.entries tbody tr").count() > 1
    assert window.axe() == []


@pytest.mark.requirement("PM-3.5")
def test_the_auditor_is_told_why_the_ledger_stays_closed(open_window: Open) -> None:
    window = open_window().sign_in(TOWN, "aud-1").goes("/registro")
    window.page.locator('form[action="/registro"] button').first.click()
    window.page.wait_for_selector("#ledger .refusal")
    told = window.page.locator("#ledger .refusal").inner_text()
    assert "lettura dei registri" in told
    assert "A chi rivolgersi" in told
    assert window.page.locator("table.entries").count() == 0


def test_a_person_may_choose_english(open_window: Open) -> None:
    window = open_window().goes("/lingua/en").goes("/dimostrazione")
    assert window.page.locator("h1").inner_text() == "About this demonstration"
    assert window.page.evaluate("() => document.documentElement.lang") == "en"
