"""The revocation list that every verifier polls (POLICY §6)."""

from samarkiv_runtime.database import Database
from samarkiv_runtime.ports import Clock
from sqlalchemy import Connection

from samarkiv_access import identity_store as store

KEPT_MS = 15 * 60 * 1000
READ_AGAIN_S = 1.0


class Revoking:
    """What was revoked within the life of any token: kept in the table, read at most once a second."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[str, int] = {}
        self._read_at = -1e9

    def revoke(self, tx: Connection, what: str) -> None:
        """Add an account, session or program token: JWTs issued until now count no more."""
        at_ms = int(self._clock.now().timestamp() * 1000)
        store.add_revocation(tx, what, at_ms)
        self._known = self._known | {what: at_ms}

    def revoked(self) -> dict[str, int]:
        """Return id → epoch millisecond."""
        mono = self._clock.monotonic()
        if mono - self._read_at >= READ_AGAIN_S:
            since = int(self._clock.now().timestamp() * 1000) - KEPT_MS
            with self._database.read() as tx:
                found = store.revocations(tx, since)
            self._known, self._read_at = found, mono
        return self._known
