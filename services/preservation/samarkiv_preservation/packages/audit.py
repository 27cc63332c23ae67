"""One copy of a package (or registry) examined: inventories, sidecars, every listed object, nothing beside them.

Three outcomes: ok, bad, could not check (RELIABILITY rule 9). Nothing is written here.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from samarkiv_contracts.problems import CopyUnreadable, Unavailable
from samarkiv_runtime.ports import ObjectStore

from samarkiv_preservation.packages.ocfl_writer import NAMASTE, get, sidecar
from samarkiv_preservation.packages.readback import Members, blocks_of

MISSING = "inventory_missing"
INVENTORY = "inventory_wrong"
SIDECAR = "sidecar_wrong"
ABSENT = "object_missing"
DIGEST = "object_digest_wrong"
MEMBER = "member_digest_wrong"
EXTRA = "unexpected_object"
DECLARATION = "declaration_missing"


@dataclass(frozen=True)
class Finding:
    """What a copy is: outcome, codes, and the root inventory when it could be read and is consistent in itself."""

    outcome: str
    codes: tuple[str, ...] = ()
    inventory: bytes = b""


def examine(store: ObjectStore, root: str, object_id: str, *, deep: bool = False) -> Finding:
    """Examine one copy; `deep` also takes the SHA-256 of every member of its containers. Never raises for a bad copy."""
    try:
        return _examine(store, root, object_id, deep)
    except (Unavailable, CopyUnreadable):
        return Finding("could_not_check", ("no_answer",))


def _examine(store: ObjectStore, root: str, object_id: str, deep: bool) -> Finding:
    inventory = get(store, f"{root}/inventory.json")
    if inventory is None:
        return Finding("bad", (MISSING,))
    codes: set[str] = set()
    try:
        listed: dict[str, Any] = json.loads(inventory)
        number = int(str(listed["head"]).removeprefix("v"))
        ours = listed["id"] == object_id
        whole = set(listed["versions"]) == {f"v{n}" for n in range(1, number + 1)}
        content = {path: digest for digest, paths in listed["manifest"].items() for path in paths}
    except (ValueError, KeyError, TypeError, AttributeError):
        return Finding("bad", (INVENTORY,))
    if not ours or not whole:
        return Finding("bad", (INVENTORY,))
    expected = {f"{root}/{NAMASTE[0]}", f"{root}/inventory.json", f"{root}/inventory.json.sha512"}
    expected |= {f"{root}/{path}" for path in content}
    if get(store, f"{root}/inventory.json.sha512") != sidecar(inventory):
        codes.add(SIDECAR)
    if get(store, f"{root}/{NAMASTE[0]}") != NAMASTE[1]:
        codes.add(DECLARATION)
    for n in range(1, number + 1):
        key = f"{root}/v{n}/inventory.json"
        expected |= {key, f"{key}.sha512"}
        codes |= _version(store, key, n, number, inventory, listed)
    for path, digest in content.items():
        code = _content(store, root, path, digest, deep)
        if code:
            codes.add(code)
    if any(one.key not in expected for one in store.list(f"{root}/")):
        codes.add(EXTRA)
    return Finding("bad" if codes else "ok", tuple(sorted(codes)), inventory)


def _version(
    store: ObjectStore, key: str, n: int, number: int, inventory: bytes, listed: dict[str, Any]
) -> set[str]:
    found = get(store, key)
    if found is None:
        return {ABSENT}
    if get(store, f"{key}.sha512") != sidecar(found):
        return {SIDECAR}
    if n == number:
        return set() if found == inventory else {INVENTORY}
    try:
        same = json.loads(found)["versions"][f"v{n}"] == listed["versions"][f"v{n}"]
    except (ValueError, KeyError, TypeError):
        same = False
    return set() if same else {INVENTORY}


def _content(store: ObjectStore, root: str, path: str, digest: str, deep: bool) -> str:
    found = hashlib.sha512()
    index = f"{root}/{path.removesuffix('.zip')}.index.jsonl"
    members = Members(_lines(store, index)) if deep and path.endswith(".zip") else None
    try:
        for block in blocks_of(store, f"{root}/{path}"):
            found.update(block)
            if members:
                members.feed(block)
    except KeyError:
        return ABSENT
    except ValueError:  # the index cannot be read: its own digest tells
        members = None
    if found.hexdigest() != digest:
        return DIGEST
    return MEMBER if members and members.finish() else ""


def _lines(store: ObjectStore, key: str) -> Iterator[bytes]:
    rest = b""
    try:
        for chunk in store.read(key):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line for line in lines if line)
    except KeyError:
        return
