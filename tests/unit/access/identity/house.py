"""Access with identity alone, behind the real door and on a real database file."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import samarkiv_access
from samarkiv_access import identity_store as store
from samarkiv_access.accounts_api import identity_routes
from samarkiv_access.identity import Identities, passwords
from samarkiv_runtime.clock import CountedIds, FixedClock
from samarkiv_runtime.database import Database, migrate
from samarkiv_runtime.peers import InProcess
from samarkiv_runtime.policy.log import BRANCH, TableLog
from samarkiv_runtime.settings import Settings
from samarkiv_runtime.tokens import TokenVerifier
from samarkiv_runtime.web import WebContext, build_app

GOOD = "en lång mening om getter"


@cache
def _good() -> str:
    return passwords.hash_of(GOOD)


@dataclass
class Parts:
    """The parts of a house that identity uses."""

    settings: Settings
    clock: FixedClock
    ids: CountedIds
    database: Database
    verifier: TokenVerifier


class IdentityHouse:
    """Everything of identity, and an HTTP client as the network has it."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        made = Settings(home=folder / "home", _env_file=None, **settings)
        made.home.mkdir(parents=True, exist_ok=True)
        self.database = Database.open(f"sqlite:///{folder / 'db.sqlite'}")
        versions = Path(samarkiv_access.__file__).parent / "migrations" / "versions"
        migrate(self.database, [BRANCH, ("access", versions)])
        clock = FixedClock()
        self.parts = Parts(made, clock, CountedIds(), self.database, TokenVerifier(made, clock))
        self.identities = Identities(self.parts)  # type: ignore[arg-type]
        self.context = WebContext(
            service="access",
            settings=made,
            clock=clock,
            ids=self.parts.ids,
            verifier=self.parts.verifier,
            access_log=TableLog(self.database),
            health=list,
        )
        self.app = build_app("access", identity_routes(self.identities), self.context)
        self.transport = InProcess()
        self.address = "127.0.0.1"
        self.transport.apps["access"] = self._outside
        self.client = httpx.Client(transport=self.transport, base_url="http://access")
        self.origin = {"Origin": made.address}

    async def _outside(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app({**scope, "client": (self.address, 40000)}, receive, send)

    @property
    def clock(self) -> FixedClock:
        return self.parts.clock

    def person(self, username: str, tenant: str = "tnt-1", *grants: Any) -> str:
        account = self.identities.accounts.create(
            username=username, name=username, tenant=tenant, kind="service_account", person=f"prs-{username}"
        )
        # One hash for all: hashing is slow on purpose, and tested where it is made.
        with self.database.write() as tx:
            store.change_account(tx, account, kind="person", password=_good())
        for grant in grants:
            self.identities.accounts.grant(account, grant, decided_by="test")
        self.clock.move(1)
        return account

    def sign_in(self, username: str, password: str = GOOD) -> dict[str, str]:
        """Return the headers of a signed-in browser."""
        answer = self.client.post(
            "/v1/session", json={"username": username, "password": password}, headers=self.origin
        )
        assert answer.status_code == 200, answer.text
        cookie = answer.cookies["samarkiv"]
        self.client.cookies.clear()
        return {"Cookie": f"samarkiv={cookie}", "X-Form-Token": answer.json()["form_token"], **self.origin}

    def close(self) -> None:
        self.client.close()
        self.transport.close()
        self.database.close()
