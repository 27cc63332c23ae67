"""The access service: its real things, made once."""

import logging
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from samarkiv_contracts.problems import Problem
from samarkiv_runtime.house import House
from samarkiv_runtime.ocfl import PackageReader
from samarkiv_runtime.peers import Peers
from samarkiv_runtime.ports import Health
from samarkiv_runtime.web import PolicyRouter, WebContext, build_app
from samarkiv_runtime.worker import Worker

from samarkiv_access import api
from samarkiv_access.accounts_api import identity_routes
from samarkiv_access.dissemination.packages import CopiedPackages
from samarkiv_access.identity.house import Identities
from samarkiv_access.usecases.count import Counter
from samarkiv_access.usecases.give import Desk
from samarkiv_access.usecases.hear import Hearing
from samarkiv_access.web import (
    about,
    archive,
    delivery,
    holdings,
    operator,
    order,
    portal,
    producer,
    purpose,
    record,
    search,
)
from samarkiv_access.web.render import Pages
from samarkiv_access.web.site import Site
from samarkiv_access.web.views import DerivedViews
from samarkiv_access.worker import handlers

logger = logging.getLogger("samarkiv.access")
STATIC = Path(__file__).parent / "web" / "static"


class PeerRegistry:
    """The registry by preservation's inner address."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    def document(self, tenant: str) -> dict[str, Any]:
        """Return a tenant's registry document; raises the problem preservation told, or Unavailable."""
        peer = self._peers.get("preservation")
        return dict(peer.ask("GET", f"/internal/registry/{tenant}", as_service="access"))


class AccessService:
    """Shows and gives out what is in the archive; owns accounts and sessions."""

    name = "access"

    def __init__(self, house: House) -> None:
        self.house = house
        self.identities = Identities(house)
        self.packages = CopiedPackages(PackageReader(house.copies, self._passed_over))
        self.counter = Counter(house.database)
        views = DerivedViews(house.derivatives, self.packages)
        desk = Desk(house.database, self.packages, house.ids, software_version(), house.settings.address)
        self.site = Site(
            pages=Pages(),
            desk=desk,
            views=views,
            counter=self.counter,
            peers=house.peers,
            clock=house.clock,
            ids=house.ids,
            address=house.settings.address,
            sign_in=self.identities.sessions.sign_in,
            sign_out=self.identities.sessions.sign_out,
            state_purpose=self.identities.sessions.state_purpose,
            names=self.identities.names,
        )
        self.worker = Worker(
            self.name,
            1,
            house.log,
            house.jobs,
            house.database,
            house.clock,
            handlers(Hearing(self.packages, PeerRegistry(house.peers), house.database)),
            threads=house.settings.job_threads,
            ids=house.ids,
        )
        context = WebContext.of(
            house,
            self.name,
            self.health,
            workers=lambda: (self.worker,),
            error_page=self.site.problem_page,
            static={"/static": STATIC},
        )
        parts = api.ApiParts(desk, views, self.counter, house.clock)
        routers = [*api.routers(parts), *identity_routes(self.identities), *page_routes(self.site)]
        self.app = build_app(self.name, routers, context)

    def start(self) -> None:
        """Start identity (home token, bootstrap) and the worker; the tables exist already."""
        self.identities.start()
        self.worker.start()

    def stop(self) -> None:
        """Let running work end or go back, and take the home token away."""
        self.worker.stop()
        self.identities.stop()

    def health(self) -> list[Health]:
        """Ask the worker, the database and the derivatives store."""
        return [*self.worker.health(), self._database(), self._derivatives()]

    def _database(self) -> Health:
        try:
            self.counter.figures()
        except Exception as error:
            return Health("database", "bad", type(error).__name__)
        return Health("database", "ok")

    def _derivatives(self) -> Health:
        try:
            self.house.derivatives.stat("health")
        except (Problem, OSError) as error:
            return Health("derivatives", "bad", str(error))
        return Health("derivatives", "ok")

    @staticmethod
    def _passed_over(copy: str, package: str, what: str) -> None:
        logger.warning(
            "copy %s of %s was passed over: %s", copy, package, what, extra={"event": "copy.passed_over"}
        )


def page_routes(site: Site) -> Sequence[PolicyRouter]:
    """Return the routers of all pages."""
    rooms = (portal, search, record, order, producer, delivery, archive, holdings, operator, about, purpose)
    return [*(room.routes(site) for room in rooms), about.sign_in_routes(site)]


def software_version() -> str:
    """Return the version of the distribution, for packages that leave the archive."""
    try:
        return version("samarkiv")
    except PackageNotFoundError:
        return "0"
