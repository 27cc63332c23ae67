"""A coarse pace for public reads, per network: never asks who, never slows anyone who reads as people do (POLICY §5 `rate`)."""

import hashlib
import threading

from samarkiv_contracts.problems import TooManyRequests

PER_SECOND = 50.0
BURST = 1000.0
MOST_NETWORKS = 10_000
OWN = frozenset({"", "127.0.0.1", "::1", "in-process"})


class Pace:
    """A bucket per network, kept under a digest and in memory only. The machine itself is never slowed."""

    def __init__(self, per_second: float = PER_SECOND, burst: float = BURST) -> None:
        self._per_second = per_second
        self._burst = burst
        self._buckets: dict[bytes, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, network: str, now: float) -> None:
        """Take one read out of the network's bucket; raises TooManyRequests when it is empty. `now` is monotonic."""
        if network in OWN:
            return
        key = hashlib.blake2b(network.encode(), digest_size=8).digest()
        with self._lock:
            if len(self._buckets) >= MOST_NETWORKS and key not in self._buckets:
                self._buckets.clear()
            left, at = self._buckets.get(key, (self._burst, now))
            left = min(self._burst, left + (now - at) * self._per_second)
            if left < 1:
                raise TooManyRequests(headers={"Retry-After": str(int((1 - left) / self._per_second) + 1)})
            self._buckets[key] = (left - 1, now)
