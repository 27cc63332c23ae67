"""The lane of large files: stored ones hashed here by one sequential read each, deflated ones inflated in a worker."""

import hashlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from isal import isal_zlib
from samarkiv_runtime.pool import PoolError

from samarkiv_ingest.packages import pooled, workers
from samarkiv_ingest.packages.pooled import Pool
from samarkiv_ingest.packages.workers import Batch, Done, Item

_READ = 4 << 20
_WINDOW = 4
_THREADS = 2
_Waiting = Callable[[], Done]


class Cancelled(Exception):
    """The pass has ended for another reason."""


class LargeLane:
    """Works through a batch of large files beside the small ones; `read` counts the bytes done so far."""

    def __init__(self, pool: Pool, batch: Batch) -> None:
        self._pool = pool
        self._batch = batch
        self._stop = threading.Event()
        self._done: list[Done] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="large-files", daemon=True)
        self.read = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End early and wait for what runs."""
        self._stop.set()
        if self._thread.ident:
            self._thread.join()

    def results(self, beat: Callable[[], None]) -> Iterator[Done]:
        """Return what came of each file, in order, when all is done; `beat` is called twice a second meanwhile."""
        while self._thread.is_alive():
            self._thread.join(0.5)
            beat()
        if self._error:
            raise self._error
        yield from self._done

    def _run(self) -> None:
        waiting: deque[_Waiting] = deque()
        try:
            with ThreadPoolExecutor(_THREADS, "hash") as threads:
                for item in self._batch.items:
                    if self._stop.is_set():
                        break
                    waiting.append(self._begin(item, threads))
                    if len(waiting) >= _WINDOW:
                        self._done.append(waiting.popleft()())
                while waiting:
                    self._done.append(waiting.popleft()())
        except BaseException as error:  # told by results()
            self._error = error
            self._stop.set()

    def _begin(self, item: Item, threads: ThreadPoolExecutor) -> _Waiting:
        one = self._batch._replace(items=[item])
        if item.method != workers.STORED:
            future = pooled.begin(self._pool, workers.inflate_large, one)
            return lambda: self._inflated(one, future)
        hashed = threads.submit(self._hash, item)
        looked = self._pool.submit(
            workers.identify_large,
            (one.container, item.data, item.size, item.path),
            limit_s=pooled.limit_s(0),
        )
        return lambda: self._stored(item, hashed.result(), looked)

    def _inflated(self, batch: Batch, future: "Future[Done]") -> Done:
        done = pooled.settle(self._pool, workers.inflate_large, batch, future)
        self.read += done.bytes
        return done

    def _stored(self, item: Item, told: dict[str, Any], looked: "Future[Any]") -> Done:
        if told["size"] != item.size:
            return _fault("SAM-ZIP-TRUNCATED", item, told["size"])
        if item.crc >= 0 and told["crc"] != item.crc:
            return _fault("SAM-ZIP-CRC", item, "")
        try:
            found, tool = looked.result()
        except PoolError:
            found, tool = workers.NOT_LOOKED, ""
        hexes: dict[str, str] = told["digests"]
        line = workers.entry_line(item, self._batch.source, hexes.pop("sha256"), told["crc"], found)
        extra = workers.digest_line(item.path, hexes) if hexes else ""
        return Done(
            line.encode(), extra.encode(), [], workers.format_notes(item.path, found), 1, item.size, tool
        )

    def _hash(self, item: Item) -> dict[str, Any]:
        """Read one stored file once; hashlib and isal let other threads run meanwhile."""
        hashes = {alg: hashlib.new(alg) for alg in ("sha256", *item.digests)}
        buffer = bytearray(_READ)
        view = memoryview(buffer)
        crc = at = 0
        box = os.open(self._batch.container, os.O_RDONLY)
        try:
            os.posix_fadvise(box, item.data, item.size, os.POSIX_FADV_SEQUENTIAL)
            while at < item.size:
                if self._stop.is_set():
                    raise Cancelled
                got = os.preadv(box, [view[: min(_READ, item.size - at)]], item.data + at)
                if not got:
                    break
                for one in hashes.values():
                    one.update(view[:got])
                crc = isal_zlib.crc32(view[:got], crc)
                at += got
                self.read += got
        finally:
            os.close(box)
        return {"size": at, "crc": crc, "digests": {alg: one.hexdigest() for alg, one in hashes.items()}}


def _fault(code: str, item: Item, found: object) -> Done:
    return Done(b"", b"", [(code, item.path, str(found))], [], 0, 0, "")
