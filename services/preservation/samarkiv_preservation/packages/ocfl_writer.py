"""OCFL 1.1 objects, written: inventories, the commit of a version, rolling forward and back (DESIGN §4).

Creating `vN/inventory.json` if absent is the commit; the root inventory and its sidecar are replaced after it.
"""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

from samarkiv_contracts.problems import Conflict
from samarkiv_runtime.failpoints import failpoint
from samarkiv_runtime.ports import ObjectStore

NAMASTE = ("0=ocfl_object_1.1", b"ocfl_object_1.1\n")
_LAYOUT = "0003-hash-and-id-n-tuple-storage-layout"
_ROOT_FILES = {
    "0=ocfl_1.1": b"ocfl_1.1\n",
    "ocfl_layout.json": json.dumps(
        {
            "extension": _LAYOUT,
            "description": "Hashed truncated n-tuple trees with object id encapsulating directory",
        },
        indent=1,
    ).encode(),
    f"extensions/{_LAYOUT}/config.json": json.dumps(
        {"extensionName": _LAYOUT, "digestAlgorithm": "sha256", "tupleSize": 3, "numberOfTuples": 3}, indent=1
    ).encode(),
}
Inventory = dict[str, Any]


def prepare_root(store: ObjectStore) -> None:
    """Make a copy a storage root that any OCFL tool can open; safe to run again."""
    for key, data in _ROOT_FILES.items():
        if not put(store, key, data) and get(store, key) != data:
            store.replace(key, data)


def put(store: ObjectStore, key: str, data: bytes) -> bool:
    """Create a small object if absent; returns False when the key was taken."""
    if store.stat(key) is not None:
        return False
    writer = store.create(key)
    try:
        writer.write(data)
        writer.commit()
    except Conflict:
        return False
    finally:
        writer.abort()
    return True


def get(store: ObjectStore, key: str) -> bytes | None:
    """Return a small object whole, None when it is absent."""
    try:
        return b"".join(store.read(key))
    except KeyError:
        return None


def next_inventory(
    previous: bytes | None,
    object_id: str,
    added: Mapping[str, str],
    *,
    created: str,
    message: str,
    user: tuple[str, str],
    keep: bool = True,
) -> tuple[int, bytes]:
    """Return number and inventory of the version after `previous`.

    `added` maps logical names to the SHA-512 of `vN/content/<name>`; with `keep` the earlier state stays beside it.
    """
    old: Inventory = json.loads(previous) if previous else {"manifest": {}, "versions": {}}
    n = len(old["versions"]) + 1
    manifest: dict[str, list[str]] = {digest: list(paths) for digest, paths in old["manifest"].items()}
    state: dict[str, list[str]] = {}
    if keep and n > 1:
        state = {digest: list(names) for digest, names in old["versions"][f"v{n - 1}"]["state"].items()}
    for name, digest in added.items():
        manifest.setdefault(digest, []).append(f"v{n}/content/{name}")
        state.setdefault(digest, []).append(name)
    version = {
        "created": created,
        "state": state,
        "message": message,
        "user": {"name": user[0], "address": user[1]},
    }
    inventory = {
        "id": object_id,
        "type": "https://ocfl.io/1.1/spec/#inventory",
        "digestAlgorithm": "sha512",
        "head": f"v{n}",
        "manifest": manifest,
        "versions": {**old["versions"], f"v{n}": version},
    }
    return n, json.dumps(inventory, ensure_ascii=False, indent=1).encode()


def sidecar(inventory: bytes) -> bytes:
    """Return the digest sidecar of an inventory."""
    return f"{hashlib.sha512(inventory).hexdigest()} inventory.json\n".encode()


def head(store: ObjectStore, root: str) -> int:
    """Return the last committed version of an object in this copy, 0 when there is none. Lists nothing."""
    n = 0
    current = get(store, f"{root}/inventory.json")
    if current:
        try:
            n = int(str(json.loads(current)["head"]).removeprefix("v"))
        except (ValueError, KeyError, TypeError):
            n = 0
    while n and store.stat(f"{root}/v{n}/inventory.json") is None:
        n -= 1
    while store.stat(f"{root}/v{n + 1}/inventory.json") is not None:
        n += 1
    return n


