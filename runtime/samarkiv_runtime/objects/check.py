"""Does this store keep what the archive relies on? The steps of `samarkiv doctor --store`, on a store of the user's own."""

import hashlib
import os
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

from samarkiv_contracts.problems import Conflict, Problem

from samarkiv_runtime.ports import Health, ObjectStore

MIB = 1 << 20
_BLOCK = bytes(range(256)) * 4096


class _Broken(Exception):
    """A step found the store wanting."""


def _put(store: ObjectStore, key: str, data: bytes) -> None:
    writer = store.create(key)
    writer.write(data)
    writer.commit()


def _get(store: ObjectStore, key: str, offset: int = 0, length: int | None = None) -> bytes:
    return b"".join(store.read(key, offset, length))


def _expect(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise _Broken(f"{what}: {str(found)[:80]} instead of {str(wanted)[:80]}")


def _round_trip(store: ObjectStore, root: str) -> str:
    key = f"{root}/Åäö ärende + 100 % (kopia).bin"
    _put(store, key, b"hej")
    _expect(_get(store, key), b"hej", "read back")
    info = store.stat(key)
    _expect(info and info.size, 3, "size")
    return "3 bytes under a Swedish name"


def _create_only(store: ObjectStore, root: str) -> str:
    _put(store, f"{root}/once", b"first")
    for size in (6, 9 * MIB):
        try:
            _put(store, f"{root}/once", b"s" * size)
        except Conflict:
            continue
        raise _Broken(f"a second object of {size} bytes took the place of the first")
    _expect(_get(store, f"{root}/once"), b"first", "the first object")
    return "a taken key is refused, small and in parts"


def _race(store: ObjectStore, root: str) -> str:
    for turn in range(5):
        key = f"{root}/race-{turn}"
        won: list[bytes] = []
        faults: list[Exception] = []
        barrier = threading.Barrier(8)

        def run(n: int, key: str = key, won: list[bytes] = won, faults: list[Exception] = faults) -> None:
            barrier.wait(30)  # noqa: B023
            try:
                _put(store, key, b"%d" % n)
            except Conflict:
                return
            except Exception as error:
                faults.append(error)
            else:
                won.append(b"%d" % n)

        threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise faults[0]
        _expect(len(won), 1, "winners of eight writers")
        _expect(_get(store, key), won[0], "the winner's bytes")
    return "one winner of eight, five times"


def _large(store: ObjectStore, root: str) -> str:
    key = f"{root}/large"
    digest = hashlib.sha256()
    writer = store.create(key)
    for n in range(20):
        piece = bytes([n]) + _BLOCK
        writer.write(piece)
        digest.update(piece)
    _expect(store.stat(key), None, "visible before commit")
    writer.commit()
    back = hashlib.sha256()
    for chunk in store.read(key):
        back.update(chunk)
    _expect(back.hexdigest(), digest.hexdigest(), "digest of 20 MiB")
    _expect(_get(store, key, 7 * (MIB + 1), 3), bytes([7, 0, 1]), "a range inside")
    return "20 MiB in parts, digest and ranges right"


def _replace(store: ObjectStore, root: str) -> str:
    for data in (b"one", b"two two"):
        store.replace(f"{root}/inventory.json", data)
        _expect(_get(store, f"{root}/inventory.json"), data, "read after replace")
    return "read sees the newest at once"


def _list(store: ObjectStore, root: str) -> str:
    keys = [f"{root}/list/{name}" for name in ("a.txt", "a/b.c/d", "a/b/e", "b/1", "b/10")]
    for key in keys:
        _put(store, key, b"x")
    _expect([info.key for info in store.list(f"{root}/list/")], keys, "order of the listing")
    store.delete(keys[0])
    _expect([info.key for info in store.list(f"{root}/list/")], keys[1:], "listing after delete")
    _expect(store.stat(keys[0]), None, "a deleted object")
    return "in key order, and up to date after a delete"


def _durable(store: ObjectStore, root: str) -> str:
    path = store.local_path(f"{root}/x")
    if path is None:
        raise LookupError("cannot be seen from here: a power cut test or the maker's word must answer")
    folder = Path(path).parent
    folder.mkdir(parents=True, exist_ok=True)
    one, two = folder / "sync-a", folder / "sync-b"
    fd = os.open(one, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        os.write(fd, b"x")
        os.fsync(fd)
        os.link(one, two)
    finally:
        os.close(fd)
        one.unlink()
        two.unlink(missing_ok=True)
        folder.rmdir()
    return "the file system takes fsync and hard links"


_STEPS: tuple[tuple[str, Callable[[ObjectStore, str], str]], ...] = (
    ("round trip", _round_trip),
    ("create only if absent", _create_only),
    ("race of writers", _race),
    ("large object", _large),
    ("replace", _replace),
    ("list and delete", _list),
    ("durability", _durable),
)


def check_store(store: ObjectStore, name: str = "store") -> list[Health]:
    """Try every step the archive relies on, under keys of its own that are removed again; returns one line a step.

    Each line's name is `<name>: <step>`. The store needs room for 30 MiB. Takes seconds.
    """
    root = f"samarkiv-doctor/{uuid.uuid4().hex}"
    found = []
    for step, act in _STEPS:
        place = f"{root}/{step.replace(' ', '-')}"
        try:
            found.append(Health(f"{name}: {step}", "ok", act(store, place)))
        except _Broken as error:
            found.append(Health(f"{name}: {step}", "bad", str(error)))
        except LookupError as error:
            unseen = step == "durability"
            found.append(Health(f"{name}: {step}", "could_not_check" if unseen else "bad", str(error)))
        except (Problem, OSError, ValueError) as error:
            found.append(Health(f"{name}: {step}", "bad", f"{type(error).__name__}: {error}"))
    found.append(_tidy(store, name, root))
    return found


def _tidy(store: ObjectStore, name: str, root: str) -> Health:
    try:
        for info in list(store.list(f"{root}/")):
            store.delete(info.key)
        left = sum(1 for _ in store.list(f"{root}/"))
    except (Problem, OSError) as error:
        return Health(f"{name}: tidied", "bad", f"{type(error).__name__}: {error}")
    return Health(
        f"{name}: tidied", "bad" if left else "ok", f"{left} objects left under {root}" if left else ""
    )
