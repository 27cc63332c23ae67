"""The record stream: out of order, doubled, late and broken events (R16, DESIGN §2 way b)."""

import base64
import hashlib
import json
from typing import Any

import pytest
from samarkiv_contracts.catalogue import PRODUCER_RECORDS
from samarkiv_contracts.envelope import Envelope
from samarkiv_runtime.ports import Outgoing

from samarkiv.app import Archive
from samarkiv.client import Client, Told
from samarkiv.demo import stream

SINGLE = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}


def _case(number: int, **more: Any) -> dict[str, Any]:
    event = next(stream.events(number, 1))
    event["id"] = f"test-{number}"
    event["data"] |= {"case_id": f"T 2026-{number}", "registry_no": f"T 2026-{number:06d}", **more}
    return event


def _attached(number: int, body: bytes) -> dict[str, Any]:
    document = {"name": "sen bilaga.txt", "sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}
    document["inline"] = base64.b64encode(body).decode()
    event = _case(number)
    return event | {
        "id": f"bilaga-{number}",
        "type": "se.samarkiv.record.attached.v1",
        "data": {"agreement": stream.AGREEMENT, "case_id": f"T 2026-{number}", "documents": [document]},
    }


def _publish(client: Client, *events: dict[str, Any]) -> None:
    client.request("POST", "/v1/events", content=json.dumps(events).encode(), headers=BATCH)


def _settle(archive: Archive) -> None:
    for _ in range(2400):
        if archive.idle():
            return
        archive.house.clock.sleep(0.05)
    raise AssertionError("the archive did not come to rest")


def _deliveries(client: Client) -> list[dict[str, Any]]:
    return list(client.items("/v1/deliveries", agreement=stream.AGREEMENT))


def test_shuffled_and_doubled_events_make_each_case_one_record(
    client: Client, public: Client, archive: Archive
) -> None:
    late = _case(3, attachments_expected=1)
    _publish(client, _attached(3, b"kom forst"), _case(1), _case(2))
    _publish(client, _case(2), late, _case(1))
    _settle(archive)
    rows = _deliveries(client)
    assert [row["state"] for row in rows] == ["accepted"] * 3
    assert len({package for row in rows for package in row["packages"]}) == 3
    for number in (1, 2, 3):
        assert public.get("/v1/search", q=f"T 2026-{number:06d}")["total"] == 1
    assert max(row["files"] for row in rows) > min(row["files"] for row in rows)
    assert all(
        {one["kind"] for one in client.delivery(row["id"])["receipts"]} == {"received", "accepted"}
        for row in rows
    )


def test_a_case_waits_for_its_attachment(client: Client, archive: Archive) -> None:
    _publish(client, _case(4, attachments_expected=1))
    _settle(archive)
    assert _deliveries(client) == []
    _publish(client, _attached(4, b"nu kom den"))
    _settle(archive)
    assert [row["state"] for row in _deliveries(client)] == ["accepted"]


def test_a_broken_document_parks_alone_and_the_others_go_on(client: Client, archive: Archive) -> None:
    bad = Envelope.model_validate(stream.bad_event(5))
    topic = f"{PRODUCER_RECORDS[:-1]}{stream.PRODUCER}"
    with archive.house.database.write() as tx:
        archive.house.log.append(tx, [Outgoing(topic, "dålig", bad)])
    _publish(client, _case(6))
    for _ in range(200):
        if archive.house.jobs.parked("ingest") and _deliveries(client):
            break
        archive.house.clock.sleep(0.05)
    parked = list(client.items("/v1/services/ingest/parked"))
    assert len(parked) == 1
    assert parked[0]["attempts"] == 1
    assert len(_deliveries(client)) == 1


def test_the_door_refuses_a_batch_with_a_bad_document_whole(client: Client, archive: Archive) -> None:
    wrong = _case(7)
    wrong["data"]["documents"][0]["sha256"] = "0" * 64
    with pytest.raises(Told) as told:
        _publish(client, _case(8), wrong)
    assert (told.value.status, told.value.problem["code"]) == (422, "digest_mismatch")
    _settle(archive)
    assert _deliveries(client) == []


def test_an_unknown_type_and_a_foreign_agreement_are_told_plainly(client: Client, archive: Archive) -> None:
    del archive
    with pytest.raises(Told) as told:
        client.request(
            "POST", "/v1/events", content=json.dumps(_case(9) | {"type": "x"}).encode(), headers=SINGLE
        )
    assert told.value.problem["code"] == "unreadable_event"
    with pytest.raises(Told) as told:
        _publish(client, _case(10, agreement="FINNS-INTE"))
    assert told.value.problem["code"] == "unknown_agreement"
