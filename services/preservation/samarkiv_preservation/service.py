"""The preservation service: its real things, made once."""

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from importlib.metadata import version

from samarkiv_contracts.problems import Problem
from samarkiv_runtime.clock import rfc3339
from samarkiv_runtime.eventlog.tell import Teller
from samarkiv_runtime.house import House
from samarkiv_runtime.ocfl import PackageReader
from samarkiv_runtime.ports import Health
from samarkiv_runtime.sandbox import Sandbox
from samarkiv_runtime.scratch import clear_scratch, scratch_folder
from samarkiv_runtime.telemetry import Meters
from samarkiv_runtime.worker import Worker

from samarkiv_preservation import api, store
from samarkiv_preservation.derivatives import Derived, Task, derive_many
from samarkiv_preservation.kit import Kit
from samarkiv_preservation.migrators.plan import Migrators
from samarkiv_preservation.packages.ocfl_writer import prepare_root
from samarkiv_preservation.packages.site import Site
from samarkiv_preservation.usecases.fixity import check_due, verify_registry
from samarkiv_preservation.worker import handlers

logger = logging.getLogger("samarkiv.preservation")
ROUND_S = 5.0  # how often the rolling schedule looks for what is due
TASK_LIMIT_S = 120.0  # a batch of files that takes longer is tried file by file


class PreservationService:
    """Builds packages in every copy, keeps them whole, derives and migrates, and archives the registry."""

    name = "preservation"

    def __init__(self, house: House) -> None:
        self.house = house
        self._scratch = ExitStack()
        self._threads = ThreadPoolExecutor(12, thread_name_prefix="preservation-io")
        self.migrators = Migrators(
            house.pool, Sandbox(unsandboxed=house.settings.unsandboxed), verapdf=house.settings.verapdf
        )
        self.meters = Meters()
        self.kit = self._kit()
        self.worker = Worker(
            self.name,
            1,
            house.log,
            house.jobs,
            house.database,
            house.clock,
            handlers(self.kit),
            threads=house.settings.job_threads,
            ids=house.ids,
        )
        self.app = api.build(self.kit, lambda: [self.worker], house, self.health)
        self._stopping = threading.Event()
        self._registry_checks: dict[str, float] = {}
        self._keeper = threading.Thread(target=self._keep, name="preservation-keeper", daemon=True)

    def _kit(self) -> Kit:
        house = self.house
        base = house.settings.home / "scratch"
        clear_scratch(base, self.name)
        scratch = self._scratch.enter_context(scratch_folder(base, self.name))
        site = Site(house.copies, scratch, self._threads, version("samarkiv"), "mailto:arkiv@localhost")
        return Kit(
            site=site,
            reader=PackageReader(house.copies, self._passed_over),
            staging=house.staging,
            derivatives=house.derivatives,
            database=house.database,
            clock=house.clock,
            teller=Teller(house.log, house.clock, house.ids, self.name),
            extract=self._extract,
            plan=self.migrators.plan,
            meters=self.meters,
            tools=self.migrators.health,
            fixity_interval=timedelta(days=house.settings.fixity_days),
        )

    def _extract(self, tasks: list[Task]) -> "Future[list[Derived]]":
        return self.house.pool.submit(derive_many, tasks, limit_s=TASK_LIMIT_S)

    def _passed_over(self, copy: str, object_id: str, what: str) -> None:
        logger.warning(
            "a copy was passed over: %s",
            what,
            extra={"event": "copy.passed_over", "copy": copy, "package": object_id},
        )

    def start(self) -> None:
        """Start the worker and the keeper of copies."""
        self._keeper.start()
        self.worker.start()

    def stop(self) -> None:
        """Stop both; running work goes back."""
        self._stopping.set()
        self.worker.stop()
        if self._keeper.is_alive():
            self._keeper.join(10)
        self.migrators.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._scratch.close()

    def health(self) -> list[Health]:
        """Ask every copy and the stores."""
        stores = {f"copy.{name}": one for name, one in self.house.copies.items()}
        stores |= {"staging": self.house.staging, "derivatives": self.house.derivatives}
        found = []
        for name, one in stores.items():
            try:
                one.stat("ocfl_layout.json")
            except (Problem, OSError) as error:
                found.append(Health(name, "bad", str(error)))
            else:
                found.append(Health(name, "ok"))
        return [*self.worker.health(), *found]

    def _sweep(self, older_than_s: float) -> None:
        for one in (*self.house.copies.values(), self.house.derivatives):
            sweep = getattr(one, "sweep", None)
            if sweep is not None:
                sweep(older_than_s)

    def _registries(self) -> None:
        """Check every tenant's registry once an interval."""
        with self.house.database.read() as tx:
            tenants = [str(row["tenant"]) for row in store.registries(tx)]
        now = self.house.clock.monotonic()
        for tenant in tenants:
            if now - self._registry_checks.get(tenant, -1e12) >= self.kit.fixity_interval.total_seconds():
                verdict = verify_registry(self.kit, tenant)
                self._registry_checks[tenant] = now
                if not verdict.clean:
                    logger.warning(
                        "a registry was not whole: %s", verdict.outcome, extra={"event": "registry.bad"}
                    )

    def _keep(self) -> None:
        """Make the storage roots, then check what is due, for as long as the service runs."""
        roots = dict(self.house.copies)
        swept = self.house.settings.embedded  # the one process has done it before it started
        while True:
            try:
                for name in list(roots):
                    prepare_root(roots[name])
                    del roots[name]
                if not swept:
                    self._sweep(86_400.0)
                    swept = True
                self._measure()
                self._registries()
                if check_due(self.kit, stopping=self._stopping.is_set):
                    continue
            except Exception:
                logger.exception("the copies could not be looked after", extra={"event": "keeper.failed"})
            if self._stopping.wait(ROUND_S):
                return

    def _measure(self) -> None:
        late = rfc3339(self.house.clock.now() - timedelta(days=1))
        with self.house.database.read() as tx:
            overdue = store.overdue(tx, late)
        self.meters.set("samarkiv_fixity_overdue_packages", overdue)
