"""Every main page: no axe violation, nothing wider than the screen, no fault in the console, light and dark, phone and desk."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import Visitor
from tests.unit.access import peers
from tests.unit.access.shelf import an_id

OPEN, ASKED = an_id("rec", "bygglov"), an_id("rec", "betyg")
PAGES = {
    "": (
        "/",
        "/sok?q=bygg",
        "/sok?q=finnsinte&tenant=x",
        f"/handling/{OPEN}",
        f"/handling/{ASKED}",
        f"/handling/{OPEN}/las?fil=1",
        f"/handling/{OPEN}/las?fil=2",
        f"/bestall?handling={ASKED}",
        "/jamfor?sha256=x",
        "/om",
        "/tillganglighet",
        "/stil",
        "/problem",
        "/problem/not_found",
        "/logga-in",
    ),
    "arkivarie": (
        "/arkivarie",
        "/producent",
        "/bevarande",
        *(f"/leverans/{one}" for one in (peers.HELD, peers.REJECTED, peers.ACCEPTED, peers.PARKED)),
    ),
    "bygg": (f"/handling/{an_id('rec', 'akt')}",),
    "drift": ("/drift",),
}
SCREENS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
@pytest.mark.parametrize("who", PAGES)
def test_pages_are_accessible_and_fit(visit: Visitor, who: str, width: int, scheme: str) -> None:
    page = visit.page(who=who, width=width, scheme=scheme)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None,
    )
    wrong: list[str] = []
    for path in PAGES[who]:
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            wrong.append(f"{path}: {wide} px on a screen of {width}")
        found = Axe().run(page).response["violations"]
        wrong += [f"{path}: {one['id']} {[node['html'][:120] for node in one['nodes'][:2]]}" for one in found]
    assert wrong + faults == []


@pytest.mark.parametrize("path", ["/", "/sok?q=bygg", f"/handling/{OPEN}", "/bestall"])
def test_pages_stand_at_four_hundred_per_cent(visit: Visitor, path: str) -> None:
    # 1280 px at 400 % is 320 CSS px (WCAG 1.4.10).
    page = visit.page(width=320)
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_facets_are_folded_on_a_phone_and_open_at_a_desk(visit: Visitor) -> None:
    phone, desk = visit.page(width=390), visit.page(width=1280)
    for page in (phone, desk):
        page.goto("/sok?q=bygg")
    assert phone.locator(".facets summary").is_visible()
    assert not phone.locator("input[name=tenant]").first.is_visible()
    assert not desk.locator(".facets summary").is_visible()
    assert desk.locator("input[name=tenant]").first.is_visible()


def test_a_table_becomes_blocks_with_names_on_a_phone(visit: Visitor) -> None:
    page = visit.page(who="arkivarie", width=390)
    page.goto("/producent")
    cell = page.locator("td[data-name='Överenskommelse']").first
    assert cell.evaluate("one => getComputedStyle(one).display") == "block"
    assert "Överenskommelse" in cell.evaluate("one => getComputedStyle(one, '::before').content")


def test_the_printed_record_leaves_out_the_frame(visit: Visitor) -> None:
    page = visit.page()
    page.goto(f"/handling/{OPEN}")
    page.emulate_media(media="print")
    for part in (".top nav", ".foot", ".crumbs", "a.btn"):
        assert not page.locator(part).first.is_visible(), part
    assert page.locator("h1").is_visible()
