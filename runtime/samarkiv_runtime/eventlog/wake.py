"""Waking waiters of this process after a transaction has *ended*: the commit event itself fires before visibility."""

import threading
from collections import defaultdict


class Wake:
    """Named conditions. `mark` inside a transaction, `ended` after it, both in the thread that runs it."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._counts: dict[str, int] = defaultdict(int)
        self._local = threading.local()

    def mark(self, name: str) -> None:
        """Remember that the running transaction concerns `name`; a rolled-back one costs a needless look."""
        names: set[str] | None = getattr(self._local, "names", None)
        if names is None:
            names = self._local.names = set()
        names.add(name)

    def ended(self) -> None:
        """Wake those who wait for what this thread's transaction marked."""
        names: set[str] | None = getattr(self._local, "names", None)
        if names:
            self._local.names = set()
            self.now(*names)

    def now(self, *names: str) -> None:
        """Wake those who wait for `names`, at once."""
        with self._condition:
            for name in names:
                self._counts[name] += 1
            self._condition.notify_all()

    def seen(self, name: str) -> int:
        """Return the count to take before a look, so that a wake during the look is not missed."""
        with self._condition:
            return self._counts[name]

    def wait(self, name: str, seen: int, timeout_s: float) -> bool:
        """Wait until `name` was woken after `seen`; returns False when the time ran out."""
        with self._condition:
            return self._condition.wait_for(lambda: self._counts[name] != seen, timeout_s)
