"""What a process and everything it started used: CPU seconds and memory, from /proc."""

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

_TICK = os.sysconf("SC_CLK_TCK")
PAUSE_S = 0.2


def tree(root: int) -> list[int]:
    """Return a process and its living descendants."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        with suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                    waiting += [int(one) for one in file.read().split()]
    return found


def cpu(root: int) -> float:
    """Return the CPU seconds (user and system) of a tree of processes, the dead ones it waited for included."""
    return sum(apart(root))


def apart(root: int) -> tuple[float, float]:
    """Return the CPU seconds of the root process itself, and of all others of its tree, dead ones included."""
    mine = others = 0
    for pid in tree(root):
        with suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            user, system, *dead = (int(one) for one in file.read().rpartition(")")[2].split()[11:15])
            mine += user + system if pid == root else 0
            others += sum(dead) + (user + system if pid != root else 0)
    return mine / _TICK, others / _TICK


def _kib(pid: int, name: str, key: str) -> int:
    with suppress(OSError), open(f"/proc/{pid}/{name}", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith(key):
                return int(line.split()[1])
    return 0


@dataclass
class Memory:
    """Samples a tree of processes. `together` is the highest sum of PSS, `each` the highest PSS by process, in MB."""

    root: int
    together: float = 0.0
    each: dict[int, float] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    line: list[tuple[float, float, float]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="memory", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        while True:
            self._sample()
            if self._stop.wait(PAUSE_S):
                return

    def cpu_at(self, at: float) -> float:
        """Return the CPU seconds used until a wall-clock time, between the samples around it."""
        return self._at(at, 1) + self._at(at, 2)

    def others_at(self, at: float) -> float:
        """Return the CPU seconds of all processes but the root until a wall-clock time."""
        return self._at(at, 2)

    def _at(self, at: float, column: int) -> float:
        before = max((one for one in self.line if one[0] <= at), default=self.line[0])
        after = min((one for one in self.line if one[0] >= at), default=self.line[-1])
        span = after[0] - before[0]
        grown = after[column] - before[column]
        return before[column] + (grown * (at - before[0]) / span if span else 0.0)

    def _sample(self) -> None:
        self.line.append((time.time(), *apart(self.root)))
        total = 0.0
        for pid in tree(self.root):
            # proportional: pages that processes share count once
            mine = _kib(pid, "smaps_rollup", "Pss:") / 1024
            total += mine
            self.each[pid] = max(mine, self.each.get(pid, 0.0))
            if pid not in self.names:
                with suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
                    self.names[pid] = file.read().replace(b"\0", b" ").decode("utf-8", "replace")[:120]
        self.together = max(self.together, total)

    @property
    def largest(self) -> float:
        """Return the highest PSS of any one process (MB)."""
        return max(self.each.values(), default=0.0)
