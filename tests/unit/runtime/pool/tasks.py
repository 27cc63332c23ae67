"""Functions the pool's tests run in workers: a light module."""

import os
import signal
import sys
import time


def double(n: int) -> int:
    return 2 * n


def where() -> int:
    return os.getpid()


def loaded() -> list[str]:
    return sorted(sys.modules)


def environment() -> dict[str, str]:
    return dict(os.environ)


def fail(text: str) -> None:
    raise ValueError(text)


class OddError(Exception):
    def __init__(self, a: int, b: int) -> None:
        super().__init__(f"{a}{b}")


def fail_oddly() -> None:
    raise OddError(1, 2)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave() -> None:
    sys.exit(3)


def nap(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def hoard(mib: int) -> int:
    return len(bytearray(mib << 20))


def wait_for(path: str) -> str:
    while not os.path.exists(path):
        time.sleep(0.005)
    return path


def warm() -> None:
    """Load something nobody else does."""
    import wave  # noqa: F401


def nothing() -> None:
    return None


def write_and_look(path: str, other: str) -> tuple[bool, bool, list[str]]:
    """Write to one path; tell whether another is there, and which network devices are."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("skrivet")
    with open("/proc/net/dev", encoding="utf-8") as file:
        devices = [line.split(":")[0].strip() for line in file if ":" in line]
    try:
        with open(other, encoding="utf-8") as file:
            seen = bool(file.read())
    except OSError:
        seen = False
    return os.path.exists(path), seen, devices
