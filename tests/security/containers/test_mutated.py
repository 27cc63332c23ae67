"""Containers damaged at random (seeded): refused with a code, or read exactly as the standard library reads them."""

import io
import random
import tarfile
import zipfile
from pathlib import Path

import pytest
from samarkiv_contracts.problems import HostileContainer
from samarkiv_ingest.packages import workers
from samarkiv_ingest.packages.codes import TABLE
from samarkiv_ingest.packages.limits import Limits
from samarkiv_ingest.packages.scan import scan
from samarkiv_ingest.packages.workers import Item

from tests.security.containers.test_accepted import tarred, zipped

FILES = {"a/å.txt": b"hej" * 20, "b": b"", "c/d/e": bytes(range(256)), "x" * 150 + "/" + "y" * 90: b"q"}
SEEDS = {
    "zip": zipped(FILES),
    "streamed zip": zipped(FILES, stream=True),
    "zip64": zipped(FILES, force=True),
    "pax": tarred(FILES),
    "gnu": tarred(FILES, tarfile.GNU_FORMAT),
    "tar.gz": tarred(FILES, mode="w:gz"),
}
ROUNDS = 80


def mutated(seed: bytes, rng: random.Random) -> bytes:
    data = bytearray(seed)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        at = rng.randrange(len(data))
        kind = rng.random()
        if kind < 0.6:
            data[at] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)])
        elif kind < 0.75:
            del data[at : at + rng.choice([1, 2, 30, 512])]
        elif kind < 0.9:
            start = rng.randrange(len(data))
            data[at:at] = data[start : start + rng.choice([1, 4, 46, 512])]
        else:
            data[at : at + 8] = rng.randbytes(8)
    return bytes(data)


def theirs(kind: str, data: bytes) -> list[bytes] | None:
    try:
        if kind == "zip":
            with zipfile.ZipFile(io.BytesIO(data)) as box:
                return sorted(box.read(info) for info in box.infolist() if not info.is_dir())
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            return sorted(tar.extractfile(info).read() for info in tar if info.isreg())
    except (NotImplementedError, UnicodeError, tarfile.TarError):
        return None  # stricter than we are


def ours(path: Path) -> tuple[str, set[str], list[bytes]]:
    """Return kind, codes and, without codes, the bytes of the files."""
    try:
        scanned = scan(path, Limits(), path.parent)
    except HostileContainer as refusal:
        return "", {one.code for one in refusal.findings}, []
    members = [one for one in scanned.members.in_order() if not one.folder]
    scanned.close()
    mine = []
    with scanned.readable.open("rb") as box:
        for m in members:
            item = Item(m.path, m.raw, m.data, m.packed, m.size, m.crc, m.method, -1)
            try:
                mine.append(workers._small(box.fileno(), item))
            except workers._Fault as fault:
                return scanned.kind, {fault.code}, []
    return scanned.kind, set(), sorted(mine)


@pytest.mark.parametrize("name", SEEDS)
def test_damage_is_refused_or_harmless(name, tmp_path):
    rng = random.Random(name)
    for _ in range(ROUNDS):
        data = mutated(SEEDS[name], rng)
        (tmp_path / "u").write_bytes(data)
        kind, codes, mine = ours(tmp_path / "u")
        if codes:
            assert codes <= TABLE.keys()
        else:
            assert theirs(kind, data) in (None, mine)
