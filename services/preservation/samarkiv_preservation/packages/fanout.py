"""One stream of bytes written to every copy at the same time."""

from collections.abc import Mapping
from concurrent.futures import Executor, Future

from samarkiv_contracts.problems import Conflict
from samarkiv_runtime.ports import ObjectStore, ObjectWriter

BLOCK = 4 << 20


class FanOut:
    """Writes the same new object to several stores: small pieces gathered to 4 MiB, the copies in threads beside us."""

    def __init__(self, stores: Mapping[str, ObjectStore], key: str, threads: Executor) -> None:
        """Begin the object `key` in every store; raises Unavailable, StorageFull when one cannot."""
        self._threads = threads
        self._writers: dict[str, ObjectWriter] = {}
        self._buffer = bytearray()
        self._running: list[Future[None]] = []
        self.written = 0
        try:
            for name, store in stores.items():
                self._writers[name] = store.create(key)
        except BaseException:
            self.abort()
            raise

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes. A piece of 1 MiB or more is handed on as it is and must not change afterwards."""
        size = len(data)
        self.written += size
        if size < BLOCK // 4:
            self._buffer += data
            if len(self._buffer) >= BLOCK:
                self._flush()
            return
        self._flush()
        self._hand_on(data)

    def commit(self) -> set[str]:
        """Make the object durable everywhere; returns the stores where the key was taken already.

        Any other fault of a store is raised after all have ended, and nothing is undone: a rerun settles it.
        """
        self._flush()
        self._settle()
        ends = {name: self._threads.submit(writer.commit) for name, writer in sorted(self._writers.items())}
        taken, faults = set(), []
        for name, end in ends.items():
            fault = end.exception()
            if isinstance(fault, Conflict):
                taken.add(name)
            elif fault is not None:
                faults.append(fault)
        if faults:
            raise faults[0]
        return taken

    def abort(self) -> None:
        """Forget the object in every store; safe after commit."""
        for future in self._running:
            future.exception()
        for writer in self._writers.values():
            writer.abort()

    def _flush(self) -> None:
        if self._buffer:
            data, self._buffer = self._buffer, bytearray()
            self._hand_on(data)

    def _hand_on(self, data: bytes | bytearray | memoryview) -> None:
        self._settle()
        self._running = [self._threads.submit(writer.write, data) for writer in self._writers.values()]

    def _settle(self) -> None:
        running, self._running = self._running, []
        for future in running:
            future.exception()
        for future in running:
            future.result()
