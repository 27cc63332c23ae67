"""The search service: its real things, made once."""

import logging
import threading
from typing import Any

from samarkiv_contracts.problems import Problem
from samarkiv_runtime.eventlog.lease import Lease
from samarkiv_runtime.eventlog.tell import Teller
from samarkiv_runtime.house import House
from samarkiv_runtime.ocfl import PackageReader
from samarkiv_runtime.peers import Peers
from samarkiv_runtime.ports import Health
from samarkiv_runtime.telemetry import Meters
from samarkiv_runtime.web import WebContext, build_app
from samarkiv_runtime.worker import Worker

from samarkiv_search.analysis import VERSION, Analyser
from samarkiv_search.analysis.question import Questions
from samarkiv_search.api import routes
from samarkiv_search.backends.port import Backend
from samarkiv_search.usecases import rebuild
from samarkiv_search.usecases.parts import Parts
from samarkiv_search.worker import handlers

logger = logging.getLogger("samarkiv.search")
RETRY_S = 5.0


class PeerRegistry:
    """The registry by preservation's inner address."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    def document(self, tenant: str) -> dict[str, Any]:
        """Return a tenant's registry document; raises the problem preservation told, or Unavailable."""
        peer = self._peers.get("preservation")
        return dict(peer.ask("GET", f"/internal/registry/{tenant}", as_service="search"))


def make_backend(house: House) -> Backend:
    """Return tantivy under `home/index`, or OpenSearch when its address is set."""
    settings = house.settings
    if settings.embedded:
        from samarkiv_search.backends.tantivy import TantivyBackend

        return TantivyBackend(settings.home / "index", VERSION)
    from samarkiv_search.backends.opensearch import OpenSearchBackend

    return OpenSearchBackend(settings.opensearch_url, f"{settings.opensearch_prefix}-{VERSION}")


class SearchService:
    """Indexes what preservation has stored, and finds it."""

    name = "search"

    def __init__(self, house: House) -> None:
        self.house = house
        analyser = Analyser()
        backend = make_backend(house)
        self.parts = Parts(
            database=house.database,
            clock=house.clock,
            teller=Teller(house.log, house.clock, house.ids, self.name),
            packages=PackageReader(house.copies, self._passed_over),
            derivatives=house.derivatives,
            registry=PeerRegistry(house.peers),
            analyser=analyser,
            questions=Questions(analyser),
            backend=backend,
            public=backend.open("public"),
            closed=backend.open("closed"),
        )
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
        meters = Meters()
        self.parts.counted = lambda records: meters.count("samarkiv_records_indexed_total", records)
        context = WebContext.of(house, self.name, self.health, workers=lambda: (self.worker,), meters=meters)
        self.app = build_app(self.name, [routes(self.parts, self._wake)], context)
        self._stopping = threading.Event()
        self._asked = threading.Event()
        self._starting = threading.Lock()
        self._builder = threading.Thread(target=self._build, name="search-rebuild", daemon=True)

    def start(self) -> None:
        """Start the thread that warms the analysis, then the worker, then rebuilds; a lost index is rebuilt at once."""
        self._builder.start()

    def stop(self) -> None:
        """Stop both and close the indexes; running work goes back."""
        self._stopping.set()
        self._asked.set()
        with self._starting:
            self.worker.stop()
        if self._builder.is_alive():
            self._builder.join(5)
        self.parts.backend.close()

    def health(self) -> list[Health]:
        """Ask the worker and the index."""
        return [*self.worker.health(), self._index_health()]

    def _index_health(self) -> Health:
        try:
            records = self.parts.public.count("record")
        except Problem as error:
            return Health("index", "bad", str(error))
        return Health("index", "ok", f"{records} public records")

    def _wake(self) -> None:
        self._asked.set()

    def _build(self) -> None:
        """Warm the analysis, start the worker, mend a lost index, then do each rebuild that is asked for."""
        self.parts.analyser.warm()  # first: a job that waited for it would be blamed for a death in that time
        with self._starting:
            if self._stopping.is_set():
                return
            self.worker.start()
        looked = False
        house = self.house
        lease = Lease(house.database, house.clock, "search.rebuild", house.settings.lease_s)
        while not self._stopping.is_set():
            self._asked.clear()
            try:
                if not looked and rebuild.lost(self.parts):
                    rebuild.ask(self.parts, "lost")
                looked = True
                if rebuild.asked(self.parts) and lease.hold():
                    rebuild.run(self.parts, lambda: self._stopping.is_set() or not lease.hold())
                    lease.let_go()
            except rebuild.Stopped:
                logger.info("a rebuild was broken off", extra={"event": "search.rebuild_stopped"})
            except Exception:
                logger.exception("a rebuild failed", extra={"event": "search.rebuild_failed"})
            self._asked.wait(RETRY_S)
        lease.let_go()

    @staticmethod
    def _passed_over(copy: str, object_id: str, what: str) -> None:
        logger.warning(
            "a copy was passed over: %s %s %s",
            copy,
            object_id,
            what,
            extra={"event": "search.copy_passed_over"},
        )
