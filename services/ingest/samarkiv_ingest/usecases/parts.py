"""What the use cases of ingest work with."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from samarkiv_contracts.ids import make_id
from samarkiv_runtime.clock import rfc3339
from samarkiv_runtime.eventlog.tell import Teller
from samarkiv_runtime.house import House


@dataclass(frozen=True)
class Parts:
    """The house, and the voice of ingest in the log.

    `hashes` are running digests of uploads this process receives; `litter` wakes the janitor.
    """

    house: House
    teller: Teller
    hashes: dict[str, tuple[int, Any]] = field(default_factory=dict)
    litter: threading.Event = field(default_factory=threading.Event)

    def now(self) -> str:
        """Return the time as RFC 3339, UTC."""
        return rfc3339(self.house.clock.now())

    def today(self) -> datetime:
        """Return the time in UTC."""
        return self.house.clock.now().astimezone(UTC)

    def new_id(self, kind: str) -> str:
        """Return a new id of a kind."""
        return make_id(kind, self.house.ids.uuid4())


SYSTEM = "samarkiv"
SCRATCH = "check"  # scratch folders of the check
PURGE = "purge"  # in place of a check's prefix: nothing of the delivery is to be kept


def scratch_base(parts: Parts) -> Path:
    """Return the folder for scratch, on the file system of an embedded archive's staging."""
    return parts.house.settings.home / "scratch"


def upload_key(delivery: str) -> str:
    """Return the staging key of a delivered container."""
    return f"uploads/{delivery}/container"


def checked_prefix(delivery: str, run: str) -> str:
    """Return the staging prefix of one run of the check."""
    return f"checked/{delivery}/{run}"


def passed_prefix(delivery: str) -> str:
    """Return the staging prefix of what is handed to preservation."""
    return f"passed/{delivery}"
