"""Named places where a test may kill the process: `SAMARKIV_FAILPOINT=name:n` kills it at the n-th passing."""

import os
import signal
import threading

_lock = threading.Lock()
_passed: dict[str, int] = {}


def failpoint(name: str) -> None:
    """Pass the place `name`. Does nothing unless the environment names it; then the n-th passing is the last."""
    wanted = os.environ.get("SAMARKIV_FAILPOINT")
    if not wanted:
        return
    where, _, count = wanted.partition(":")
    if where != name:
        return
    with _lock:
        _passed[name] = _passed.get(name, 0) + 1
        if _passed[name] >= int(count or 1):
            os.kill(os.getpid(), signal.SIGKILL)
