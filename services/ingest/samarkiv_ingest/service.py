"""The ingest service: its real things, made once."""

import logging
import threading

from samarkiv_contracts.problems import Problem
from samarkiv_runtime.eventlog.tell import Teller
from samarkiv_runtime.house import House
from samarkiv_runtime.ports import Health
from samarkiv_runtime.scratch import clear_scratch
from samarkiv_runtime.worker import Worker

from samarkiv_ingest.api import build
from samarkiv_ingest.usecases import janitor
from samarkiv_ingest.usecases.parts import SCRATCH, Parts, scratch_base
from samarkiv_ingest.worker import handlers

logger = logging.getLogger("samarkiv.ingest")
CLEAR_EVERY_S = 5.0
DAY_S = 86_400.0
SETTLE_S = 0.05  # litter is announced just before its transaction ends


class IngestService:
    """Receives deliveries and records, checks them, and tells the producer how it went."""

    name = "ingest"

    def __init__(self, house: House) -> None:
        self.house = house
        self.parts = Parts(house, Teller(house.log, house.clock, house.ids, self.name))
        self.worker = Worker(
            self.name,
            1,
            house.log,
            house.jobs,
            house.database,
            house.clock,
            handlers(self.parts),
            threads=house.settings.job_threads,
            ids=house.ids,
        )
        self.app = build(self.parts, self.worker, self.health)
        self._stopping = threading.Event()
        self._janitor = threading.Thread(target=self._clear, name="ingest-janitor", daemon=True)

    def start(self) -> None:
        """Start the worker and the janitor."""
        clear_scratch(scratch_base(self.parts), SCRATCH)
        self.worker.start()
        self._janitor.start()

    def stop(self) -> None:
        """Stop both; running work goes back."""
        self._stopping.set()
        self.parts.litter.set()
        self.worker.stop()
        if self._janitor.is_alive():
            self._janitor.join(5)

    def health(self) -> list[Health]:
        """Ask the database and the staging store."""
        return [*self.worker.health(), self._staging()]

    def _staging(self) -> Health:
        try:
            self.house.staging.stat("health")
        except (Problem, OSError) as error:
            return Health("staging", "bad", str(error))
        return Health("staging", "ok")

    def _clear(self) -> None:
        swept = self.house.settings.embedded  # the one process has done it before it started
        while not self._stopping.is_set():
            self.parts.litter.wait(CLEAR_EVERY_S)
            if self._stopping.wait(SETTLE_S):
                return
            self.parts.litter.clear()
            try:
                janitor.clear(self.parts)
                if not swept:
                    self.house.staging.sweep(DAY_S)  # type: ignore[attr-defined]
                    swept = True
            except Exception:
                logger.exception("staging could not be cleared", extra={"event": "janitor.failed"})
