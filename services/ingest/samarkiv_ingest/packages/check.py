"""The one pass over the bytes of a delivery: sizes, CRC, digests, formats; inflated members to one content file."""

import errno
import hashlib
import os
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from samarkiv_contracts.findings import Finding
from samarkiv_contracts.problems import StorageFull

from samarkiv_ingest.packages import digests as manifests
from samarkiv_ingest.packages import pooled, workers
from samarkiv_ingest.packages.large import LargeLane
from samarkiv_ingest.packages.limits import Limits
from samarkiv_ingest.packages.members import Member
from samarkiv_ingest.packages.pooled import Pool
from samarkiv_ingest.packages.refusals import Refusals
from samarkiv_ingest.packages.scan import Kind, Progress, Scan, scan, silent
from samarkiv_ingest.packages.workers import Batch, Done, Item

_BATCH_FILES = 256
_BATCH_BYTES = 4 << 20
_OUTSTANDING = 4
_SYNC_EVERY = 64 << 20
STORED_LARGE = 8 << 20
DEFLATED_LARGE = 4 << 20


@dataclass(frozen=True)
class CheckResult:
    """What the pass found. Paths lie in the scratch folder: `files` (FileEntry lines), `digests`, `content`.

    `content` is None when every file is read from the upload; `digests` is None when SHA-256 was enough.
    `tool` names the format tool and its signatures, for PREMIS. `count` and `bytes` are of files, `folders` counts
    empty ones.
    """

    kind: Kind
    files: Path
    content: Path | None
    digests: Path | None
    findings: tuple[Finding, ...]
    count: int
    folders: int
    bytes: int
    content_bytes: int
    tool: str
    sha256: str = ""


def check(
    container: Path,
    limits: Limits,
    scratch: Path,
    pool: Pool,
    *,
    content: Path | None = None,
    digests: Collection[str] | None = None,
    progress: Progress = silent,
    with_sha256: bool = False,
) -> CheckResult:
    """Scan and check a container in one go; see `scan` and `check_scanned`."""
    scanned = scan(container, limits, scratch, content, progress)
    try:
        return check_scanned(
            scanned,
            scratch,
            pool,
            content=content,
            digests=digests,
            progress=progress,
            with_sha256=with_sha256,
        )
    finally:
        scanned.close()


def check_scanned(
    scanned: Scan,
    scratch: Path,
    pool: Pool,
    *,
    content: Path | None = None,
    digests: Collection[str] | None = None,
    progress: Progress = silent,
    with_sha256: bool = False,
) -> CheckResult:
    """Check every member of a scanned container and spool its FileEntry lines to `scratch/files.jsonl`.

    Small files first, then the large ones, then empty folders, each in the order of their place in the container.
    `content` (default `scratch/content.bin`) takes inflated members and is durable at return. `digests` names
    algorithms to compute beside SHA-256; None = those the package's own manifests name. Files that stay in a zip or
    tar keep `source="upload"`. Raises HostileContainer (bad CRC, false size, damaged data), StorageFull.
    """
    target = scanned.inflated or content or scratch / "content.bin"
    try:
        with _Pass(scanned, scratch, pool, target, digests, progress) as run:
            return run.go(with_sha256=with_sha256)
    except OSError as fault:
        if fault.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFull from fault
        raise


