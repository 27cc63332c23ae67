"""The main pages of a running demo as pictures: `python -m docs.screenshots [HOME]`.

HOME is the home of a demo that is being served; without it a demo is made in a temporary folder and stopped afterwards.
Needs Chromium, as `make test-browser` does.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

PICTURES = Path(__file__).parent / "pictures"
LARGEST = 150_000
TALLEST = 1500
WAIT_S = 300.0
FLAGS = (
    *("--no-sandbox", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-quic"),
)
# name, who, width, scheme, page; `{record}` is an open building permit, `{held}` and `{rejected}` are deliveries.
SHOTS = (
    ("portal", "", 1280, "light", "/"),
    ("search", "", 1280, "light", "/sok?q=bygglov"),
    ("record", "", 1280, "light", "/handling/{record}"),
    ("viewer", "", 1280, "light", "/handling/{record}/las"),
    ("archivist", "beslutande-lindhamra", 1280, "light", "/arkivarie"),
    ("held", "beslutande-lindhamra", 1280, "light", "/leverans/{held}"),
    ("rejected", "producent-lindhamra", 1280, "light", "/leverans/{rejected}"),
    ("producer", "producent-lindhamra", 1280, "light", "/producent"),
    ("preservation", "beslutande-lindhamra", 1280, "light", "/bevarande"),
    ("operator", "drift", 1280, "light", "/drift"),
    ("phone-search", "", 390, "light", "/sok?q=bygglov"),
    ("phone-record-dark", "", 390, "dark", "/handling/{record}"),
    ("portal-dark", "", 1280, "dark", "/"),
)


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def demo() -> Iterator[Path]:
    """Serve a fresh demo in a temporary home; gives the home when its addresses are printed."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        environment = {**os.environ, "SAMARKIV_HOME": str(home), "SAMARKIV_PORT": str(free_port())}
        command = [sys.executable, "-m", "samarkiv.cli", "demo"]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            deadline = time.monotonic() + WAIT_S
            assert process.stdout is not None
            for line in process.stdout:
                if "DEMO-TOLERANT" in line or time.monotonic() > deadline:
                    break
            yield home
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def places(address: str, accounts: dict[str, str]) -> dict[str, str]:
    """Return the ids that the pages of SHOTS are about."""
    with httpx.Client(base_url=address) as client:
        hits = client.get("/v1/search", params={"q": "bygglov", "level": 0}).json()["items"]
        name = "beslutande-lindhamra"
        form = {"konto": name, "losenord": accounts[name]}
        client.post("/logga-in", data=form, headers={"Origin": address})
        found = {"record": hits[0]["record"]}
        for state in ("held", "rejected"):
            items = client.get("/v1/deliveries", params={"state": state}).json()["items"]
            # The one with most to say is the one worth a picture.
            found[state] = max(items, key=lambda one: sum(one["findings"].values()))["id"]
    return found


def draw(browser: Browser, address: str, accounts: dict[str, str], shot: Any, ids: dict[str, str]) -> bytes:
    """Return the PNG of one page."""
    _name, who, width, scheme, path = shot
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, locale="sv-SE", base_url=address
    )
    page = context.new_page()
    if who:
        page.goto("/logga-in")
        page.fill("#konto", who)
        page.fill("#losenord", accounts[who])
        page.click("main button")
        page.wait_for_url(lambda url: "/logga-in" not in url)
    page.goto(path.format(**ids))
    picture = page.screenshot(full_page=True)
    context.close()
    return picture


def small(picture: bytes) -> bytes:
    """Return the picture cut at TALLEST and with as few colours as keep it below LARGEST bytes."""
    with Image.open(BytesIO(picture)) as image:
        cut = image.convert("RGB").crop((0, 0, image.width, min(image.height, TALLEST)))
    for colours in (128, 64, 32, 16):
        out = BytesIO()
        cut.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= LARGEST:
            break
    return out.getvalue()


def main(home: Path) -> None:
    """Draw every page of SHOTS into docs/pictures."""
    address = (home / "address").read_text(encoding="utf-8").strip()
    kept = json.loads((home / "demo-accounts.json").read_text(encoding="utf-8"))
    accounts = {one["username"]: one["password"] for one in kept}
    ids = places(address, accounts)
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        for shot in SHOTS:
            picture = small(draw(browser, address, accounts, shot, ids))
            (PICTURES / f"{shot[0]}.png").write_bytes(picture)
            print(f"{shot[0]}.png {len(picture) // 1000} kB")
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with demo() as made:
            main(made)
