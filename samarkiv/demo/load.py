"""Loading the demo into a running archive: members and agreements in process, deliveries over the public API."""

import json
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from samarkiv_contracts.catalogue import PRODUCER_RECORDS
from samarkiv_contracts.envelope import Envelope
from samarkiv_ingest import store
from samarkiv_ingest.usecases import deliveries as ingest_deliveries
from samarkiv_ingest.usecases import registry
from samarkiv_ingest.usecases.parts import Parts
from samarkiv_runtime.ports import Outgoing

from samarkiv import talk
from samarkiv.app import Archive
from samarkiv.client import Client
from samarkiv.commands import deliver
from samarkiv.demo import stream
from samarkiv.demo.agreements import AGREEMENTS, Agreed
from samarkiv.demo.deliveries import PLAN, Sent
from samarkiv.demo.members import MEMBERS, Member, authorities_of

SEED = 2026
RECORDS = 100
BATCH = "application/cloudevents-batch+json"
PATIENCE_S = 1200


def members(parts: Parts, wanted: Sequence[Member] = MEMBERS) -> dict[str, str]:
    """Make the members with their authorities unless they are there; returns short name → tenant id."""
    with parts.house.database.read() as tx:
        known = {row["slug"]: row["id"] for row in store.list_tenants(tx)}
    with talk.progress(talk.pick("Medlemmar", "Members"), len(wanted), unit="members") as advance:
        for member in wanted:
            if member.slug not in known:
                said = {
                    "slug": member.slug,
                    "name": member.name,
                    "population": member.population,
                    "cooperation": member.cooperation,
                }
                known[member.slug] = registry.add_tenant(parts, said, authorities_of(member))
            advance(1)
    return known


def agreements(parts: Parts, tenants: dict[str, str], wanted: Sequence[Agreed] = AGREEMENTS) -> None:
    """Make the agreements, approved by both parties, unless they are there."""
    with talk.progress(
        talk.pick("Överenskommelser", "Agreements"), len(wanted), unit="agreements"
    ) as advance:
        for one in wanted:
            with parts.house.database.read() as tx:
                found = store.find_agreement(tx, one.reference)
                boards = {row["slug"]: row["id"] for row in store.list_authorities(tx, tenants[one.member])}
            if found is None:
                found = registry.add_agreement(
                    parts,
                    authority=boards[one.board],
                    reference=one.reference,
                    title=one.title,
                    producer=one.producer,
                    terms=one.terms,
                    valid_to=one.valid_to,
                )
            if not found.approved_by_producer:
                found = registry.approve_agreement(parts, found, "producer", f"demo:{one.producer}")
            if not found.approved_by_archive:
                registry.approve_agreement(parts, found, "archive", f"demo:{one.member}-arkivarie")
            advance(1)


def deliveries(client: Client) -> list[tuple[Sent, str]]:
    """Send every planned delivery that is not there yet; returns each with its delivery id."""
    known = {(one["name"], one["title"]): one["id"] for one in client.items("/v1/deliveries", limit=500)}
    sent = []
    with talk.progress(talk.pick("Leveranser", "Deliveries"), len(PLAN), unit="deliveries") as advance:
        for one in PLAN:
            identity = known.get((one.name, one.title))
            if identity is None:
                with tempfile.TemporaryDirectory(prefix="samarkiv-demo-") as folder:
                    path = Path(folder) / one.name
                    path.write_bytes(one.body())
                    identity = deliver.deliver(client, path, one.agreement, title=one.title, test=one.test)
            sent.append((one, identity))
            advance(1)
    return sent


def records(client: Client, archive: Archive) -> None:
    """Publish the hundred cases in batches, out of order, some twice, and one that is broken; once per home."""
    marker = archive.house.settings.home / "demo-stream.json"
    if marker.exists():
        return
    events = list(stream.events(SEED, RECORDS))
    events = [*events[5:], *events[:8]]  # late ones, and three that come twice
    with talk.progress(talk.pick("Ärendeström", "Record stream"), len(events), unit="events") as advance:
        for start in range(0, len(events), 20):
            batch = events[start : start + 20]
            _publish(client, batch)
            advance(len(batch))
    _publish_bad(archive)
    marker.write_text(json.dumps({"events": len(events)}) + "\n", encoding="utf-8")


def _publish(client: Client, batch: list[dict[str, Any]]) -> None:
    client.request(
        "POST",
        "/v1/events",
        content=json.dumps(batch, ensure_ascii=False).encode(),
        headers={"content-type": BATCH},
    )


def _publish_bad(archive: Archive) -> None:
    """Put one event on the producer's topic, as over Kafka: its document is nowhere, so it parks alone."""
    event = Envelope.model_validate(stream.bad_event(RECORDS))
    topic = f"{PRODUCER_RECORDS[:-1]}{stream.PRODUCER}"
    with archive.house.database.write() as tx:
        archive.house.log.append(tx, [Outgoing(topic, event.data["case_id"], event)])


def settle(
    client: Client, archive: Archive, sent: Iterable[tuple[Sent, str]]
) -> list[tuple[Sent, dict[str, Any]]]:
    """Wait until everything has come to its end; returns each planned delivery with its row."""
    deadline = time.monotonic() + PATIENCE_S
    rows = []
    for one, identity in sent:
        rows.append((one, deliver.wait(client, identity, seconds=max(1.0, deadline - time.monotonic()))))
    with talk.progress(
        talk.pick("Ärenden arkiveras", "Cases are archived"), RECORDS, unit="cases"
    ) as advance:
        seen = 0
        while not archive.idle() and time.monotonic() < deadline:
            done = _accepted(client)
            advance(max(0, done - seen))
            seen = max(seen, done)
            time.sleep(0.3)
        advance(RECORDS - seen)
    return rows


def _accepted(client: Client) -> int:
    page = client.items("/v1/deliveries", agreement=stream.AGREEMENT, state="accepted", limit=500)
    return sum(1 for _one in page)


def decide(parts: Parts, rows: list[tuple[Sent, dict[str, Any]]]) -> None:
    """Return what the plan says a person sends back."""
    for one, row in rows:
        if one.then == "return" and row["state"] == "held":
            reason = talk.pick(
                "Bilaga 2 saknas. Komplettera och leverera på nytt.",
                "Appendix 2 is missing. Complete it and deliver again.",
            )
            ingest_deliveries.return_delivery(parts, row["id"], "demo", reason)


def unexpected(rows: list[tuple[Sent, dict[str, Any]]]) -> list[str]:
    """Return a sentence for every delivery that did not end as planned (an honest demo says so)."""
    return [
        f"{one.title}: {row['state']} ≠ {one.outcome}"
        for one, row in rows
        if row["state"] != one.outcome and not (one.then == "return" and row["state"] == "returned")
    ]
