"""What people come for: by keyboard alone, without scripts, in both languages."""

import hashlib
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visitor
from tests.unit.access import peers
from tests.unit.access.seeded import DECISION
from tests.unit.access.shelf import an_id


def tab_to(page: Page, text: str, most: int = 60) -> None:
    """Press Tab until the focused thing bears the text; fails when it is never reached or shows no focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const one = document.activeElement; return [one.getAttribute('aria-label') || one.textContent, "
            "getComputedStyle(one).outlineStyle] }"
        )
        if text in focused[0]:
            assert focused[1] == "solid", f"no visible focus on {text}"
            return
    raise AssertionError(f"{text} was not reached by Tab")


def test_search_record_download_by_keyboard_alone(visit: Visitor) -> None:
    page = visit.page()
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Till innehållet"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("tallen")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sok?q=tallen*")
    tab_to(page, "Nybyggnad av enbostadshus, Tallen 3:14")
    page.keyboard.press("Enter")
    page.wait_for_url("**/handling/**")
    tab_to(page, "Ladda ner beslut.pdf")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    saved = waiting.value
    assert saved.suggested_filename == "beslut.pdf"
    assert (
        hashlib.sha256(Path(saved.path()).read_bytes()).digest()
        == hashlib.sha256(b"%PDF-1.4\n" + DECISION.encode() * 60).digest()
    )


def test_the_open_files_come_as_a_bag(visit: Visitor) -> None:
    page = visit.page()
    page.goto(f"/handling/{an_id('rec', 'bygglov')}")
    with page.expect_download() as waiting:
        page.click("a:has-text('Ladda ner det öppna')")
    names = ZipFile(waiting.value.path()).namelist()
    assert any(name.endswith("manifest-sha512.txt") for name in names)
    assert not any("åtgärdslista" in name for name in names)


def test_the_same_walk_without_scripts(visit: Visitor) -> None:
    page = visit.page(scripts=False)
    page.goto("/")
    page.fill("#q", "slutbetyg")
    page.click("main button:has-text('Sök')")
    page.click("text=Slutbetyg, Lindhamra gymnasium 1987")
    assert page.locator("text=På begäran").first.is_visible()
    page.click("text=Begär handlingen")
    page.fill("#text", "Bara betyget i svenska.")
    page.click("text=Skicka begäran")
    code = page.locator("#kod").text_content() or ""
    assert page.locator("text=Din begäran är mottagen").is_visible()
    page.goto("/bestall")
    page.fill("#kod", code.lower())
    page.click("text=Visa läget")
    assert page.locator("text=Bara betyget i svenska.").is_visible()


def test_a_facet_narrows_and_a_chip_takes_it_away_without_scripts(visit: Visitor) -> None:
    page = visit.page(scripts=False)
    page.goto("/sok?q=bygg")
    page.check("input[name=tenant]")
    page.click("button:has-text('Avgränsa')")
    assert "tenant=" in page.url
    page.click(".chips a")
    assert "tenant=" not in page.url


def test_an_archivist_approves_with_a_reason_without_scripts(visit: Visitor) -> None:
    page = visit.page(who="arkivarie", scripts=False)
    page.goto("/arkivarie")
    page.click("text=Granska")
    page.fill("#reason", "Titlarna är rättade.")
    page.click("text=Godkänn och lagra")
    page.wait_for_url(f"**/leverans/{peers.HELD}?klart=approve")
    assert page.locator("text=Leveransen är godkänd för lagring").is_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_package_is_delivered_through_the_page(visit: Visitor, tmp_path: Path, scripts: bool) -> None:
    package = tmp_path / f"paket-{scripts}.zip"
    package.write_bytes(bytes(range(256)) * 4096)
    page = visit.page(who="arkivarie", scripts=scripts)
    page.goto("/producent")
    page.set_input_files("#fil", package)
    page.click("form[data-upload] button")
    page.wait_for_url("**/leverans/dlv-*")
    assert page.locator(f"h1:has-text('paket-{scripts}')").is_visible()
    assert peers.UPLOADS[page.url.rsplit("/", 1)[1]] == package.read_bytes()


def test_a_copy_is_compared_in_the_browser_and_never_sent(visit: Visitor, tmp_path: Path) -> None:
    mine = tmp_path / "min kopia.pdf"
    mine.write_bytes(b"%PDF-1.4\n" + DECISION.encode() * 60)
    page = visit.page()
    page.goto("/jamfor")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.set_input_files("#fil", mine)
    page.wait_for_function("document.getElementById('sha256').value.length === 64")
    page.click("main button:has-text('Jämför')")
    assert page.locator("text=Ja, kopian är densamma").is_visible()
    assert "POST" not in sent


def test_the_pages_speak_english_all_through(visit: Visitor) -> None:
    page = visit.page(locale="en-GB")
    page.goto("/")
    assert page.locator("html").get_attribute("lang") == "en"
    page.fill("#q", "tallen")
    page.click("main button:has-text('Search')")
    page.click("text=Nybyggnad av enbostadshus")
    assert page.locator("text=Unchanged since delivery").is_visible()
    page.click("header >> text=Svenska")
    assert page.locator("text=Oförändrad sedan leveransen").is_visible()
    page.goto("/om")
    assert page.locator("html").get_attribute("lang") == "sv"


def test_a_record_page_comes_within_a_tenth_of_a_second(visit: Visitor) -> None:
    page = visit.page()
    path = f"/handling/{an_id('rec', 'bygglov')}"
    times = []
    for _ in range(5):
        page.goto(path)
        times.append(page.evaluate("performance.getEntriesByType('navigation')[0].responseEnd"))
    assert min(times) < 100, times
