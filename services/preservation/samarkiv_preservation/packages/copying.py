"""Making one copy of an object like another: catching up after a crash, and repair (RELIABILITY rule 8)."""

import hashlib
import json

from samarkiv_contracts.problems import CopyUnreadable
from samarkiv_runtime.ports import ObjectStore

from samarkiv_preservation.packages.ocfl_writer import NAMASTE, get, put, sidecar
from samarkiv_preservation.packages.readback import blocks_of

VERSIONS = 100  # of one key in a versioned store


def sha512_of(store: ObjectStore, key: str) -> str | None:
    """Return the SHA-512 of an object, None when it is absent; raises Unavailable, CopyUnreadable."""
    digest = hashlib.sha512()
    try:
        for block in blocks_of(store, key):
            digest.update(block)
    except KeyError:
        return None
    return digest.hexdigest()


def mend(good: ObjectStore, bad: ObjectStore, root: str, inventory: bytes) -> int:
    """Make `bad` hold what `inventory` (of the good copy) lists, byte for byte; returns how many objects were written.

    New bytes are written and checked before the bad object is taken away, and read back after. Raises CopyUnreadable
    when the source does not give the listed digest: then nothing of `bad` was touched.
    """
    listed = json.loads(inventory)
    written = 0
    for digest, paths in listed["manifest"].items():
        for path in paths:
            if sha512_of(bad, f"{root}/{path}") != digest:
                _transfer(good, bad, f"{root}/{path}", digest)
                written += 1
    put(bad, f"{root}/{NAMASTE[0]}", NAMASTE[1])
    for number in range(1, len(listed["versions"]) + 1):
        one = get(good, f"{root}/v{number}/inventory.json")
        if one is None:
            raise CopyUnreadable(en=f"the source copy lacks the inventory of version {number}")
        written += _settle(bad, f"{root}/v{number}/inventory.json.sha512", sidecar(one))
        written += _settle(bad, f"{root}/v{number}/inventory.json", one)
    written += _settle(bad, f"{root}/inventory.json", inventory)
    written += _settle(bad, f"{root}/inventory.json.sha512", sidecar(inventory))
    return written + _settle(bad, f"{root}/{NAMASTE[0]}", NAMASTE[1])


def _settle(store: ObjectStore, key: str, data: bytes) -> int:
    """Let a small object hold `data`; returns 1 when it did not."""
    there = get(store, key)
    if there == data:
        return 0
    if there is None and put(store, key, data):
        return 1
    store.replace(key, data)
    return 1


def _transfer(good: ObjectStore, bad: ObjectStore, key: str, digest: str) -> None:
    found = hashlib.sha512()
    writer = bad.create(key)
    try:
        try:
            for block in blocks_of(good, key):
                found.update(block)
                writer.write(block)
        except KeyError:
            raise CopyUnreadable(en="the source copy lacks an object of its inventory") from None
        if found.hexdigest() != digest:
            raise CopyUnreadable(en="the source copy does not hold the digest of its inventory")
        if not _taken_away(bad, key, digest):
            return
        writer.commit()
    finally:
        writer.abort()
    if sha512_of(bad, key) != digest:
        raise CopyUnreadable(en="the mended object was read back wrong")


def _taken_away(bad: ObjectStore, key: str, digest: str) -> bool:
    """Take a bad object away; False when what a versioned store shows beneath it is right after all."""
    for _ in range(VERSIONS):
        bad.delete(key)
        if bad.stat(key) is None:
            return True
        if sha512_of(bad, key) == digest:
            return False
    raise CopyUnreadable(en="the copy does not let go of a bad object")
