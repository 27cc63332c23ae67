"""The ports of the house: small Protocols with their semantics. Each has an embedded and a distributed adapter."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from samarkiv_contracts.envelope import Envelope
from sqlalchemy import Connection


class Clock(Protocol):
    """Time, injected. `now` is for display and metadata only; order and leases use `monotonic`."""

    def now(self) -> datetime:
        """Return the time in UTC, with timezone."""
        ...

    def monotonic(self) -> float:
        """Return seconds of a clock that only goes forward in this process."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Ids(Protocol):
    """Identifiers and randomness, injected."""

    def uuid4(self) -> uuid.UUID:
        """Return a new random uuid."""
        ...

    def token(self, bits: int = 256) -> str:
        """Return an unguessable url-safe secret."""
        ...


# ---------------------------------------------------------------------------------------------- event log


@dataclass(frozen=True)
class Outgoing:
    """An event on its way to the log: topic, key and body as they will lie there."""

    topic: str
    key: str
    event: Envelope


@dataclass(frozen=True)
class LogRecord:
    """A record as read from the log. `position` is topic-wide in the embedded log, partition offset in Kafka."""

    topic: str
    key: str
    headers: dict[str, str]
    body: bytes
    partition: int
    offset: int


Claim = Callable[[Connection, Sequence[LogRecord]], None]


class Subscription(Protocol):
    """One consumer's place in the log. Used by one thread only."""

    def pump(self, claim: Claim, limit: int = 500, wait_s: float = 0.0) -> int:
        """Read up to `limit` records, call `claim(tx, records)` in ONE transaction, then move the position.

        When claim raises, nothing moves and the same records come again. Returns how many were read.
        """
        ...

    def rewind(self) -> None:
        """Redeliver from the first event; the inbox makes that a no-op."""
        ...

    def lag(self) -> int:
        """Return how many events lie after the position."""
        ...

    def close(self) -> None:
        """Leave the log; safe to call twice."""
        ...


class EventLog(Protocol):
    """The ordered, durable log of events (EVENTS.md). Order holds per key; number order = commit order per key."""

    def declare(self, topics: Iterable[str]) -> None:
        """Make sure that the topics exist."""
        ...

    def append(self, tx: Connection, events: Sequence[Outgoing]) -> None:
        """Add events in the caller's transaction; a rolled-back transaction is never read.

        Raises TooLarge before anything is written when a body is over the log's limit (900,000 bytes).
        """
        ...

    def subscribe(self, consumer: str, topics: Sequence[str]) -> Subscription:
        """Return the subscription of `consumer` to exact names or `prefix.*`; a new one starts at the first event."""
        ...

    def relay(self) -> int:
        """Move unsent rows out in number order; returns how many were moved (embedded: 0)."""
        ...

    def trim(self, older_than_s: float) -> int:
        """Drop old events, never past an unsent row or the slowest consumer; returns how many."""
        ...

    def close(self) -> None:
        """Let go of connections and threads."""
        ...


@dataclass
class Job:
    """One durable piece of work: the inbox row *is* the job row.

    `cause` names the event (source#id); `told` counts the events told because of it, so that a repeated attempt
    tells the same ids.
    """

    n: int
    consumer: str
    lane: str
    tenant: str
    topic: str
    attempts: int
    fence: int
    size: int
    headers: dict[str, str]
    body: bytes
    envelope: Envelope | None = None
    cause: str = ""
    told: int = 0
    progress: Callable[[str, int, int], None] = field(default=lambda _what, _done, _total: None)


Effect = Callable[[Connection], None]
UseCase = Callable[[Job], Effect | None]


# ---------------------------------------------------------------------------------------------- objects


@dataclass(frozen=True)
class ObjectInfo:
    """What a store says of an object."""

    key: str
    size: int


class ObjectWriter(Protocol):
    """A new object being written; nothing is visible under the key before `commit`."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append bytes."""
        ...

    def commit(self) -> ObjectInfo:
        """Make the object durable and visible at once, only if the key is absent; raises Conflict when it is taken."""
        ...

    def abort(self) -> None:
        """Forget what was written; safe after commit (then it does nothing)."""
        ...


class ObjectStore(Protocol):
    """Objects under keys (`a/b/c`, no `..`, segments ≤ 255 bytes). Committed objects are durable and never half there.

    Reads raise KeyError for an absent key and `Unavailable` when the store does not answer.
    """

    def create(self, key: str) -> ObjectWriter:
        """Begin a new object."""
        ...

    def replace(self, key: str, data: bytes) -> None:
        """Put a small object in place of the one under the key, atomically and durably (OCFL root inventory only)."""
        ...

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Return the bytes of a range in chunks of at most 1 MiB; fewer bytes than asked only at the end."""
        ...

    def stat(self, key: str) -> ObjectInfo | None:
        """Return size, or None when there is no such object."""
        ...

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Return the objects whose key begins with `prefix`, in key order (for audits and janitors, never to find content)."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; removing an absent one is no error."""
        ...

    def local_path(self, key: str) -> Path | None:
        """Return a path for reading in place when the store is a local folder, else None."""
        ...


class UploadStore(Protocol):
    """Resumable uploads into a store: pieces appended in order, by any replica (DESIGN §3.1)."""

    def begin(self, key: str) -> None:
        """Start an upload at offset 0; starting one that exists changes nothing."""
        ...

    def offset(self, key: str) -> int:
        """Return how many bytes are durable; raises KeyError when there is no such upload."""
        ...

    def append(self, key: str, offset: int, chunks: Iterable[bytes]) -> int:
        """Add bytes at `offset`, durable at return even when `chunks` ends in an error; returns the new offset.

        Raises WrongOffset when `offset` is not where the upload stands, StorageFull when there is no room.
        """
        ...

    def truncate(self, key: str, offset: int) -> None:
        """Take back what was appended after `offset` (a piece whose checksum was wrong).

        Every store can go back to where the last append began; further back raises WrongOffset where it cannot.
        """
        ...

    def finish(self, key: str) -> ObjectInfo:
        """Turn the upload into the object `key` of the same store; finishing twice is no error."""
        ...

    def discard(self, key: str) -> None:
        """Forget an upload; safe when there is none."""
        ...


# ---------------------------------------------------------------------------------------------- health


@dataclass(frozen=True)
class Health:
    """The answer of one dependency."""

    name: str
    outcome: Literal["ok", "bad", "could_not_check"]
    detail: str = ""
