"""The system's clock and ids, and the fixed ones that tests inject."""

import secrets
import time
import uuid
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that only go forward."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class FixedClock:
    """A clock that moves only when told."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
        self._mono = 0.0

    def now(self) -> datetime:
        """Return the set time."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds moved so far."""
        return self._mono

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.move(seconds)

    def move(self, seconds: float) -> None:
        """Move both clocks forward."""
        self._now += timedelta(seconds=seconds)
        self._mono += seconds


class RandomIds:
    """The machine's randomness."""

    def uuid4(self) -> uuid.UUID:
        """Return a random uuid."""
        return uuid.uuid4()

    def token(self, bits: int = 256) -> str:
        """Return an unguessable url-safe secret."""
        return secrets.token_urlsafe(bits // 8)


class CountedIds:
    """Ids that count up from a seed: for tests and the seeded demo."""

    def __init__(self, seed: int = 0) -> None:
        self._n = seed << 32

    def uuid4(self) -> uuid.UUID:
        """Return the next uuid; well-formed as version 4."""
        self._n += 1
        raw = uuid.uuid5(uuid.NAMESPACE_OID, f"samarkiv:{self._n}").bytes
        return uuid.UUID(bytes=raw, version=4)

    def token(self, bits: int = 256) -> str:
        """Return a token made of the next uuids."""
        return (self.uuid4().hex + self.uuid4().hex)[: bits // 4]


def rfc3339(moment: datetime) -> str:
    """Return a UTC time as `2026-11-24T12:00:00Z` (whole seconds)."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
