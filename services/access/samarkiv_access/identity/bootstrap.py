"""The first administrator: a one-time secret in the home, for 24 hours, while there is no account yet (POLICY §6)."""

import hashlib
import hmac
import logging
import secrets

from samarkiv_contracts.problems import NotSignedIn
from samarkiv_runtime.database import Database
from samarkiv_runtime.policy import ALL, EVERY
from samarkiv_runtime.ports import Clock, Ids
from samarkiv_runtime.settings import Settings

from samarkiv_access import identity_store as store
from samarkiv_access.identity.accounts import Accounts, NewGrant
from samarkiv_access.identity.demo import write_private
from samarkiv_access.identity.throttle import Throttle

FILE = "bootstrap"
HOLDS_S = 24 * 3600
_log = logging.getLogger(__name__)


class Bootstrap:
    """Makes the secret at start when the archive has no accounts, and takes it once."""

    def __init__(
        self, settings: Settings, database: Database, clock: Clock, ids: Ids, accounts: Accounts
    ) -> None:
        self._path = settings.home / FILE
        self._database = database
        self._clock = clock
        self._ids = ids
        self._accounts = accounts
        self._throttle = Throttle(database, clock)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    def start(self) -> None:
        """Write a secret when nobody has an account; take an old file away when somebody has."""
        with self._database.read() as tx:
            anyone = store.count_accounts(tx) > 0
        if anyone:
            self._path.unlink(missing_ok=True)
            return
        if self._kept() is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_private(self._path, f"{secrets.token_urlsafe(32)} {self._now() + HOLDS_S}\n")
            _log.warning("bootstrap_secret_written", extra={"path": str(self._path.name), "hours": 24})

    def _kept(self) -> str | None:
        """Return the secret that holds now, None when there is none."""
        try:
            secret, until = self._path.read_text(encoding="utf-8").split()
        except (FileNotFoundError, ValueError):
            return None
        if self._path.stat().st_mode & 0o077 or int(until) <= self._now():
            return None
        return secret

    def redeem(self, secret: str, *, username: str, name: str, password: str, network: str) -> str:
        """Make the house's administrator and return the account's id; the secret is used up.

        Raises NotSignedIn for a wrong, old or used secret, InvalidInput for a password that does not pass.
        """
        self._throttle.check("bootstrap", network)
        kept = self._kept()
        offered = hashlib.sha256(secret.strip().encode()).digest()
        right = kept is not None and hmac.compare_digest(offered, hashlib.sha256(kept.encode()).digest())
        with self._database.read() as tx:
            empty = store.count_accounts(tx) == 0
        if not right or not empty:
            self._throttle.failed("bootstrap", network)
            raise NotSignedIn("Engångshemligheten gäller inte.", "The one-time secret is not valid.")
        account = self._accounts.create(username=username, name=name, tenant=EVERY, password=password)
        self._accounts.grant(
            account, NewGrant("administrator", EVERY, ALL), decided_by="bootstrap", reason="bootstrap"
        )
        self._path.unlink(missing_ok=True)
        _log.warning("first_administrator_made", extra={"account": account})
        return account
