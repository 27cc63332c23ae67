"""A caller by the real policy, a database in memory order, and a hearing without threads."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from samarkiv_access.dissemination.packages import CopiedPackages
from samarkiv_access.store.tables import metadata
from samarkiv_access.usecases.hear import Hearing
from samarkiv_access.worker import handlers
from samarkiv_contracts.envelope import Envelope
from samarkiv_contracts.events import Event
from samarkiv_contracts.problems import Forbidden, NotFound, NotSignedIn
from samarkiv_runtime.database import Database
from samarkiv_runtime.ocfl import PackageReader
from samarkiv_runtime.policy import ANONYMOUS, Context, Decision, Grant, Resource, Subject, decide
from samarkiv_runtime.ports import Job
from samarkiv_runtime.web.caller import FULFILLED
from sqlalchemy.event import listen

from tests.unit.access.shelf import MOMENT, TENANT, Shelf

NOW = int(MOMENT.timestamp())
ARCHIVIST = Subject(
    "person",
    "prs-1",
    "acc-1",
    TENANT,
    (Grant("archivist", TENANT, "*"),),
    assurance=1,
    auth_time=NOW,
    token_kind="session",
)


class Caller:
    """A caller that asks the real policy and writes down what it was asked."""

    def __init__(self, subject: Subject = ANONYMOUS, language: str = "sv") -> None:
        self.subject = subject
        self.language = language
        self.asked: list[tuple[str, str]] = []

    def _decide(self, action: str, resource: Resource, facts: dict[str, Any]) -> Decision:
        return decide(self.subject, action, resource, Context(now=NOW, assurance_cap=1, **facts))

    def may(self, action: str, resource: Resource, **facts: Any) -> bool:
        return self._decide(action, resource, facts).permit

    def must(
        self,
        action: str,
        resource: Resource,
        *,
        fulfils: Collection[str] = (),
        reason: str = "",
        **facts: Any,
    ) -> Decision:
        self.asked.append((action, resource.part))
        decision = self._decide(action, resource, facts)
        if decision.status == 401:
            raise NotSignedIn
        if decision.status == 404:
            raise NotFound
        if not decision.permit:
            raise Forbidden(policy_code=decision.code)
        if decision.obligations - FULFILLED - frozenset(fulfils):
            raise Forbidden(policy_code="obligation")
        return decision

    def rechecked(
        self, chunks: Iterator[bytes], action: str, resource: Resource, **facts: Any
    ) -> Iterator[bytes]:
        for chunk in chunks:
            assert self.may(action, resource, **facts)
            yield chunk


class FakeRegistry:
    """The registry documents by tenant."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}

    def document(self, tenant: str) -> dict[str, Any]:
        return self.documents[tenant]


class Room:
    """Access without web or threads: tables, a shelf, and `hear`."""

    def __init__(self, folder: Path) -> None:
        self.database = Database.open(f"sqlite:///{folder / 'access.sqlite'}")
        # Nothing here outlives the test, so nothing waits for the disk.
        listen(
            self.database.engine,
            "connect",
            lambda one, _record: one.execute("PRAGMA synchronous=OFF").close(),
        )
        metadata.create_all(self.database.engine)
        self.shelf = Shelf(folder)
        self.packages = CopiedPackages(PackageReader(self.shelf.copies))
        self.registry = FakeRegistry()
        self._handlers = handlers(Hearing(self.packages, self.registry, self.database))
        self._events = 0

    def hear(
        self, event: Event, *, minutes: int = 0, tenant: str = TENANT, correlation: str = "", key: str = ""
    ) -> None:
        """Handle an event and run its effect, as the worker does."""
        self._events += 1
        envelope = Envelope(
            id=key or f"e{self._events}",
            source="/test",
            type=event.type,
            time=MOMENT + timedelta(minutes=minutes),
            tenant=tenant,
            correlationid=correlation,
            data=event.model_dump(mode="json"),
        )
        job = Job(self._events, "access", "", tenant, "", 0, 0, 0, {}, b"", envelope)
        effect = self._handlers[type(event)](job, event)
        with self.database.write() as tx:
            if effect is not None:
                effect(tx)
