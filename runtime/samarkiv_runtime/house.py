"""What a service is given by the composition: every real thing, made once in `samarkiv/app.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from samarkiv_runtime.database import Database
from samarkiv_runtime.ports import Clock, EventLog, Health, Ids, ObjectStore, UploadStore
from samarkiv_runtime.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from samarkiv_runtime.eventlog.jobs import Jobs
    from samarkiv_runtime.peers import Peers
    from samarkiv_runtime.pool import Pool
    from samarkiv_runtime.signing import Signer
    from samarkiv_runtime.tokens import TokenVerifier


@dataclass(frozen=True)
class House:
    """The parts all services share. `copies` are the archive's storage roots by copy name, in order of preference."""

    settings: Settings
    clock: Clock
    ids: Ids
    database: Database
    log: EventLog
    jobs: "Jobs"
    copies: Mapping[str, ObjectStore]
    staging: ObjectStore
    uploads: UploadStore
    derivatives: ObjectStore
    pool: "Pool"
    signer: "Signer"
    verifier: "TokenVerifier"
    peers: "Peers"


class Service(Protocol):
    """One of the four services, as the composition sees it."""

    name: str
    app: "FastAPI"

    def start(self) -> None:
        """Start the worker and its threads; the tables exist already."""
        ...

    def stop(self) -> None:
        """Let running work end or go back, then leave."""
        ...

    def health(self) -> list[Health]:
        """Ask every dependency; quick (≤ 2 s)."""
        ...
