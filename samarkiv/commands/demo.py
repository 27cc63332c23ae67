"""`samarkiv demo`: a home with demo members, agreements, deliveries and a record stream; served until stopped."""

import os
import sys
from typing import Any

from samarkiv_runtime.settings import Settings
from samarkiv_runtime.telemetry import configure_logging

from samarkiv import talk
from samarkiv.app import Archive
from samarkiv.client import Client
from samarkiv.demo import accounts, load
from samarkiv.serve import Running, locked, wait_for_signal


def run_demo(settings: Settings, *, stay: bool) -> int:
    """Load the demo, print where it is and what to try; stays until stopped unless told otherwise. Returns the exit code."""
    if not settings.embedded:
        talk.stop(talk.USAGE, "Demon körs inbäddad.", "The demo runs embedded.")
    configure_logging(settings.model_copy(update={"log_level": "WARNING"}))
    with locked(settings.home):
        accounts.mark(settings)
        with Running(settings) as archive:
            wrong, staff = _load(settings, archive)
            _tell(settings, wrong, staff, stay=stay)
            if stay:
                wait_for_signal()
                talk.say("Stoppar …", "Stopping …")
    return talk.SYSTEM if wrong else talk.DONE


def _load(settings: Settings, archive: Archive) -> tuple[list[str], list[accounts.Staff]]:
    ingest: Any = archive.services["ingest"]
    tenants = load.members(ingest.parts)
    load.agreements(ingest.parts, tenants)
    staff = accounts.make(archive, tenants)
    client = Client(settings, language=talk.language())
    sent = load.deliveries(client)
    load.records(client, archive)
    rows = load.settle(client, archive, sent)
    load.decide(ingest.parts, rows)
    return load.unexpected(rows), staff


def _tell(settings: Settings, wrong: list[str], staff: list[accounts.Staff], *, stay: bool) -> None:
    program = os.path.relpath(sys.argv[0]) if "/" in sys.argv[0] else "samarkiv"
    address = (settings.home / "address").read_text(encoding="utf-8").strip()
    print(f"\nSamarkiv: {address}\n")
    print(
        talk.pick(
            "Demokonton (gäller bara här, nya lösenord varje gång):",
            "Demo accounts (valid only here, new passwords each time):",
        )
    )
    for one in staff:
        print(f"  {one.login:<24} {one.password:<24} {one.role}")
    print()
    print(talk.pick("Tre saker att prova:", "Three things to try:"))
    print(
        talk.pick(
            f"  1. Sök efter ett bygglov:      {address}/sok?q=bygglov",
            f"  1. Search for a permit:        {address}/sok?q=bygglov&lang=en",
        )
    )
    print(
        talk.pick(
            f"  2. Leverera ett eget paket:    {program} deliver MAPP --agreement DEMO-TOLERANT --wait",
            f"  2. Deliver a package:          {program} deliver FOLDER --agreement DEMO-TOLERANT --wait",
        )
    )
    print(
        talk.pick(
            f"  3. Se vad som väntar på beslut: {address}/arkivarie",
            f"  3. See what awaits a decision: {address}/arkivarie",
        )
    )
    print()
    for line in wrong:
        talk.say(f"Blev inte som väntat: {line}", f"Not as expected: {line}")
    if stay:
        talk.say(
            "Ctrl-C stoppar. `samarkiv demo` igen fortsätter där det slutade.",
            "Ctrl-C stops. `samarkiv demo` again goes on where it ended.",
        )
