"""`samarkiv …` under a sampler that weighs every stack by the CPU time its thread used since the last look.

At the end the heaviest functions are written to `SAMARKIV_HOME/profile.json`, by thread and in all. The workers of the
pool are processes of their own; what they used stands there as a sum.
"""

import json
import os
import signal
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import FrameType

PAUSE_S = 0.004
DEPTH = 40


class Sampler:
    """Counts CPU seconds by function: own (the top of the stack) and with what it calls."""

    def __init__(self) -> None:
        self.own: dict[tuple[str, str], float] = defaultdict(float)
        self.with_calls: dict[tuple[str, str], float] = defaultdict(float)
        self.threads: dict[str, float] = defaultdict(float)
        self._last: dict[int, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def reset(self) -> None:
        """Forget what was seen."""
        for counted in (self.own, self.with_calls, self.threads):
            counted.clear()

    def stop(self, path: Path) -> None:
        """End and write what was seen."""
        self._stop.set()
        self._thread.join()
        path.write_text(
            json.dumps(
                {
                    "threads": dict(sorted(self.threads.items(), key=lambda one: -one[1])),
                    "own": _top(self.own),
                    "with_calls": _top(self.with_calls),
                    "children": sum(os.times()[2:4]),
                },
                indent=1,
            ),
            encoding="utf-8",
        )

    def _run(self) -> None:
        mine = threading.get_ident()
        while not self._stop.wait(PAUSE_S):
            frames = sys._current_frames()  # noqa: SLF001 - the documented way to every thread's stack
            names = {one.ident: one.name for one in threading.enumerate()}
            for ident, frame in frames.items():
                if ident == mine or ident not in names:
                    continue
                try:
                    used = time.clock_gettime(time.pthread_getcpuclockid(ident))
                except OSError:
                    continue
                spent = used - self._last.get(ident, used)
                self._last[ident] = used
                if spent > 0:
                    self._count(names[ident], frame, spent)

    def _count(self, thread: str, frame: FrameType | None, spent: float) -> None:
        group = thread.rstrip("0123456789").rstrip("-_")
        self.threads[group] += spent
        seen: set[str] = set()
        first = True
        depth = 0
        while frame is not None and depth < DEPTH:
            code = frame.f_code
            where = "/".join(code.co_filename.split("/")[-2:])
            name = f"{where}:{code.co_qualname}"
            if first:
                self.own[group, f"{name}:{frame.f_lineno}"] += spent
                first = False
            if name not in seen:
                seen.add(name)
                self.with_calls[group, name] += spent
            frame = frame.f_back
            depth += 1


def _top(counted: dict[tuple[str, str], float], most: int = 60) -> list[tuple[float, str, str]]:
    rows = sorted(((round(spent, 2), *key) for key, spent in counted.items()), reverse=True)
    return rows[:most]


def main() -> None:
    """Run the command line with the sampler beside it."""
    from samarkiv.cli import main as samarkiv

    sampler = Sampler()
    signal.signal(signal.SIGUSR1, lambda *_: sampler.reset())
    sampler.start()
    try:
        samarkiv()
    finally:
        sampler.stop(Path(os.environ["SAMARKIV_HOME"]) / "profile.json")


if __name__ == "__main__":
    main()
