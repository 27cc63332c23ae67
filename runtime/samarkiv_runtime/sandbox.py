"""Programs that open untrusted bytes: no network, no secrets, no other files, limits on time, memory and output.

bubblewrap gives the walls (all namespaces, a root of its own, dies with its parent), prlimit the limits. Where
bubblewrap is missing or the kernel refuses it, nothing is run unless the operator has said so.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32")
# what programs need of /etc, and nothing that tells who the host is
_ETC = (
    "/etc/fonts",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/libreoffice",
    "/etc/papersize",
)
_TOLD = 4096
WORK = "/work"


@dataclass(frozen=True)
class Limits:
    """Bounds of one run: wall seconds, bytes of address space, bytes of one written file."""

    seconds: float = 120.0
    memory_bytes: int = 4 << 30
    file_bytes: int = 2 << 30


@dataclass(frozen=True)
class Run:
    """How a run ended. `status` is the exit status (negative: the signal); never a proof of success by itself."""

    status: int
    timed_out: bool
    told: str = field(repr=False, default="")


class Sandbox:
    """Runs programs behind walls. `available` tells whether it can, `why` why not."""

    def __init__(self, *, unsandboxed: bool = False) -> None:
        """Look at the machine; `unsandboxed` lets programs run with limits only where there is no bubblewrap."""
        self._bwrap = shutil.which("bwrap") or ""
        self._prlimit = shutil.which("prlimit") or ""
        self.walls = False
        self.why = ""
        if not self._bwrap:
            self.why = "bubblewrap is not installed"
        elif not self._prlimit:
            self.why = "prlimit is not installed"
        else:
            self.why = self._try()
            self.walls = not self.why
        self.available = self.walls or unsandboxed

    def run(
        self,
        argv: Sequence[str],
        work: Path,
        *,
        read: Sequence[Path] = (),
        limits: Limits | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Run:
        """Run a program in the folder `work` (its only writable place, seen as `/work`); it sees the `read` paths too.

        Arguments that begin with `{work}` are told the folder's name as the program sees it. Everything it started is
        ended before the call returns. Raises PermissionError when nothing may be run, FileNotFoundError for no program.
        """
        if not self.available:
            raise PermissionError(f"no sandbox: {self.why}")
        bounds = limits or Limits()
        seen = WORK if self.walls else str(work)
        command = [part.replace("{work}", seen) for part in argv]
        if self.walls:
            command = [*self._walls(work, read, environment or {}), *command]
        if self._prlimit:
            command = [
                self._prlimit,
                f"--as={bounds.memory_bytes}",
                f"--fsize={bounds.file_bytes}",
                "--core=0",
                f"--cpu={int(bounds.seconds) + 1}",
                "--",
                *command,
            ]
        with tempfile.TemporaryFile() as told:
            return self._wait(command, work, bounds.seconds, _bare(seen, environment or {}), told)

    def worker_prefix(
        self,
        *,
        read: Sequence[Path] = (),
        write: Sequence[Path] = (),
        hide: Sequence[Path] = (),
        temp: Path | None = None,
    ) -> list[str]:
        """Return what to put before a Python worker's command; empty without walls.

        The worker sees the system, the Python code, the `read` folders, and the `write` folders with the exception of
        what is to `hide` (keys, database, tokens). Its `/tmp` is `temp`, else memory. No network, no other processes.
        """
        if not self.walls:
            return []
        code = {Path(place).resolve() for place in (*sys.path, sys.prefix, sys.base_prefix) if place}
        command = [*self._base(sorted(place for place in code if place.exists()))]
        if temp:
            command += ["--bind", str(temp), "/tmp"]  # noqa: S108
        for place in read:
            command += ["--ro-bind", str(place), str(place)]
        for place in write:
            command += ["--bind", str(place), str(place)]
        for place in hide:
            if place.is_dir():
                command += ["--tmpfs", str(place)]
            elif place.exists():
                command += ["--ro-bind", os.devnull, str(place)]
        return [*command, "--"]

    def _wait(
        self,
        command: Sequence[str],
        work: Path,
        seconds: float,
        environment: Mapping[str, str],
        told: BinaryIO,
    ) -> Run:
        process = subprocess.Popen(
            command,
            cwd=work,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        timed_out = False
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        told.seek(max(0, told.seek(0, os.SEEK_END) - _TOLD))
        return Run(process.returncode, timed_out, told.read().decode("utf-8", "replace"))

    def _walls(self, work: Path, read: Sequence[Path], environment: Mapping[str, str]) -> list[str]:
        return [
            *self._base(read),
            *("--bind", str(work), WORK, "--chdir", WORK, "--clearenv"),
            *(part for name, value in _bare(WORK, environment).items() for part in ("--setenv", name, value)),
            "--",
        ]

    def _base(self, read: Sequence[Path]) -> list[str]:
        command = [self._bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108
        for place in _SYSTEM:
            if os.path.islink(place):
                command += ["--symlink", os.readlink(place), place]
            elif os.path.isdir(place):
                command += ["--ro-bind", place, place]
        for place in (*_ETC, *map(str, read)):
            command += ["--ro-bind-try", place, place]
        return command

    def _try(self) -> str:
        command = [*self._base([]), "--", "/usr/bin/env", "true"]
        try:
            done = subprocess.run(command, capture_output=True, timeout=10, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"bubblewrap cannot be started: {error}"
        if done.returncode:
            return f"bubblewrap is refused here: {done.stderr.decode('utf-8', 'replace').strip()[:200]}"
        return ""


def _bare(work: str, environment: Mapping[str, str]) -> dict[str, str]:
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": work,
        "TMPDIR": work,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        **environment,
    }
