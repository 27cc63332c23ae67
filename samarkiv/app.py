"""The one place for the house where real things are chosen: adapters by composition, services by name."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samarkiv_contracts.catalogue import topics
from samarkiv_contracts.paths import SERVICES
from samarkiv_ingest.packages import workers
from samarkiv_runtime.clock import RandomIds, SystemClock
from samarkiv_runtime.database import Database, migrate
from samarkiv_runtime.eventlog.jobs import Jobs
from samarkiv_runtime.eventlog.lease import let_all_go
from samarkiv_runtime.house import House, Service
from samarkiv_runtime.peers import Peers
from samarkiv_runtime.pool import Pool
from samarkiv_runtime.ports import Clock, EventLog, Ids, ObjectStore, UploadStore
from samarkiv_runtime.sandbox import Sandbox
from samarkiv_runtime.settings import Settings
from samarkiv_runtime.signing import Signer
from samarkiv_runtime.tokens import TokenVerifier


@dataclass
class Archive:
    """A composed archive: the house, its services by name and, embedded, the front before them."""

    house: House
    services: dict[str, Service]
    app: Any = None
    _stopped: bool = field(default=False)

    def recover(self) -> None:
        """Take over what a killed process of this home left: its jobs and leases at once, its half-written files away.

        Only embedded, before anything is started or listens: the home's lock says that the other process is gone.
        """
        house = self.house
        house.jobs.take_back()
        let_all_go(house.database)
        for store in (*house.copies.values(), house.staging, house.derivatives):
            store.sweep(0.0)  # type: ignore[attr-defined]

    def start(self) -> None:
        """Start every service's worker; the tables exist already."""
        for service in self.services.values():
            service.start()

    def stop(self) -> None:
        """Stop the services, then everything they stood on; safe to call twice."""
        if self._stopped:
            return
        self._stopped = True
        for service in reversed(list(self.services.values())):
            service.stop()
        self.house.peers.close()
        self.house.pool.close()
        self.house.log.close()
        self.house.database.close()

    def idle(self) -> bool:
        """Return True when no service has anything to do (for tests, the demo and rebuild)."""
        return all(getattr(service, "worker").idle() for service in self.services.values())  # noqa: B009


def compose(
    settings: Settings,
    only: Sequence[str] = SERVICES,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
) -> Archive:
    """Make the house and its services (all, or those named) for the settings' composition; nothing is started."""
    from samarkiv.front import Front

    house = _house(settings, clock or SystemClock(), ids or RandomIds())
    services = {name: _service(name, house) for name in SERVICES if name in only}
    house.peers.connect({name: service.app for name, service in services.items()})
    app = Front({name: service.app for name, service in services.items()}) if len(services) > 1 else None
    return Archive(house, services, app or next(iter(services.values())).app)


def _service(name: str, house: House) -> Service:
    if name == "ingest":
        from samarkiv_ingest.service import IngestService

        return IngestService(house)
    if name == "preservation":
        from samarkiv_preservation.service import PreservationService

        return PreservationService(house)
    if name == "search":
        from samarkiv_search.service import SearchService

        return SearchService(house)
    from samarkiv_access.service import AccessService

    return AccessService(house)


def _house(settings: Settings, clock: Clock, ids: Ids) -> House:
    settings.home.mkdir(parents=True, exist_ok=True)
    database = Database.open(database_url(settings))
    verifier = TokenVerifier(settings, clock)
    copies, staging, uploads, derivatives = stores_of(settings)
    return House(
        settings=settings,
        clock=clock,
        ids=ids,
        database=database,
        log=_log(settings, database, clock),
        jobs=Jobs(database, clock, ids, lease_s=settings.lease_s),
        copies=copies,
        staging=staging,
        uploads=uploads,
        derivatives=derivatives,
        pool=_pool(settings),
        signer=Signer.open(settings.home / "keys", "receipts", lambda: int(clock.now().timestamp())),
        verifier=verifier,
        peers=Peers(settings, verifier),
    )


