"""Seeded moments at which processes are killed: at a named place, or some time after they came up."""

import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

PATIENCE_S = 240.0


@dataclass(frozen=True)
class Moment:
    """When a process is to be killed: at the n-th passing of a place, else `after_s` seconds after it is ready."""

    process: str
    place: str = ""
    after_s: float = 0.0

    def __str__(self) -> str:
        return self.place or f"after {self.after_s:.1f} s"


@dataclass
class Kill:
    """What became of a moment. `ready_s`: how long the process took to be ready again."""

    moment: Moment
    outcome: str
    ready_s: float = 0.0


def plan(
    seed: int,
    places: Mapping[str, Sequence[str]],
    count: int,
    *,
    latest_s: float = 2.0,
    named: float = 0.8,
    passings: int = 2,
) -> list[Moment]:
    """Return `count` moments in turn over the processes, about `named` of them at a place of the process.

    Each place comes once before any comes again; at which passing (1 to `passings`) is drawn.
    """
    chance = random.Random(seed)
    left: dict[str, list[str]] = {}
    found = []
    for number in range(count):
        process = list(places)[number % len(places)]
        if chance.random() >= named:
            found.append(Moment(process, after_s=round(chance.uniform(0.1, latest_s), 1)))
            continue
        if not left.get(process):
            left[process] = chance.sample(list(places[process]), len(places[process]))
        found.append(Moment(process, f"{left[process].pop()}:{chance.randint(1, passings)}"))
    return found


@dataclass
class Killer:
    """Keeps processes up and kills each at its moments, one after the other; processes side by side.

    `start` begins a process with more environment, `ready` waits until it serves and raises when it ends before.
    """

    start: Callable[[str, dict[str, str]], "subprocess.Popen[bytes]"]
    ready: Callable[[str], None]
    kills: list[Kill] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def run(self, moments: Iterable[Moment]) -> None:
        """Go through all moments and leave every process up and unarmed."""
        queues: dict[str, list[Moment]] = {}
        for moment in moments:
            queues.setdefault(moment.process, []).append(moment)
        threads = [threading.Thread(target=self._guarded, args=pair) for pair in queues.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _guarded(self, process: str, moments: list[Moment]) -> None:
        try:
            for moment in moments:
                self.kills.append(self._one(moment))
            self.start(process, {})
            self.ready(process)
        except Exception as error:
            self.faults.append(f"{process}: {error!r}")

    def _one(self, moment: Moment) -> Kill:
        begun = time.monotonic()
        running = self.start(moment.process, {"SAMARKIV_FAILPOINT": moment.place} if moment.place else {})
        kill = Kill(moment, "killed")
        try:
            self.ready(moment.process)
            kill.ready_s = time.monotonic() - begun
        except AssertionError:
            if running.poll() != -9:
                raise
            return kill  # what was left to do reached the place before the process was ready
        if moment.place:
            try:
                running.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                kill.outcome = "not reached"
        else:
            time.sleep(moment.after_s)
        if running.poll() is None:
            running.kill()
        code = running.wait(30)
        if code != -9:
            kill.outcome = f"ended with {code}"
        return kill


def table(kills: Iterable[Kill]) -> str:
    """Return the moments as lines to print."""
    rows = [
        f"{one.moment.process:<16} {one.moment!s:<30} {one.outcome:<12} ready {one.ready_s:5.1f} s"
        for one in kills
    ]
    outcomes = Counter(one.outcome for one in kills)
    return "\n".join([*rows, ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())])
