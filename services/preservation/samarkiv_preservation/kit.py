"""What the use cases of preservation are given; made once in `service.py`."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta

from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.tell import Teller
from samarkiv_runtime.ocfl import PackageReader
from samarkiv_runtime.ports import Clock, Health, ObjectStore
from samarkiv_runtime.telemetry import Meters

from samarkiv_preservation.derivatives import Derived, Task
from samarkiv_preservation.migrators.base import Migrator
from samarkiv_preservation.packages.site import Site


@dataclass(frozen=True)
class Kit:
    """Copies and threads (`site`), staging, derivatives, database, clock and the teller of events.

    `extract(tasks)` derives text and pictures of a few files in the pool; `plan(puid, mime)` names the migrator
    that the policy wants for a format, None where the original is kept as it is; `tools` says which of
    them this machine has.
    """

    site: Site
    reader: PackageReader
    staging: ObjectStore
    derivatives: ObjectStore
    database: Database
    clock: Clock
    teller: Teller
    extract: Callable[[list[Task]], "Future[list[Derived]]"]
    plan: Callable[[str, str], Migrator | None]
    meters: Meters
    tools: Callable[[], list[Health]] = list
    fixity_interval: timedelta = timedelta(days=30)
