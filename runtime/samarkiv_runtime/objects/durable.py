"""Steps that make files and folders survive a power cut, and the words for what can go wrong."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from samarkiv_contracts.problems import StorageFull, Unavailable

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FOLDER_MODE = 0o750
FILE_MODE = 0o640


@contextmanager
def told() -> Iterator[None]:
    """Turn an OSError into StorageFull or Unavailable (the operating system's text stands in the detail)."""
    try:
        yield
    except OSError as error:
        text = error.strerror or str(error)
        if error.errno in _FULL:
            raise StorageFull(f"Disken är full: {text}", f"The disk is full: {text}") from error
        raise Unavailable(f"Lagringen svarar inte: {text}", f"The storage does not answer: {text}") from error


def sync_folder(folder: Path) -> None:
    """Make the entries of a folder durable; raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_all(fd: int, data: bytes | bytearray | memoryview) -> None:
    """Write every byte to `fd`; raises OSError."""
    view = memoryview(data).cast("B")
    while len(view):
        view = view[os.write(fd, view) :]


class Folders:
    """Makes missing folders, each durable in its parent before anything is put into it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._durable: set[Path] = set()

    def make(self, folder: Path) -> None:
        """Make `folder` and its missing parents; raises OSError (FileExistsError when a file is in the way)."""
        if folder in self._durable and folder.is_dir():
            return
        if folder != self._root:
            self.make(folder.parent)
        try:
            folder.mkdir(mode=FOLDER_MODE, parents=folder == self._root)
        except FileExistsError:
            if not folder.is_dir():
                raise
        # also when another process made it: its fsync may not have come yet
        sync_folder(folder.parent)
        if len(self._durable) > 10_000:
            self._durable.clear()
        self._durable.add(folder)

    def prune(self, folder: Path) -> None:
        """Remove `folder` and its parents below the root while they are empty (OCFL allows no empty folder).

        What was removed stays removed after a power cut; raises OSError.
        """
        while True:
            try:
                sync_folder(folder)
                if folder == self._root:
                    return
                folder.rmdir()
                self._durable.discard(folder)
            except FileNotFoundError:  # another delete was faster
                if folder == self._root:
                    return
            except OSError as error:
                if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                    raise
                return
            folder = folder.parent
