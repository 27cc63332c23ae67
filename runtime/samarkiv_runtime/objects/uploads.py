"""Resumable uploads into a folder: one growing file per upload, linked to its key when it is whole."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from samarkiv_contracts.problems import Conflict, WrongOffset

from samarkiv_runtime.objects.durable import FILE_MODE, sync_folder, told, write_all
from samarkiv_runtime.objects.folder import FolderStore
from samarkiv_runtime.objects.keys import RESERVED, check_key
from samarkiv_runtime.ports import ObjectInfo


def wrong_offset(given: int, stands: int) -> WrongOffset:
    """Return the problem of a piece that does not begin where the upload stands (bytes)."""
    return WrongOffset(
        f"Delen börjar vid {given}, uppladdningen står vid {stands}",
        f"The piece begins at {given}, the upload stands at {stands}",
    )


class FolderUploads:
    """UploadStore over a FolderStore; growing files lie in `.part/<key>`. One writer at a time, held by a file lock."""

    def __init__(self, store: FolderStore) -> None:
        """Take the store the finished uploads become objects of."""
        self._store = store

    def begin(self, key: str) -> None:
        """Start an upload at offset 0; starting one that exists, or is finished, changes nothing."""
        part = self._part(key)
        if self._store.stat(key):
            return
        with told():
            self._store.make_folder(part.parent)
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))
            sync_folder(part.parent)

    def offset(self, key: str) -> int:
        """Return how many bytes are durable; a finished upload stands at its end. Raises KeyError."""
        with told():
            try:
                fd = os.open(self._part(key), os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                done = self._store.stat(key)
                if done is None:
                    raise KeyError(key) from None
                return done.size
            try:
                size = os.fstat(fd).st_size
                os.fdatasync(fd)  # what a killed process left in memory counts only when it is on disk
            finally:
                os.close(fd)
        return size

    def append(self, key: str, offset: int, chunks: Iterable[bytes]) -> int:
        """Add bytes at `offset`; durable at return, also when `chunks` ends in an error (which is raised on).

        Returns the new offset. Raises KeyError, WrongOffset, StorageFull, Conflict when another piece is being written.
        """
        with self._open(key) as fd:
            size = self._growing(fd)
            if size != offset:
                raise wrong_offset(offset, size)
            os.lseek(fd, size, os.SEEK_SET)
            try:
                for chunk in chunks:
                    with told():
                        write_all(fd, chunk)
            finally:
                with told():
                    os.fsync(fd)
            return os.fstat(fd).st_size

    def truncate(self, key: str, offset: int) -> None:
        """Take back what was appended after `offset`; raises KeyError, WrongOffset when it stands before it."""
        with self._open(key) as fd:
            size = self._growing(fd)
            if not 0 <= offset <= size:
                raise wrong_offset(offset, size)
            with told():
                os.ftruncate(fd, offset)
                os.fsync(fd)

    def finish(self, key: str) -> ObjectInfo:
        """Turn the upload into the object `key`; raises KeyError, Conflict when another object is there."""
        part = self._part(key)
        try:
            with self._open(key) as fd, told():
                os.fsync(fd)
                size = os.fstat(fd).st_size
                try:
                    self._store.publish(part, key)
                except Conflict:
                    if not os.path.samestat(os.fstat(fd), os.stat(self._store.path_of(key))):
                        raise
                part.unlink(missing_ok=True)
                sync_folder(part.parent)
        except KeyError:
            done = self._store.stat(key)
            if done is None:
                raise
            return done
        return ObjectInfo(key, size)

    def discard(self, key: str) -> None:
        """Forget an upload that is not finished; safe when there is none."""
        part = self._part(key)
        with told():
            part.unlink(missing_ok=True)

    @staticmethod
    def _growing(fd: int) -> int:
        found = os.fstat(fd)
        if found.st_nlink != 1:  # linked to its key already: these bytes are a committed object
            raise Conflict("Uppladdningen är avslutad", "The upload is finished")
        return found.st_size

    def _part(self, key: str) -> Path:
        return self._store.root / RESERVED[1] / check_key(key)

    @contextmanager
    def _open(self, key: str) -> Iterator[int]:
        with told():
            try:
                fd = os.open(self._part(key), os.O_RDWR | os.O_CLOEXEC)
            except (FileNotFoundError, NotADirectoryError):
                raise KeyError(key) from None
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict(
                    "En annan del av uppladdningen tas emot just nu",
                    "Another piece of the upload is being received now",
                ) from None
            if not os.fstat(fd).st_nlink:
                raise KeyError(key)  # finished or discarded while we waited to open it
            yield fd
        finally:
            os.close(fd)
