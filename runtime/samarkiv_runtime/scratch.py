"""Scratch folders, each locked while its process lives, so that what a killed one left is known and removed."""

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch_folder(base: Path, name: str) -> Iterator[Path]:
    """Give a new folder `<base>/<name>-…` that is gone afterwards; raises OSError."""
    while True:
        folder = base / f"{name}-{uuid.uuid4().hex}"
        folder.mkdir(parents=True)
        lock = _locked(folder)
        if lock is not None:
            break
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def clear_scratch(base: Path, name: str) -> int:
    """Remove the folders of `name` whose processes are gone, on this machine or in containers that share it; returns how many."""
    gone = 0
    for folder in base.glob(f"{name}-*"):
        lock = _locked(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)
            gone += 1
    return gone


def _locked(folder: Path) -> int | None:
    """Return a descriptor that holds the folder, None when another process does or has removed it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink:
            return descriptor
    except BlockingIOError:
        pass
    os.close(descriptor)
    return None
