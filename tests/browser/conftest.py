"""Headless Chromium before a seeded access; every test here bears the marker `browser`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.unit.access.seeded import PASSWORD, Seeded, running

FLAGS = (
    *("--no-sandbox", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-quic"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    with running(tmp_path_factory.mktemp("archive")) as seeded:
        yield seeded


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        yield found
        found.close()


class Visitor:
    """Opens pages; signs in once per context."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self.address = address
        self._open: list[Any] = []

    def page(
        self,
        *,
        who: str = "",
        width: int = 1280,
        scheme: Any = "light",
        scripts: bool = True,
        locale: str = "sv-SE",
    ) -> Page:
        """Return a new page of a new context, signed in as `who` when named."""
        context = self._browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            java_script_enabled=scripts,
            locale=locale,
            base_url=self.address,
            accept_downloads=True,
        )
        context.set_default_timeout(10_000)
        self._open.append(context)
        page = context.new_page()
        if who:
            page.goto("/logga-in")
            page.fill("#konto", who)
            page.fill("#losenord", PASSWORD)
            page.click("main button")
            page.wait_for_url(lambda url: "/logga-in" not in url)
        return page

    def close(self) -> None:
        for context in self._open:
            context.close()


@pytest.fixture
def visit(browser: Browser, archive: Seeded) -> Iterator[Visitor]:
    visitor = Visitor(browser, archive.address)
    yield visitor
    visitor.close()
