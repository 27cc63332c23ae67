"""What the use cases of search work with."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from samarkiv_contracts.description import PackageDescription, RecordDescription
from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.tell import Teller
from samarkiv_runtime.ports import Clock, ObjectStore

from samarkiv_search.analysis import Analyser
from samarkiv_search.analysis.question import Questions
from samarkiv_search.backends.port import Backend, SearchIndex


class Packages(Protocol):
    """The packages as they lie in the copies (`runtime.ocfl.PackageReader`)."""

    def inventory(self, object_id: str) -> Any:
        """Return the object's inventory, whose `head` is its newest version; raises KeyError."""
        ...

    def description(self, object_id: str) -> tuple[PackageDescription, Iterator[RecordDescription]]:
        """Return what the package says of itself; raises KeyError."""
        ...

    def members(self, object_id: str) -> Iterator[Any]:
        """Return the current members (`name`, `puid`, `mime`)."""
        ...


class Registry(Protocol):
    """The registry as preservation keeps it."""

    def document(self, tenant: str) -> dict[str, Any]:
        """Return a tenant's registry document; raises Unavailable."""
        ...


class Gate:
    """Many may write to the indexes at a time; the switch to a rebuilt index waits for all and lets nobody in."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._closed = False
        self.touched: set[str] = set()

    @contextmanager
    def writing(self, package: str) -> Iterator[None]:
        """Be one of many writers; the package counts as touched."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._inside += 1
            self.touched.add(package)
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._closed = True
            self._changed.wait_for(lambda: self._inside == 0)
        try:
            yield
        finally:
            with self._changed:
                self._closed = False
                self._changed.notify_all()


@dataclass
class Parts:
    """The two indexes and their backend, the packages, derivatives and registry, the database and the teller."""

    database: Database
    clock: Clock
    teller: Teller
    packages: Packages
    derivatives: ObjectStore
    registry: Registry
    analyser: Analyser
    questions: Questions
    backend: Backend
    public: SearchIndex
    closed: SearchIndex
    gate: Gate = field(default_factory=Gate)
    counted: Callable[[int], None] = lambda _records: None
