"""Spawned worker processes for CPU work and untrusted bytes: never forked, recycled, and gone when the parent is.

Each worker has a thread here that starts it, speaks with it and replaces it. A dead worker fails only its own task.
"""

import os
import queue
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from time import monotonic
from typing import Any, Self, TypeVar, cast

from samarkiv_runtime import poolworker
from samarkiv_runtime.memory import ENVIRONMENT as SMALL_HEAPS

R = TypeVar("R")
T = TypeVar("T")

# secrets stay here: a worker that opens untrusted bytes gets only these
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
_PREFIXES = ("LC_", "PYTHON", "COVERAGE_")


class PoolError(RuntimeError):
    """A task could not be run to its end; the pool itself goes on."""


class WorkerDied(PoolError):
    """The worker process ended in the middle of the task (crash, out of memory, or the pool was closed)."""


class TaskTimedOut(PoolError):
    """The task took longer than its limit; its worker was killed and replaced."""


class _RemoteError(Exception):
    """The traceback of the worker, as text."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class _Task:
    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], limit_s: float) -> None:
        self.future: Future[Any] = Future()
        self.limit_s = limit_s
        self.name = getattr(function, "__qualname__", repr(function))
        self.message = bytes(ForkingPickler.dumps((function, args)))


class _Worker:
    """One process and the line to it."""

    def __init__(self, memory: int, prefix: Sequence[str]) -> None:
        ours, theirs = socket.socketpair()
        life_read, self._life = os.pipe()
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [
                        *prefix,
                        sys.executable,
                        "-m",
                        poolworker.__name__,
                        str(theirs.fileno()),
                        str(life_read),
                    ],
                    pass_fds=(theirs.fileno(), life_read),
                    stdin=subprocess.DEVNULL,
                    env=_environment(),
                )
            finally:
                os.close(life_read)
        self._line = Connection(ours.detach())
        self.pid = self._process.pid
        self.tasks = 0
        self.peak = 0
        self._line.send((sys.path, memory))

    def run(self, message: bytes, limit_s: float) -> tuple[bool, Any]:
        """Return (went well, value or (error, traceback)); raises TimeoutError, EOFError, OSError."""
        self._line.send_bytes(message)
        if not self._line.poll(limit_s):
            raise TimeoutError
        well, value, self.peak = cast("tuple[bool, Any, int]", self._line.recv())
        self.tasks += 1
        return well, value

    def kill(self) -> int:
        """End the process at once; returns its exit status."""
        self._process.kill()
        return self.leave(None)

    def leave(self, wait_s: float | None = 2.0) -> int:
        """Let the process end by itself, kill it when it does not; returns its exit status."""
        self._line.close()
        try:
            status = self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        if self._life >= 0:
            os.close(self._life)
            self._life = -1
        return status


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _ENVIRONMENT or name.startswith(_PREFIXES)
    }
    # read by the Go runtime of pygfried when it is loaded: one thread a worker, the pool is the parallelism
    return {**kept, **SMALL_HEAPS, "GOMAXPROCS": "1", "OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}


class Pool:
    """Worker processes that run module-level functions of light modules. Safe for use by many threads."""

    def __init__(
        self,
        workers: int = 0,
        *,
        limit_s: float = 300.0,
        max_tasks: int = 2_000,
        max_peak_bytes: int = 700 * 2**20,
        memory_bytes: int = 0,
        prefix: Sequence[str] = (),
        warm: Callable[[], object] | None = None,
    ) -> None:
        """Start the workers; they warm up beside.

        `workers` 0 means one a usable core; `limit_s` is the default limit of a task in seconds; a worker is replaced
        after `max_tasks` tasks or when its peak memory passes `max_peak_bytes`; `memory_bytes` bounds its address space
        (0 = unbounded); `prefix` stands before the worker's command (`Sandbox.worker_prefix`); `warm` is run in each new worker before its first task.
        """
        self.workers = workers or len(os.sched_getaffinity(0))
        self._limit_s = limit_s
        self._max_tasks = max_tasks
        self._max_peak = max_peak_bytes
        self._memory = memory_bytes
        self._prefix = tuple(prefix)
        self._warm = warm
        self._queue: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._live: dict[int, _Worker | None] = {}
        self._warmed = threading.Semaphore(0)
        self._threads = [
            threading.Thread(target=self._serve, args=(slot,), name=f"pool-{slot}", daemon=True)
            for slot in range(self.workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, function: Callable[..., R], *args: Any, limit_s: float | None = None) -> "Future[R]":
        """Run `function(*args)` in a worker; `limit_s` is its limit in seconds from when it starts.

        The future raises what the function raised (the worker's traceback as cause), WorkerDied or TaskTimedOut.
        Raises PoolError when the pool is closed.
        """
        if self._closed.is_set():
            raise PoolError("the pool is closed")
        task = _Task(function, args, self._limit_s if limit_s is None else limit_s)
        self._queue.put(task)
        return task.future

    def map_ordered(
        self,
        function: Callable[[T], R],
        items: Iterable[T],
        outstanding: int = 0,
        *,
        limit_s: float | None = None,
    ) -> Iterator[R]:
        """Return `function(item)` for each item, in the items' order, with at most `outstanding` begun at a time.

        0 means two a worker. Items are drawn as they are needed. The first error ends it; what has not begun is dropped.
        """
        bound = outstanding or 2 * self.workers
        waiting: deque[Future[R]] = deque()
        try:
            for item in items:
                if len(waiting) >= bound:
                    yield waiting.popleft().result()
                waiting.append(self.submit(function, item, limit_s=limit_s))
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def ready(self, timeout_s: float = 30.0) -> bool:
        """Wait until every first worker is warm; returns False when that took too long."""
        end = monotonic() + timeout_s
        got = 0
        while got < self.workers and self._warmed.acquire(timeout=max(0.0, end - monotonic())):
            got += 1
        for _ in range(got):
            self._warmed.release()
        return got == self.workers

    def pids(self) -> list[int]:
        """Return the process ids of the workers that live now."""
        with self._lock:
            return [worker.pid for worker in self._live.values() if worker]

    def close(self, wait_s: float = 5.0) -> None:
        """Drop what has not begun, give running tasks `wait_s` seconds, then end every worker. Safe to call twice."""
        self._closed.set()
        with suppress(queue.Empty):
            while True:
                task = self._queue.get_nowait()
                if task:
                    task.future.cancel()
        for _ in self._threads:
            self._queue.put(None)
        end = monotonic() + wait_s
        for thread in self._threads:
            thread.join(max(0.0, end - monotonic()))
        with self._lock:
            for worker in self._live.values():
                if worker:
                    with suppress(ProcessLookupError):
                        os.kill(worker.pid, 9)
        for thread in self._threads:
            thread.join(10.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self, slot: int) -> None:
        worker = self._start(slot)
        self._warmed.release()
        while True:
            task = self._queue.get()
            if task is None:
                break
            if not task.future.set_running_or_notify_cancel():
                continue
            worker = worker or self._start(slot)
            if worker is None:
                task.future.set_exception(WorkerDied("no worker process could be started"))
                continue
            if not self._run(worker, task):
                self._note(slot, None)
                worker = None if self._closed.is_set() else self._start(slot)
            elif worker.tasks >= self._max_tasks or worker.peak > self._max_peak:
                self._note(slot, None)
                worker.leave()
                worker = self._start(slot)
        self._note(slot, None)
        if worker:
            worker.leave()

    def _run(self, worker: _Worker, task: _Task) -> bool:
        """Run one task; returns False when the worker is gone."""
        try:
            well, value = worker.run(task.message, task.limit_s)
        except TimeoutError:
            worker.kill()
            task.future.set_exception(TaskTimedOut(f"{task.name} took longer than {task.limit_s:g} s"))
            return False
        except (EOFError, OSError) as error:
            status = worker.kill()
            died = WorkerDied(f"the worker of {task.name} ended (status {status})")
            died.__cause__ = error
            task.future.set_exception(died)
            return False
        except Exception as error:  # the answer cannot be read here: its class is not importable
            worker.kill()
            task.future.set_exception(error)
            return False
        if well:
            task.future.set_result(value)
        else:
            failure, told = value
            failure.__cause__ = _RemoteError(told)
            task.future.set_exception(failure)
        return True

    def _start(self, slot: int) -> _Worker | None:
        """Return a new warm worker; None when none can be started now (the next task tries again)."""
        try:
            worker = _Worker(self._memory, self._prefix)
        except OSError:
            return None
        self._note(slot, worker)
        if self._warm:
            with suppress(TimeoutError, EOFError, OSError):
                worker.run(bytes(ForkingPickler.dumps((self._warm, ()))), 60.0)
        return worker

    def _note(self, slot: int, worker: _Worker | None) -> None:
        with self._lock:
            self._live[slot] = worker
