"""Storage is the truth: with database and index lost, one copy gives everything back (R46, DESIGN §4)."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from samarkiv_ingest.usecases import restore
from samarkiv_preservation.usecases import rebuild
from samarkiv_runtime.settings import Settings

from samarkiv.app import Archive
from samarkiv.client import Client
from samarkiv.commands import deliver
from samarkiv.commands.rebuild import rebuild_archive
from samarkiv.demo import stream
from samarkiv.demo.packages import as_zip
from samarkiv.serve import Running, locked
from tests.flow.fixtures import set_up

QUERIES = ("lusthus", "bygglov", "svalan", "anteckning", "KS 2026-000077", "finnsinte")


def _dump(archive: Archive) -> list[str]:
    services: dict[str, Any] = dict(archive.services)
    return [
        *restore.canonical_dump(services["ingest"].parts),
        *rebuild.canonical_dump(services["preservation"].kit),
    ]


def _hits(settings: Settings) -> dict[str, list[tuple[str, str, str]]]:
    public = Client(settings, signed=False)
    return {
        words: sorted(
            (hit["record"], hit["package"], hit["title"])
            for hit in public.get("/v1/search", q=words)["items"]
        )
        for words in QUERIES
    }


def _fill(settings: Settings, archive: Archive, folder: Path) -> None:
    set_up(archive.services["ingest"].parts)  # type: ignore[attr-defined]
    client = Client(settings)
    for number, words in enumerate(("Bygglov för lusthus i kvarteret Svalan", "Anteckning om bygglov")):
        path = folder / f"paket {number}.zip"
        path.write_bytes(as_zip({f"ärende/{number}.txt": words.encode(), "ärende/tom.txt": b""}))
        row = deliver.wait(client, deliver.deliver(client, path, "DEMO-TOLERANT", title=words), seconds=60)
        assert row["state"] == "accepted"
    case = next(stream.events(7, 1))
    case["data"]["case_id"] = case["data"]["registry_no"] = "KS 2026-000077"
    client.request(
        "POST",
        "/v1/events",
        content=json.dumps(case).encode(),
        headers={"content-type": "application/cloudevents+json"},
    )
    while not archive.idle():
        archive.house.clock.sleep(0.05)


@pytest.mark.parametrize("copy", ["a", "b"])
def test_one_copy_gives_back_registry_packages_receipts_and_hits(
    settings: Settings, tmp_path: Path, copy: str
) -> None:
    with Running(settings) as archive:
        _fill(settings, archive, tmp_path)
        before, hits = _dump(archive), _hits(settings)
    assert len(hits["KS 2026-000077"]) == 1
    assert hits["finnsinte"] == []
    for lost in ("db", "index", "derivatives", "staging"):
        shutil.rmtree(settings.home / lost)

    told = rebuild_archive(settings, copy)
    assert told == {"copy": copy, "tenants": 2, "packages": 3}
    with Running(settings) as archive:
        assert _dump(archive) == before
        assert _hits(settings) == hits


def test_a_rebuild_is_refused_while_a_server_holds_the_lock(settings: Settings) -> None:
    with locked(settings.home), pytest.raises(SystemExit) as refused:
        rebuild_archive(settings)
    assert refused.value.code == 3