class _Pass(ExitStack):
    """One check. Its stack closes the spools, stops the lane of large files and waits for batches under way."""

    def __init__(
        self,
        scanned: Scan,
        scratch: Path,
        pool: Pool,
        content: Path,
        digests: Collection[str] | None,
        progress: Progress,
    ) -> None:
        super().__init__()
        self._scan = scanned
        self._pool = pool
        self._progress = progress
        self._algs = manifests.named(scanned) if digests is None else manifests.wanted(digests)
        self._source = "content" if scanned.inflated else "upload"
        self._content = content
        self._paths = (scratch / "files.jsonl", scratch / "digests.jsonl")
        self._files, self._digests = (
            self.enter_context(path.open("wb", buffering=1 << 20)) for path in self._paths
        )
        self._refusals = Refusals()
        self._count = self._bytes = 0
        self._tool = ""
        self._syncer = _Syncer(content) if self._inflates or scanned.inflated else None
        if self._inflates:
            _reserve(content, scanned.members.deflated_bytes)
        if self._syncer:
            self.callback(self._syncer.close)

    @property
    def _inflates(self) -> bool:
        return self._scan.kind == "zip" and self._scan.members.deflated_bytes > 0

    def go(self, *, with_sha256: bool) -> CheckResult:
        """Run the pass."""
        members = self._scan.members
        sizes = (STORED_LARGE, DEFLATED_LARGE)
        large = list(self._items(members.large(*sizes), members.small_deflated(*sizes)))
        lane = LargeLane(self._pool, self._batch(large))
        self.callback(lane.stop)
        lane.start()
        self._small(self._batches(self._items(members.small(*sizes), 0)), lane)
        for done in lane.results(lambda: self._tell(lane)):
            self._release(done)
        self._refusals.end()
        folders = 0
        for path in members.empty_folders():
            self._files.write(workers.folder_line(path).encode())
            folders += 1
        return self._result(folders, _sha256(self._scan.container) if with_sha256 else "")

    def _small(self, batches: Iterator[Batch], lane: LargeLane) -> None:
        waiting: deque[tuple[Batch, Future[Done]]] = deque()
        try:
            for batch in batches:
                if len(waiting) >= _OUTSTANDING:
                    self._settle(*waiting.popleft(), lane)
                waiting.append((batch, pooled.begin(self._pool, workers.check_batch, batch)))
            while waiting:
                self._settle(*waiting.popleft(), lane)
        finally:
            # Nobody may write to the content file after this pass has ended.
            for _, future in waiting:
                if not future.cancel():
                    future.exception()

    def _settle(self, batch: Batch, future: "Future[Done]", lane: LargeLane) -> None:
        self._release(pooled.settle(self._pool, workers.check_batch, batch, future))
        self._tell(lane)

    def _tell(self, lane: LargeLane) -> None:
        self._progress("check", self._bytes + lane.read, self._scan.members.bytes)

    def _release(self, done: Done) -> None:
        """Take the results of a batch, in order."""
        for code, path, found in (*done.faults, *done.notes):
            self._refusals.add(code, path, found=found)
        self._files.write(done.lines)
        self._digests.write(done.digests)
        self._count += done.files
        self._bytes += done.bytes
        self._tool = self._tool or done.tool
        if self._syncer:
            self._syncer.wrote(done.bytes)

    def _items(self, members: Iterable[Member], target: int) -> Iterator[Item]:
        for one in members:
            place = -1
            if one.method:
                place, target = target, target + one.size
            yield Item(
                one.path, one.raw, one.data, one.packed, one.size, one.crc, one.method, place, self._algs
            )

    def _batch(self, items: list[Item]) -> Batch:
        return Batch(str(self._scan.readable), str(self._content), self._source, items)

    def _batches(self, all_items: Iterator[Item]) -> Iterator[Batch]:
        items: list[Item] = []
        total = 0
        for item in all_items:
            if items and (len(items) >= _BATCH_FILES or total + item.size > _BATCH_BYTES):
                yield self._batch(items)
                items, total = [], 0
            items.append(item)
            total += item.size
        if items:
            yield self._batch(items)

    def _result(self, folders: int, sha256: str) -> CheckResult:
        for spool in (self._files, self._digests):
            spool.flush()
            os.fsync(spool.fileno())
        if self._syncer:
            self._syncer.close()
        return CheckResult(
            kind=self._scan.kind,
            files=self._paths[0],
            content=self._content if self._inflates or self._scan.inflated else None,
            digests=self._paths[1] if self._algs else None,
            findings=(*self._scan.notes, *self._refusals.notes()),
            count=self._count,
            folders=folders,
            bytes=self._bytes,
            content_bytes=self._content.stat().st_size if self._inflates or self._scan.inflated else 0,
            tool=self._tool,
            sha256=sha256,
        )


class _Syncer:
    """Makes the content file durable while the workers go on."""

    def __init__(self, content: Path) -> None:
        self._content = content
        self._thread = ThreadPoolExecutor(1, "sync")
        self._under_way: Future[None] | None = None
        self._unsynced = 0

    def wrote(self, count: int) -> None:
        """Hear of bytes written; every 64 MiB they are sent to the disk."""
        self._unsynced += count
        if self._unsynced >= _SYNC_EVERY and (self._under_way is None or self._under_way.done()):
            self._unsynced = 0
            self._under_way = self._thread.submit(self._sync)

    def close(self) -> None:
        """Make everything durable; raises OSError when that fails. Safe to call twice."""
        if self._thread:
            self._thread.shutdown()
            if self._under_way:
                self._under_way.result()
                self._under_way = None
            self._sync()

    def _sync(self) -> None:
        fd = os.open(self._content, os.O_RDONLY)
        try:
            os.fdatasync(fd)
        finally:
            os.close(fd)


def _reserve(content: Path, size: int) -> None:
    """Make room for everything that will be inflated, so that a full disk is known before the work."""
    fd = os.open(content, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        try:
            os.posix_fallocate(fd, 0, size)
        except OSError as fault:
            if fault.errno not in {errno.EOPNOTSUPP, errno.EINVAL}:
                raise
            os.ftruncate(fd, size)
    finally:
        os.close(fd)


def _sha256(path: Path) -> str:
    with path.open("rb") as box:
        return hashlib.file_digest(box, "sha256").hexdigest()
