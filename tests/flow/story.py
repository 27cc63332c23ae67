"""The story: a package and a case are delivered, stored, found, fetched and vouched for. It takes an address only."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

from samarkiv.client import Client
from samarkiv.commands import care, deliver, fetch, receipts
from samarkiv.demo import stream
from samarkiv.demo.packages import as_zip

WORD = "kantarellsoppa"


def tell(client: Client, public: Client, operator: Client, folder: Path) -> dict[str, Any]:
    """Walk the whole way and return what was seen; every step asserts what its user relies on."""
    files = {
        "ärende 1/beslut å.txt": f"Beslut om {WORD} i Åsbrolid.".encode(),
        "ärende 1/tom.txt": b"",
        "läs mig.txt": "Räksmörgås i latin-1".encode("latin-1"),
    }
    package = folder / "flöde.zip"
    package.write_bytes(as_zip(files))

    delivery = deliver.deliver(client, package, "DEMO-TOLERANT", title="Flödets leverans")
    row = deliver.wait(client, delivery, seconds=120)
    assert row["state"] == "accepted", row
    assert row["state_text"].startswith("godkänd, lagrad i 2 kopior"), row["state_text"]

    hits = public.get("/v1/search", q=WORD)
    assert [hit["package"] for hit in hits["items"]][:1] == row["packages"], hits
    fetched = folder / "ut"
    fetch.fetch(client, row["packages"][0], fetched, "zip")
    assert {name: (fetched / name).read_bytes() for name in files} == files
    dip = folder / "dip"
    fetch.fetch(client, row["packages"][0], dip, "dip")
    assert next(dip.glob("*/METS.xml")).read_text(encoding="utf-8").count('OAISPACKAGETYPE="DIP"') == 1

    kinds = []
    for path in receipts.get_receipts(client, delivery, folder / "kvitton"):
        assert receipts.verify_receipt(path)["valid"]
        kinds.append(json.loads(path.read_text(encoding="utf-8"))["receipt"]["kind"])
    assert sorted(kinds) == ["accepted", "received"]

    case = next(stream.events(int(hashlib.sha256(delivery.encode()).hexdigest()[:6], 16), 1))
    case["data"]["case_id"] = case["data"]["registry_no"] = f"KS 2026-{int(time.time()) % 1_000_000:06d}"
    case["id"] = f"flow-{delivery}"
    client.request(
        "POST",
        "/v1/events",
        content=json.dumps(case).encode(),
        headers={"content-type": "application/cloudevents+json"},
    )
    streamed = _found(public, case["data"]["registry_no"])
    assert streamed["title"] == case["data"]["title"]

    assert all(one["outcome"] == "ok" for one in care.verify(operator, row["packages"][0]))
    assert any("godkänd" in one["text"].lower() for one in care.trace(client, delivery)["steps"])
    return {"delivery": delivery, "package": row["packages"][0], "record": streamed["record"]}


def _found(public: Client, words: str, seconds: float = 90) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        items = public.get("/v1/search", q=words)["items"]
        if items:
            return dict(items[0])
        time.sleep(0.1)
    raise AssertionError(f"{words} was not found within {seconds} s")
