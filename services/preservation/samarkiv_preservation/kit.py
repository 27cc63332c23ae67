"""What the use cases of preservation are given; made once in `service.py`."""

from dataclasses import dataclass
from datetime import timedelta

from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.tell import Teller
from samarkiv_runtime.ocfl import PackageReader
from samarkiv_runtime.ports import Clock, ObjectStore

from samarkiv_preservation.packages.site import Site


@dataclass(frozen=True)
class Kit:
    """Copies and threads (`site`), staging, derivatives, database, clock and the teller of events."""

    site: Site
    reader: PackageReader
    staging: ObjectStore
    derivatives: ObjectStore
    database: Database
    clock: Clock
    teller: Teller
    fixity_interval: timedelta = timedelta(days=30)
