"""One server process: started into the background, known by pid and start time, ended by that pid alone."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .place import EngineError

PAUSE = 0.05


def _facts(pid: int) -> tuple[str, int, str] | None:
    """State, parent and start time of a process; None when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return fields[0], int(fields[1]), fields[19]


def _family(pid: int) -> list[int]:
    """The process and all its descendants, parents first."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (facts := _facts(int(entry))):
            parents.setdefault(facts[1], []).append(int(entry))
    found = [pid]
    for member in found:
        found.extend(parents.get(member, []))
    return found


@dataclass(frozen=True)
class Process:
    """A server with its pid file and its output."""

    name: str
    home: Path

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def _file(self) -> Path:
        return self.home / "pid"

    def pid(self) -> int | None:
        """The pid while that very process lives (a reused number or an unreaped corpse is not it)."""
        try:
            number, born = self._file.read_text().split()
        except (OSError, ValueError):
            return None
        facts = _facts(int(number))
        return int(number) if facts and facts[0] not in "ZX" and facts[2] == born else None

    def state(self) -> str:
        """One of up, frozen, down."""
        pid = self.pid()
        facts = _facts(pid) if pid else None
        if facts is None:
            return "down"
        return "frozen" if facts[0] == "T" else "up"

    def launch(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Starts the server in a session of its own; raises nothing yet, see `wait`."""
        self.home.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.home / "log.1")
        with self.log.open("wb") as out:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.home,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        facts = _facts(child.pid)
        self._file.write_text(f"{child.pid} {facts[2] if facts else 0}\n")
        child.returncode = 0  # it outlives us: no warning about a running child

    def wait(self, ready: Callable[[], bool], seconds: float) -> None:
        """Returns when `ready` says so; raises EngineError when the server ended or the time is over."""
        limit = time.monotonic() + seconds
        while True:
            if self.pid() is None:
                raise EngineError(f"{self.name} ended while starting\n{self.tail()}")
            if ready() and self.pid() is not None:
                return
            if time.monotonic() > limit:
                raise EngineError(f"{self.name} was not ready within {seconds:.0f} s\n{self.tail()}")
            time.sleep(PAUSE)

    def tail(self) -> str:
        """The last lines the server wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:]) if self.log.exists() else ""

    def end(self, how: signal.Signals, patience: float = 60.0) -> None:
        """Sends the signal and waits until the process and its children are gone."""
        pid = self.pid()
        if pid is None:
            self._file.unlink(missing_ok=True)
            return
        family = {member: _facts(member) for member in _family(pid)}
        for member in family:
            _send(member, signal.SIGCONT)
        for member in family if how == signal.SIGKILL else [pid]:  # nginx's workers outlive a killed master
            _send(member, how)
        limit = time.monotonic() + patience
        while any(_alive(member, facts) for member, facts in family.items()):
            if time.monotonic() > limit:
                for member, facts in family.items():
                    if _alive(member, facts):
                        _send(member, signal.SIGKILL)
            time.sleep(PAUSE)
        self._file.unlink(missing_ok=True)

    def signal(self, which: signal.Signals) -> None:
        """Sends a signal to the server and its children; raises EngineError when it is down."""
        pid = self.pid()
        if pid is None:
            raise EngineError(f"{self.name} is not running")
        for member in _family(pid):
            _send(member, which)


def _send(pid: int, which: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, which)


def _alive(pid: int, then: tuple[str, int, str] | None) -> bool:
    now = _facts(pid)
    return bool(now and then and now[2] == then[2] and now[0] not in "ZX")


def free(port: int, name: str) -> None:
    """Raises EngineError when another program listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            variable = f"ENGINES_{name.upper().replace('-', '_')}_PORT"
            raise EngineError(f"{name}: port {port} is taken by another program; set {variable}") from error
