"""A package into the two indexes: from its own metadata and its derivatives, nothing else (DESIGN §3.6)."""

import marshal  # only our own documents, in our own temporary file: four times as quick as pickle
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from operator import attrgetter
from typing import IO, Any, Literal, Self

from samarkiv_contracts.events.index import PackageIndexed
from samarkiv_contracts.events.package import (
    PackageMigrated,
    PackageRestricted,
    PackageStored,
    PackageUpdated,
)
from samarkiv_contracts.events.registry import RegistryChanged
from samarkiv_contracts.levels import Level
from samarkiv_contracts.problems import NotFound
from samarkiv_runtime.clock import rfc3339
from samarkiv_runtime.failpoints import failpoint
from samarkiv_runtime.ocfl import split_lines
from samarkiv_runtime.ports import Effect, Job
from sqlalchemy import Connection

from samarkiv_search import store
from samarkiv_search.backends.port import SearchIndex
from samarkiv_search.domain.documents import Where, documents, level_of
from samarkiv_search.domain.index import IndexDocument
from samarkiv_search.usecases.parts import Parts
from samarkiv_search.usecases.spool import FileSpool

Coverage = Literal["names", "text"]
IN_MEMORY = 4 << 20
BATCH = 200
APART = 1000
_FIELDS = attrgetter("id", "analysed", "keywords", "numbers", "stored", "text")


def index_version(version: int, coverage: Coverage) -> int:
    """Return the order of what an index can hold of a package: its version, names before text."""
    return version * 2 + (coverage == "text")


@dataclass(frozen=True)
class Indexed:
    """What came into the indexes."""

    package: str
    tenant: str
    level: int
    version: int
    coverage: Coverage
    records: int
    shown: int
    files: int


class _Waiting:
    """Documents on their way to one index: built once, read as often as needed."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by exit
        self._batch: list[tuple[Any, ...]] = []
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_told: object) -> None:
        self._file.close()

    def add(self, document: IndexDocument) -> None:
        """Keep a document."""
        self._batch.append(_FIELDS(document))
        self.count += 1
        if len(self._batch) == BATCH:
            self._flush()

    def _flush(self) -> None:
        raw = marshal.dumps(self._batch)
        self._file.write(len(raw).to_bytes(8, "big") + raw)
        self._batch.clear()

    def __iter__(self) -> Iterator[IndexDocument]:
        if self._batch:
            self._flush()
        self._file.seek(0)
        while head := self._file.read(8):
            for fields in marshal.loads(self._file.read(int.from_bytes(head, "big"))):  # noqa: S302 - written above
                yield IndexDocument(*fields)


def index_into(
    parts: Parts,
    package: str,
    public: SearchIndex,
    closed: SearchIndex,
    progress: Callable[[str, int, int], None] = lambda _what, _done, _total: None,
) -> Indexed:
    """Read a package as it is now and put it into two indexes, durable and visible at return.

    Public comes first: what may no longer be seen is out before anything else. Raises NotFound when no copy has the
    package; Unavailable, CopyUnreadable.
    """
    try:
        head = int(parts.packages.inventory(package).head)
        said, records = parts.packages.description(package)
    except KeyError as error:
        raise NotFound from error
    with ExitStack() as stack:
        spool = stack.enter_context(FileSpool())
        spool.take_members(package, parts.packages.members(package))
        coverage: Coverage = "text" if _take_text(parts, package, head, spool) else "names"
        waiting: dict[Where, _Waiting] = {
            "public": stack.enter_context(_Waiting()),
            "closed": stack.enter_context(_Waiting()),
        }
        count = shown = 0
        for count, record in enumerate(records, 1):
            shown += level_of(said, record) is not Level.CLOSED
            told = documents(
                said, record, spool, parts.analyser, lambda done: progress("index", done, spool.files)
            )
            for where, document in told:
                waiting[where].add(document)
            progress("index", count, said.records)
        _put(
            package, index_version(head, coverage), ((public, waiting["public"]), (closed, waiting["closed"]))
        )
        return Indexed(package, said.tenant, said.level, head, coverage, count, shown, spool.files)


def _put(package: str, version: int, chosen: tuple[tuple[SearchIndex, _Waiting], ...]) -> None:
    """Put documents into both indexes: small packages one after the other, large ones at the same time."""

    def one(index: SearchIndex, documents: _Waiting) -> None:
        if documents.count:
            index.put(package, version, documents)
        else:
            index.remove(package, version)
        failpoint("search.put")
        index.refresh()

    if all(documents.count <= APART for _index, documents in chosen):
        for index, documents in chosen:
            one(index, documents)
        return
    with ThreadPoolExecutor(len(chosen), thread_name_prefix="search-put") as threads:
        for done in [threads.submit(one, *pair) for pair in chosen]:
            done.result()


def _take_text(parts: Parts, package: str, head: int, spool: FileSpool) -> bool:
    """Read the newest extracted text there is; False when none was made yet."""
    for version in range(head, 0, -1):
        key = f"{package}/{version}/text.jsonl"
        if parts.derivatives.stat(key) is not None:
            spool.take_texts(split_lines(parts.derivatives.read(key)))
            return True
    return False


def _index(parts: Parts, job: Job, package: str) -> Effect:
    with parts.gate.writing(package):
        done = index_into(parts, package, parts.public, parts.closed, job.progress)
    failpoint("search.indexed")
    parts.counted(done.records)

    def effect(tx: Connection) -> None:
        held = store.get_package(tx, package)
        before = index_version(held["version"], held["coverage"]) if held else 0
        if index_version(done.version, done.coverage) >= before:
            note(tx, parts, done)
        event = PackageIndexed(
            package=package, version=done.version, coverage=done.coverage, records=done.records
        )
        parts.teller.tell(tx, event, tenant=done.tenant, sequence=done.version, cause=job)

    return effect


def note(tx: Connection, parts: Parts, done: Indexed, *, keep_time: bool = False) -> None:
    """Write the row of an indexed package; `keep_time` leaves the time that a rebuild catches up by."""
    values = {
        "tenant": done.tenant,
        "version": done.version,
        "coverage": done.coverage,
        "level": done.level,
        "records": done.records,
        "shown": done.shown,
        "files": done.files,
        "indexed_at": rfc3339(parts.clock.now()),
    }
    if keep_time:
        del values["indexed_at"]
    store.put_package(tx, done.package, values)


# ------------------------------------------------------------------ what search hears


def index_stored(parts: Parts, job: Job, event: PackageStored) -> Effect:
    """Index a stored package by names and metadata, and by text where it was extracted already."""
    return _index(parts, job, event.package)


def index_updated(parts: Parts, job: Job, event: PackageUpdated) -> Effect:
    """Index again: with text when derivatives were made, with what the description now says, or after a rebuild."""
    return _index(parts, job, event.package)


def index_migrated(parts: Parts, job: Job, event: PackageMigrated) -> Effect:
    """Index the new version of a package."""
    return _index(parts, job, event.package)


def restrict(parts: Parts, job: Job, event: PackageRestricted) -> Effect:
    """Take a package out of public sight at once, then index it as its description now says."""
    with parts.gate.writing(event.package):
        parts.public.remove(event.package, index_version(event.version, "names"))
        parts.public.refresh()
    return _index(parts, job, event.package)


def note_registry(parts: Parts, _job: Job, event: RegistryChanged) -> Effect:
    """Read a tenant's registry and keep the names of the tenant and its authorities."""
    document = parts.registry.document(event.tenant)

    def effect(tx: Connection) -> None:
        store.put_registry(tx, document)

    return effect
