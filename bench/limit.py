"""The byte limit: one read, SHA-256 and SHA-512, two writes past the page cache, fsync, and one copy read back.

python -m bench.limit FILE OUT
"""

import hashlib
import mmap
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

BLOCK = 8 << 20
RING = 4


def main(source: str, out: str) -> None:
    """Run it and print the MB a second."""
    os.makedirs(out)
    start = time.perf_counter()
    size = os.stat(source).st_size
    targets = [os.open(f"{out}/{name}", os.O_RDWR | os.O_CREAT | os.O_EXCL | _direct()) for name in "ab"]
    sha256, sha512 = hashlib.sha256(), hashlib.sha512()
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as two, ThreadPoolExecutor(2) as writers:
        _pass(source, size, (one, sha256.update), (two, sha512.update), writers, targets)
    for target in targets:
        os.ftruncate(target, size)
        os.fsync(target)
    read = _read_back(targets[0])
    for target in targets:
        os.close(target)
    took = time.perf_counter() - start
    if read != size:
        raise SystemExit("read back short")
    print(f"{size / 1e6:.0f} MB {took:.2f} s {size / 1e6 / took:.0f} MB/s {sha512.hexdigest()[:12]}")


def _direct() -> int:
    return getattr(os, "O_DIRECT", 0)


Lane = tuple[ThreadPoolExecutor, Callable[[memoryview], None]]


def _pass(
    source: str, size: int, one: Lane, two: Lane, writers: ThreadPoolExecutor, targets: list[int]
) -> None:
    """Read every block once; hash and write it from the same aligned buffer."""
    ring = [mmap.mmap(-1, BLOCK) for _ in range(RING)]
    busy: list[list[Future[object]]] = [[] for _ in range(RING)]
    fd = os.open(source, os.O_RDONLY)
    at = 0
    for turn in range((size + BLOCK - 1) // BLOCK):
        slot = turn % RING
        for future in busy[slot]:
            future.result()
        view = memoryview(ring[slot])
        got = 0
        while got < min(BLOCK, size - at):
            got += os.preadv(fd, [view[got : min(BLOCK, size - at)]], at + got)
        whole = (got + 4095) // 4096 * 4096
        busy[slot] = [
            one[0].submit(one[1], view[:got]),
            two[0].submit(two[1], view[:got]),
            *(writers.submit(os.pwrite, target, view[:whole], at) for target in targets),
        ]
        at += got
    for futures in busy:
        for future in futures:
            future.result()
    os.close(fd)


def _read_back(target: int) -> int:
    buffer = mmap.mmap(-1, BLOCK)
    at = 0
    while got := os.preadv(target, [buffer], at):
        at += got
    return at


if __name__ == "__main__":
    main(*sys.argv[1:3])
