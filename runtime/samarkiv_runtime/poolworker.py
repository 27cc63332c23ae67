"""The other end of the pool: a light process that runs one function after another and dies with its parent.

Started as `python -m samarkiv_runtime.poolworker <conversation fd> <lifeline fd>`; imports nothing of the services
by itself, so that a worker weighs what its functions need and no more.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

_PR_SET_PDEATHSIG = 1


def main(conversation: int, lifeline: int) -> None:
    """Answer calls until the parent closes its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    _die_with_parent(lifeline)
    _be_modest()
    with Connection(conversation) as line:
        sys.path[:], memory = line.recv()
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        while True:
            try:
                function, args = line.recv()
            except EOFError:
                return
            except Exception as error:  # the function's module cannot be imported here
                answer = _failure(error)
            else:
                answer = _run(function, args)
            line.send_bytes(answer)


def _run(function: Any, args: tuple[Any, ...]) -> bytes:
    try:
        return bytes(ForkingPickler.dumps((True, function(*args), _peak())))
    except BaseException as error:
        return _failure(error)


def _failure(error: BaseException) -> bytes:
    told = "".join(traceback.format_exception(error))
    try:
        answer = bytes(ForkingPickler.dumps((False, (error, told), _peak())))
        ForkingPickler.loads(answer)
    except Exception:
        plain = RuntimeError(f"{type(error).__name__}: {error}")
        answer = bytes(ForkingPickler.dumps((False, (plain, told), _peak())))
    return answer


def _peak() -> int:
    """Return this process's own peak memory in bytes.

    Not getrusage where /proc is there: its figure outlives exec, so a child of a large parent would begin as large.
    """
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _die_with_parent(lifeline: int) -> None:
    with contextlib.suppress(OSError, AttributeError):  # no such call outside Linux: the lifeline is enough
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def wait() -> None:
        os.read(lifeline, 1)  # nobody writes: it returns when the parent's end is gone
        os._exit(1)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def _be_modest() -> None:
    """Let the web and the database go first, and the kernel take a worker first when memory is short."""
    with contextlib.suppress(OSError):
        os.nice(5)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("500")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
