"""veraPDF as a warm program of its own: one request a line in, one answer a line out. Never a proof when it is silent."""

import json
import os
import select
import shlex
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

_SMALL, _LARGE = 30.0, 120.0
_LARGE_BYTES = 50 << 20
_START_S = 30.0


class VeraPdf:
    """The judge of PDF/A. `judge` answers `compliant` true, false or None (not judged)."""

    def __init__(self, command: str) -> None:
        """Take the command line of a program that speaks JSON lines; it is started by the first question."""
        self._command = shlex.split(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._rest = b""

    def judge(self, path: Path, flavour: str) -> dict[str, Any]:
        """Return `compliant`, and the codes of what was broken (at most twenty), or why it was not judged."""
        limit = _LARGE if path.stat().st_size > _LARGE_BYTES else _SMALL
        with self._lock:
            try:
                answer = self._ask({"path": str(path), "flavour": flavour}, limit)
            except (OSError, ValueError, TypeError) as error:
                self._stop()
                return {"compliant": None, "error": f"not judged: {type(error).__name__}: {error}"[:200]}
        codes = [str(one.get("code", "")) for one in answer.get("findings", ())][:20]
        told = {"compliant": answer.get("compliant"), "findings": codes, "error": answer.get("error")}
        return {name: value for name, value in told.items() if value or name == "compliant"}

    def close(self) -> None:
        """End the program."""
        with self._lock:
            self._stop()

    def _ask(self, request: dict[str, str], limit_s: float) -> dict[str, Any]:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                start_new_session=True,
            )
            limit_s += _START_S
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise OSError("no line to veraPDF")
        process.stdin.write(json.dumps(request).encode() + b"\n")
        while b"\n" not in self._rest:
            ready, _, _ = select.select([process.stdout], [], [], limit_s)
            if not ready:
                raise TimeoutError(f"no answer in {limit_s:g} s")
            piece = process.stdout.read(1 << 16)
            if not piece:
                raise OSError("veraPDF ended")
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        answer = json.loads(line)
        return dict(answer)

    def _stop(self) -> None:
        self._rest = b""
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # a Java machine may stand behind a starter
            self._process.communicate()
            self._process = None
