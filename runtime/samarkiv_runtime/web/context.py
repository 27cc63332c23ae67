"""What the web of one service is given."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import Request, Response
from samarkiv_contracts.problems import Problem

from samarkiv_runtime.eventlog.jobs import Jobs
from samarkiv_runtime.house import House
from samarkiv_runtime.idempotency import Idempotency
from samarkiv_runtime.policy.log import AccessLog, TableLog
from samarkiv_runtime.ports import Clock, Health, Ids
from samarkiv_runtime.settings import Settings
from samarkiv_runtime.telemetry import Meters
from samarkiv_runtime.tokens import RemoteIssuer, TokenVerifier
from samarkiv_runtime.web.pace import Pace
from samarkiv_runtime.worker import Worker

# Local accounts know a password only; demands cap here until TOTP and an identity provider are there (POLICY §6).
ASSURANCE_CAP = 1

ErrorPage = Callable[[Request, Problem, dict[str, object]], Response]


def cookie_name(settings: Settings) -> str:
    """Return the name of the session cookie: bound to the host where there is TLS (POLICY §6)."""
    return "__Host-samarkiv" if settings.address.startswith("https://") else "samarkiv"


@dataclass
class WebContext:
    """The parts behind every route of one service.

    `workers` gives the service's workers, for lag and parked events. `error_page` draws a problem for a browser (access only); `static` maps a path to a folder of public files.
    """

    service: str
    settings: Settings
    clock: Clock
    ids: Ids
    verifier: TokenVerifier
    access_log: AccessLog
    health: Callable[[], list[Health]]
    meters: Meters = field(default_factory=Meters)
    idempotency: Idempotency | None = None
    jobs: Jobs | None = None
    workers: Callable[[], Sequence[Worker]] = tuple
    error_page: ErrorPage | None = None
    static: Mapping[str, Path] = field(default_factory=dict)
    assurance_cap: int = ASSURANCE_CAP
    pace: Pace = field(default_factory=Pace)
    strong_reads: dict[str, deque[float]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        house: House,
        service: str,
        health: Callable[[], list[Health]],
        *,
        workers: Callable[[], Sequence[Worker]] = tuple,
        meters: Meters | None = None,
        error_page: ErrorPage | None = None,
        static: Mapping[str, Path] | None = None,
    ) -> "WebContext":
        """Return the context of `service` (`ingest`, …) in a house; its callers are verified with access from now on."""
        house.peers.use(house.verifier)
        if not house.settings.embedded and service != "access":
            secret = house.settings.service_secret.get_secret_value()
            house.verifier.connect(RemoteIssuer(house.peers.client("access"), secret, f"svc-{service}"))
        return cls(
            service=service,
            settings=house.settings,
            clock=house.clock,
            ids=house.ids,
            verifier=house.verifier,
            access_log=TableLog(house.database),
            health=health,
            meters=meters or Meters(),
            idempotency=Idempotency(house.database, house.clock),
            jobs=house.jobs,
            workers=workers,
            error_page=error_page,
            static=static or {},
        )

    @property
    def cookie(self) -> str:
        """Return the name of the session cookie."""
        return cookie_name(self.settings)

    def now(self) -> int:
        """Return epoch seconds."""
        return int(self.clock.now().timestamp())