def version_inventory(store: ObjectStore, root: str, n: int) -> bytes | None:
    """Return the inventory that committed version `n` in this copy; None when it did not."""
    return get(store, f"{root}/v{n}/inventory.json")


def roll_forward(store: ObjectStore, root: str) -> int:
    """Let the root inventory tell the last committed version when a crash kept it from that; returns its number.

    0 = no version is committed. Damage looks otherwise and is left to the fixity check: only the two states that
    `commit` passes through are rolled forward (the root tells the version before, or its sidecar does).
    """
    n = head(store, root)
    if not n:
        return 0
    inventory = version_inventory(store, root, n)
    mark = get(store, f"{root}/v{n}/inventory.json.sha512")
    if inventory is None or mark != sidecar(inventory):
        return n
    before = version_inventory(store, root, n - 1) if n > 1 else None
    old_mark = sidecar(before) if before else None
    now = (get(store, f"{root}/inventory.json"), get(store, f"{root}/inventory.json.sha512"))
    if now in {(before, old_mark), (inventory, old_mark)}:
        tell(store, root, inventory)
    return n


def tell(store: ObjectStore, root: str, inventory: bytes) -> None:
    """Put an inventory in the object's root, and its sidecar; nothing is written when both are there already."""
    put(store, f"{root}/{NAMASTE[0]}", NAMASTE[1])
    failpoint("preservation.tell")
    for key, data in (
        (f"{root}/inventory.json", inventory),
        (f"{root}/inventory.json.sha512", sidecar(inventory)),
    ):
        if get(store, key) != data:
            store.replace(key, data)


def commit(stores: Mapping[str, ObjectStore], root: str, n: int, inventory: bytes, threads: Executor) -> None:
    """Publish version `n` in every copy: its content lies there already, read back.

    First the commit in every copy, then the root inventories. Raises Conflict when another version `n` was committed.
    """
    for step in (_commit_one, tell_version):
        ends = [threads.submit(step, store, root, n, inventory) for store in stores.values()]
        faults = [fault for end in ends if (fault := end.exception()) is not None]
        if faults:
            raise faults[0]
        failpoint("preservation.publish")


def _commit_one(store: ObjectStore, root: str, n: int, inventory: bytes) -> None:
    put(store, f"{root}/{NAMASTE[0]}", NAMASTE[1])
    key = f"{root}/v{n}/inventory.json"
    there = get(store, key)
    if there is None:
        mark = sidecar(inventory)
        if not put(store, f"{key}.sha512", mark) and get(store, f"{key}.sha512") != mark:
            store.replace(f"{key}.sha512", mark)  # a leftover of an attempt that never committed
        failpoint("preservation.commit")
        there = inventory if put(store, key, inventory) else get(store, key)
    if there != inventory:
        raise Conflict(f"Version {n} finns redan", f"Version {n} exists already with other content")


def tell_version(store: ObjectStore, root: str, _n: int, inventory: bytes) -> None:
    """Put the inventory of a committed version in the root."""
    tell(store, root, inventory)


def clear_attempt(store: ObjectStore, root: str, n: int) -> None:
    """Remove what a dead attempt at version `n` is known to leave; anything else beside an object is damage."""
    base = f"{root}/v{n}"
    if store.stat(f"{base}/inventory.json") is None:
        for name in (f"content/v{n}.zip", f"content/v{n}.index.jsonl", "inventory.json.sha512"):
            store.delete(f"{base}/{name}")


def roll_back(store: ObjectStore, root: str, n: int) -> None:
    """Remove what an attempt at version `n` left that was never committed; raises Conflict when it was."""
    if store.stat(f"{root}/v{n}/inventory.json") is not None:
        raise Conflict(f"Version {n} är fastställd", f"Version {n} is committed")
    for found in list(store.list(f"{root}/v{n}/")):
        store.delete(found.key)