def _pool(settings: Settings) -> Pool:
    """Return the pool for untrusted bytes: behind walls where the machine has them, it sees no key, database or token."""
    home = settings.home.absolute()
    read = [
        home / name
        for name in ("staging", "derivatives", *(f"copies/{copy}" for copy in settings.copy_names))
    ]
    write = [home / "scratch"]
    for folder in (*read, *write):
        folder.mkdir(parents=True, exist_ok=True)
    walls = Sandbox(unsandboxed=settings.unsandboxed).worker_prefix(read=read, write=write)
    count = settings.workers or max(2, min(8, os.cpu_count() or 2))
    return Pool(workers=count, prefix=walls, warm=workers.warm)


def database_url(settings: Settings) -> str:
    """Return the database's SQLAlchemy address: the home's SQLite file when embedded, whatever the environment says."""
    if settings.embedded:
        return f"sqlite:///{settings.sqlite_path.absolute()}"
    return settings.database_url.get_secret_value()


def _log(settings: Settings, database: Database, clock: Clock) -> EventLog:
    if settings.embedded:
        from samarkiv_runtime.eventlog.sqlite import SqliteLog

        return SqliteLog(database, clock)
    from samarkiv_runtime.eventlog.kafka import KafkaLog

    return KafkaLog(
        database, clock, settings.kafka, session_ms=settings.kafka_session_ms, prefix=settings.kafka_prefix
    )


def stores_of(settings: Settings) -> tuple[Mapping[str, ObjectStore], ObjectStore, UploadStore, ObjectStore]:
    """Return copies by name, staging, uploads and derivatives, as the settings choose them."""
    if settings.embedded:
        from samarkiv_runtime.objects.folder import FolderStore
        from samarkiv_runtime.objects.uploads import FolderUploads

        home = settings.home
        staging = FolderStore(home / "staging")
        copies: dict[str, ObjectStore] = {
            name: FolderStore(home / "copies" / name) for name in settings.copy_names
        }
        return copies, staging, FolderUploads(staging), FolderStore(home / "derivatives")
    from samarkiv_runtime.objects.uploads import S3Uploads

    endpoints = dict(zip(settings.copy_names, (settings.s3_a_url, settings.s3_b_url), strict=True))
    bucket = settings.s3_bucket_prefix
    s3_staging = _s3(settings, settings.s3_a_url, f"{bucket}-staging")
    return (
        {name: _s3(settings, url, f"{bucket}-copy-{name}") for name, url in endpoints.items()},
        s3_staging,
        S3Uploads(s3_staging),
        _s3(settings, settings.s3_a_url, f"{bucket}-derivatives"),
    )


def _s3(settings: Settings, url: str, bucket: str) -> Any:
    from samarkiv_runtime.objects.s3 import S3Store

    return S3Store(
        url, settings.s3_access_key.get_secret_value(), settings.s3_secret_key.get_secret_value(), bucket
    )


def branches() -> list[tuple[str, Path]]:
    """Return every migration branch with its folder of versions: the runtime's, the policy's, one a service."""
    import samarkiv_access
    import samarkiv_ingest
    import samarkiv_preservation
    import samarkiv_runtime
    import samarkiv_runtime.policy
    import samarkiv_search

    modules = {
        "runtime": samarkiv_runtime,
        "policy": samarkiv_runtime.policy,
        "ingest": samarkiv_ingest,
        "preservation": samarkiv_preservation,
        "search": samarkiv_search,
        "access": samarkiv_access,
    }
    return [
        (name, Path(str(module.__file__)).parent / "migrations" / "versions")
        for name, module in modules.items()
    ]


def prepare(settings: Settings) -> None:
    """Make everything that must exist before the services start: tables, topics, buckets. Safe to run again."""
    database = Database.open(database_url(settings))
    try:
        migrate(database, branches())
        log = _log(settings, database, SystemClock())
        log.declare(topics())
        log.close()
        if not settings.embedded:
            copies, staging, _uploads, derivatives = stores_of(settings)
            for store in (*copies.values(), staging, derivatives):
                store.prepare()  # type: ignore[attr-defined]
    finally:
        database.close()
