"""After `package.stored`: text and pictures for finding and viewing, outside the copies, rebuildable (DESIGN §4)."""

import json
import tempfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samarkiv_contracts.events.package import PackageStored, PackageUpdated
from samarkiv_contracts.problems import Conflict, CopyUnreadable
from samarkiv_runtime.clock import rfc3339
from samarkiv_runtime.failpoints import failpoint
from samarkiv_runtime.ocfl import Member, container_key
from samarkiv_runtime.ports import Effect, Job, ObjectWriter

from samarkiv_preservation import store
from samarkiv_preservation.derivatives import Derived, Task
from samarkiv_preservation.kit import Kit
from samarkiv_preservation.usecases.migrate import migrate
from samarkiv_preservation.usecases.originals import originals

OUTSTANDING = 6  # batches in the pool's hands
BATCH_FILES, BATCH_BYTES = 16, 4 << 20


def derive_and_migrate(kit: Kit, job: Job, event: PackageStored) -> Effect | None:
    """Make text and pictures of a stored package, tell it, then migrate what the policy names.

    Both parts may be run again: what exists already is only noted.
    """
    derive(kit, job, event.package)
    return migrate(kit, job, event.package)


@dataclass
class _Counts:
    files: int = 0
    texts: int = 0
    thumbnails: int = 0
    could_not: int = 0


def derive(kit: Kit, job: Job, package: str) -> None:
    """Make the derivatives of a package's originals and tell `package.updated`, in a transaction of its own.

    `<package>/1/text.jsonl` holds a line `{"path", "text", "outcome"}` a file, `pictures.bin` the pictures one after
    the other, `pictures.jsonl` a line `{"sha256", "kind", "page", "offset", "length"}` each, by the original's digest.
    """
    base = f"{package}/1"
    counts = _counted(kit, base) or _make(kit, job, package, base)
    with kit.database.read() as tx:
        row = store.find_package(tx, package)
    if row is None:
        raise CopyUnreadable(en="the package is not noted yet")
    with kit.database.write() as tx:
        store.set_derivatives(
            tx,
            {
                "package": package,
                "version": 1,
                "files": counts.files,
                "texts": counts.texts,
                "thumbnails": counts.thumbnails,
                "could_not": counts.could_not,
                "at": rfc3339(kit.clock.now()),
            },
        )
        updated = PackageUpdated(package=package, version=int(row["head"]), change="derivatives")
        kit.teller.tell(tx, updated, tenant=str(row["tenant"]), sequence=int(row["head"]), cause=job)


def _counted(kit: Kit, base: str) -> _Counts | None:
    """Return the counts of derivatives that exist already; None when they were not made to the end."""
    if kit.derivatives.stat(f"{base}/text.jsonl") is None:
        return None
    counts = _Counts()
    for entry in _json_lines(kit.derivatives.read(f"{base}/text.jsonl")):
        _count(counts, str(entry["outcome"]), bool(entry["text"]))
    for entry in _json_lines(kit.derivatives.read(f"{base}/pictures.jsonl")):
        counts.thumbnails += entry["kind"] == "thumbnail"
    return counts


def _count(counts: _Counts, outcome: str, text: bool) -> None:
    counts.files += 1
    counts.texts += text
    counts.could_not += outcome == "could_not"


