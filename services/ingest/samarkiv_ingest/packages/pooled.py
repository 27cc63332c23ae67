"""Work in the pool of spawned processes, and what to do when a file kills its worker."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

from samarkiv_runtime.pool import PoolError

from samarkiv_ingest.packages.workers import Batch, Done

_LEAST_S = 120.0
_BYTES_A_S = 5_000_000
Work = Callable[[Batch], Done]


class Pool(Protocol):
    """The part of `house.pool` the check uses."""

    def submit(self, function: Callable[..., Any], *args: Any, limit_s: float | None = None) -> "Future[Any]":
        """Run a module-level function in a worker process."""
        ...


def limit_s(size: int) -> float:
    """Return how long work over `size` bytes may take, seconds."""
    return _LEAST_S + size / _BYTES_A_S


def begin(pool: Pool, work: Work, batch: Batch) -> "Future[Done]":
    """Start a batch."""
    return pool.submit(work, batch, limit_s=limit_s(sum(item.size for item in batch.items)))


def settle(pool: Pool, work: Work, batch: Batch, future: "Future[Done]") -> Done:
    """Return what came of a batch.

    When its worker died or hung, each file is tried alone, and the one that does it again is done without the format
    tool. Raises PoolError when even that fails.
    """
    try:
        return future.result()
    except PoolError:
        return _sum([_alone(pool, work, batch._replace(items=[item])) for item in batch.items])


def _alone(pool: Pool, work: Work, batch: Batch) -> Done:
    try:
        return begin(pool, work, batch).result()
    except PoolError:
        return begin(pool, work, batch._replace(look=False)).result()


def _sum(parts: list[Done]) -> Done:
    return Done(
        b"".join(part.lines for part in parts),
        b"".join(part.digests for part in parts),
        [fault for part in parts for fault in part.faults],
        [note for part in parts for note in part.notes],
        sum(part.files for part in parts),
        sum(part.bytes for part in parts),
        next((part.tool for part in parts if part.tool), ""),
    )
