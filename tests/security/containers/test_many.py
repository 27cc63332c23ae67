"""Exactly as many members as allowed are taken, in flat memory; one more is not."""

import tracemalloc

import pytest
from samarkiv_contracts.problems import HostileContainer
from samarkiv_ingest.packages.limits import Limits
from samarkiv_ingest.packages.scan import scan
from samarkiv_ingest.packages.zip_writer import StoredZip

LIMIT = 6_000


def write(path, count: int) -> None:
    with path.open("wb", buffering=1 << 20) as out:
        box = StoredZip(out.write)
        for n in range(count):
            box.file(f"leverans/Ärenden {n % 300:03}/handling nummer {n:06}.txt", 0, 0, [])
        box.finish()


def test_the_limit_is_reached_in_flat_memory(tmp_path):
    write(tmp_path / "u.zip", LIMIT)
    tracemalloc.start()
    scanned = scan(tmp_path / "u.zip", Limits(entries=LIMIT), tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert scanned.members.count == LIMIT
    scanned.close()
    assert peak < 6 << 20


def test_one_more_is_refused(tmp_path):
    write(tmp_path / "u.zip", 1001)
    with pytest.raises(HostileContainer) as caught:
        scan(tmp_path / "u.zip", Limits(entries=1000), tmp_path)
    assert caught.value.findings[0].code == "SAM-CONTAINER-ENTRIES"
