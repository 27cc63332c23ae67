"""A package into the two indexes: from its own metadata and its derivatives, nothing else (DESIGN §3.6)."""

import pickle  # only our own documents, in our own temporary file
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, Literal, Self

from samarkiv_contracts.events.index import PackageIndexed
from samarkiv_contracts.events.package import (
    PackageMigrated,
    PackageRestricted,
    PackageStored,
    PackageUpdated,
)
from samarkiv_contracts.events.registry import RegistryChanged
from samarkiv_contracts.problems import NotFound
from samarkiv_runtime.clock import rfc3339
from samarkiv_runtime.ocfl import split_lines
from samarkiv_runtime.ports import Effect, Job
from sqlalchemy import Connection

from samarkiv_search import store
from samarkiv_search.backends.port import SearchIndex
from samarkiv_search.domain.documents import Where, documents
from samarkiv_search.domain.index import IndexDocument
from samarkiv_search.usecases.parts import Parts
from samarkiv_search.usecases.spool import FileSpool

Coverage = Literal["names", "text"]
IN_MEMORY = 4 << 20


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
    files: int


class _Waiting:
    """Documents on their way to one index: built once, read as often as needed."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by exit
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_told: object) -> None:
        self._file.close()

    def add(self, document: IndexDocument) -> None:
        pickle.dump(document, self._file, pickle.HIGHEST_PROTOCOL)
        self.count += 1

    def __iter__(self) -> Iterator[IndexDocument]:
        self._file.seek(0)
        for _ in range(self.count):
            yield pickle.load(self._file)  # noqa: S301 - written above


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
        count = 0
        for count, record in enumerate(records, 1):
            told = documents(
                said, record, spool, parts.analyser, lambda done: progress("index", done, spool.files)
            )
            for where, document in told:
                waiting[where].add(document)
            progress("index", count, said.records)
        version = index_version(head, coverage)
        for index, where in ((public, "public"), (closed, "closed")):
            chosen = waiting["public" if where == "public" else "closed"]
            if chosen.count:
                index.put(package, version, chosen)
            else:
                index.remove(package, version)
            index.refresh()
        return Indexed(package, said.tenant, said.level, head, coverage, count, spool.files)


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
