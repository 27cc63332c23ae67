"""What only the pass over the bytes can find: wrong CRC, false sizes, damaged streams. The package is refused all the same."""

import os
import zlib

import pytest
from samarkiv_contracts.findings import Severity
from samarkiv_contracts.problems import HostileContainer
from samarkiv_ingest.packages.check import check
from samarkiv_ingest.packages.limits import Limits

from tests.security.containers.crafted import Entry, packed, replace, zip_of

NOISE = bytes(range(256)) * 50
BIG = os.urandom(1 << 20) * 9


def lying(entry: Entry, **fields) -> Entry:
    return replace(entry, local=fields, central=fields)


def deflated(data: bytes) -> Entry:
    return Entry(b"lie", data, deflate=True)


def broken(entry: Entry) -> bytes:
    whole = bytearray(zip_of(Entry(b"first", b"1"), entry))
    at = whole.index(entry.name) + len(entry.name)
    for n in range(at + 5, at + 25):
        whole[n] ^= 0xFF
    return bytes(whole)


CASES = {
    "stored, CRC wrong": (zip_of(lying(Entry(b"lie", NOISE), crc=7)), "SAM-ZIP-CRC"),
    "deflated, CRC wrong": (zip_of(lying(deflated(NOISE), crc=7)), "SAM-ZIP-CRC"),
    "large stored, CRC wrong": (zip_of(lying(Entry(b"lie", BIG), crc=7)), "SAM-ZIP-CRC"),
    "large deflated, CRC wrong": (zip_of(lying(deflated(BIG[: 5 << 20]), crc=7)), "SAM-ZIP-CRC"),
    "says one byte": (zip_of(lying(deflated(NOISE), size=1)), "SAM-ZIP-FALSE-SIZE"),
    "says nothing": (zip_of(lying(deflated(NOISE), size=0)), "SAM-ZIP-FALSE-SIZE"),
    "says more than it has": (zip_of(lying(deflated(NOISE), size=len(NOISE) + 1)), "SAM-ZIP-FALSE-SIZE"),
    "a bomb that says one byte": (zip_of(lying(deflated(bytes(60 << 20)), size=1)), "SAM-ZIP-FALSE-SIZE"),
    "a bomb that says little": (zip_of(lying(deflated(bytes(90 << 20)), size=5 << 20)), "SAM-ZIP-FALSE-SIZE"),
    "large, says more": (zip_of(lying(deflated(BIG[: 5 << 20]), size=6 << 20)), "SAM-ZIP-FALSE-SIZE"),
    "bits flipped, stored": (broken(Entry(b"lie", NOISE)), "SAM-ZIP-CRC"),
    "not deflate at all": (zip_of(lying(Entry(b"lie", b"\xff" * 99), method=8, size=500)), "SAM-ZIP-DATA"),
    "stream cut": (
        zip_of(lying(Entry(b"lie", packed(deflated(BIG[:70_000]))[:-9]), method=8, size=70_000, crc=zlib.crc32(BIG[:70_000]))),
        "SAM-ZIP-",
    ),
    "bytes after the stream": (
        zip_of(lying(Entry(b"lie", packed(deflated(NOISE)) + b"more"), method=8, size=len(NOISE), crc=zlib.crc32(NOISE))),
        "SAM-ZIP-DATA",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "code"), CASES.values(), ids=CASES)
def test_the_pass_refuses(data, code, box, tmp_path, pool):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(HostileContainer) as caught:
        check(box(data), Limits(ratio=100_000), scratch, pool)
    (finding,) = [one for one in caught.value.findings if one.severity is Severity.ERROR]
    assert finding.code.startswith(code)
    assert finding.file == "lie"
    content = scratch / "content.bin"
    assert not content.exists() or content.stat().st_size <= 7 << 20


def test_every_damaged_member_is_named(box, tmp_path, pool):
    entries = [lying(Entry(b"%d" % n, b"x"), crc=7) if n % 2 else Entry(b"%d" % n, b"y") for n in range(6)]
    with pytest.raises(HostileContainer) as caught:
        check(box(zip_of(*entries)), Limits(), tmp_path, pool)
    assert [finding.file for finding in caught.value.findings] == ["1", "3", "5"]