def _json_lines(chunks: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (json.loads(line) for line in lines if line)


def _make(kit: Kit, job: Job, package: str, base: str) -> _Counts:
    for name in ("pictures.jsonl", "pictures.bin"):
        kit.derivatives.delete(f"{base}/{name}")  # leftovers of an attempt that did not come to its end
    writers = {
        name: kit.derivatives.create(f"{base}/{name}")
        for name in ("text.jsonl", "pictures.bin", "pictures.jsonl")
    }
    out = _Out(writers)
    total = 0
    try:
        with tempfile.TemporaryDirectory(dir=kit.site.scratch, prefix="derive-") as folder:
            for path, member, derived in _derived(kit, package, Path(folder)):
                out.take(path, member, derived)
                total += 1
                if total % 20 == 0:
                    job.progress("derive", total, 0)
        for name in (
            "pictures.bin",
            "pictures.jsonl",
            "text.jsonl",
        ):  # the text is the mark that all is there
            writers[name].commit()
            failpoint("preservation.derived")
    except Conflict:
        pass  # another worker was first; its derivatives are as good
    finally:
        for writer in writers.values():
            writer.abort()
    return out.counts


class _Out:
    def __init__(self, writers: dict[str, ObjectWriter]) -> None:
        self._writers = writers
        self._at = 0
        self._seen: set[bytes] = set()
        self.counts = _Counts()

    def take(self, path: str, member: Member, derived: Derived | None) -> None:
        text = derived.text if derived else ""
        outcome = derived.outcome if derived else "could_not"
        line = json.dumps({"path": path, "text": text, "outcome": outcome}, ensure_ascii=False)
        self._writers["text.jsonl"].write(line.encode("utf-8", "replace") + b"\n")
        _count(self.counts, outcome, bool(text))
        digest = bytes.fromhex(member.sha256)
        if derived is None or digest in self._seen:
            return
        if derived.thumbnail:
            self._picture(member.sha256, "thumbnail", 0, derived.thumbnail)
            self.counts.thumbnails += 1
        for number, page in enumerate(derived.pages, start=1):
            self._picture(member.sha256, "page", number, page)
        if derived.thumbnail or derived.pages:
            self._seen.add(digest)

    def _picture(self, sha256: str, kind: str, page: int, data: bytes) -> None:
        self._writers["pictures.bin"].write(data)
        entry = {"sha256": sha256, "kind": kind, "page": page, "offset": self._at, "length": len(data)}
        self._writers["pictures.jsonl"].write(json.dumps(entry).encode() + b"\n")
        self._at += len(data)


Item = tuple[str, Member]


@dataclass
class _Batch:
    items: list[Item]
    tasks: list[Task]
    future: "Future[list[Derived]]"
    scratch: Path | None


def _derived(kit: Kit, package: str, folder: Path) -> Iterator[tuple[str, Member, Derived | None]]:
    """Give each original with what was derived of it, in order; a few batches are in the pool's hands at a time."""
    container = next(iter(kit.site.copies.values())).local_path(container_key(package, 1))
    waiting: deque[_Batch] = deque()
    for number, items in enumerate(_batches(originals(kit, package))):
        if len(waiting) >= OUTSTANDING:
            yield from _done(kit, waiting.popleft())
        scratch = None if container else folder / f"{number}"
        tasks = _tasks(kit, package, items, container, scratch)
        waiting.append(_Batch(items, tasks, kit.extract(tasks), scratch))
    while waiting:
        yield from _done(kit, waiting.popleft())


def _batches(items: Iterator[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    size = 0
    for item in items:
        if batch and (len(batch) >= BATCH_FILES or size + item[1].length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item[1].length
    if batch:
        yield batch


def _tasks(
    kit: Kit, package: str, items: list[Item], container: Path | None, scratch: Path | None
) -> list[Task]:
    """Name the bytes of a batch: in the container of a local copy, else in one scratch file they are fetched into."""
    if container is not None:
        return [Task(str(container), one.puid, one.mime, one.offset, one.length) for _path, one in items]
    assert scratch is not None
    tasks = []
    with scratch.open("wb") as file:
        for _path, one in items:
            tasks.append(Task(str(scratch), one.puid, one.mime, file.tell(), one.length))
            for block in kit.reader.read(package, one):
                file.write(block)
    return tasks


def _done(kit: Kit, batch: _Batch) -> Iterator[tuple[str, Member, Derived | None]]:
    """Give a batch's derivatives; when a file kills its worker, the others of its batch are tried alone."""
    found: list[Derived | None]
    if batch.future.exception() is None:
        found = list(batch.future.result())
    elif len(batch.tasks) == 1:
        found = [None]
    else:
        alone = [kit.extract([task]) for task in batch.tasks]
        found = [future.result()[0] if future.exception() is None else None for future in alone]
    if batch.scratch:
        batch.scratch.unlink(missing_ok=True)
    for (path, member), derived in zip(batch.items, found, strict=True):
        yield path, member, derived
