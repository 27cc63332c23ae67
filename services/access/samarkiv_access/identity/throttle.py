"""After five failures the wait doubles to 60 s, per account and network; nothing is ever locked (POLICY §6)."""

import hashlib

from samarkiv_contracts.problems import TooManyRequests
from samarkiv_runtime.database import Database
from samarkiv_runtime.ports import Clock

from samarkiv_access import identity_store as store

FREE = 5
FREE_NETWORK = 50
LONGEST_S = 60


def wait_after(failures: int, free: int = FREE) -> int:
    """Return how many seconds to wait after so many failures in a row."""
    return 0 if failures < free else int(min(LONGEST_S, 2 ** (failures - free)))


class Throttle:
    """Counts failures under a digest of account and network, and of the network alone with more room."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @staticmethod
    def _keys(name: str, network: str) -> tuple[tuple[str, int], ...]:
        pair = hashlib.sha256(f"{name.casefold()}\n{network}".encode()).hexdigest()
        alone = hashlib.sha256(f"\n{network}".encode()).hexdigest()
        return (pair, FREE), (alone, FREE_NETWORK)

    def check(self, name: str, network: str) -> None:
        """Raise TooManyRequests while a wait lasts; an unknown account waits like a known one."""
        now = int(self._clock.now().timestamp())
        with self._database.read() as tx:
            for key, free in self._keys(name, network):
                failures, at = store.failures_of(tx, key)
                left = at + wait_after(failures, free) - now
                if left > 0:
                    raise TooManyRequests(
                        f"Vänta {left} sekunder och försök igen.",
                        f"Wait {left} seconds and try again.",
                        headers={"Retry-After": str(left)},
                    )

    def failed(self, name: str, network: str) -> None:
        """Count a failure."""
        now = int(self._clock.now().timestamp())
        with self._database.write() as tx:
            for key, _free in self._keys(name, network):
                store.set_failures(tx, key, store.failures_of(tx, key)[0] + 1, now)

    def succeeded(self, name: str, network: str) -> None:
        """Forget the failures of account and network together."""
        (pair, _free), _alone = self._keys(name, network)
        with self._database.read() as tx:
            if not store.failures_of(tx, pair)[0]:
                return
        with self._database.write() as tx:
            store.set_failures(tx, pair, 0, int(self._clock.now().timestamp()))
