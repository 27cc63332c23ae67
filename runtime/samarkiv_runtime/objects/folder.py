"""Objects as plain files in a folder: temp file, fsync, create-only link, fsync of the folder."""

import errno
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path
from stat import S_ISREG

from samarkiv_contracts.problems import Conflict

from samarkiv_runtime.objects.durable import FILE_MODE, FOLDER_MODE, Folders, sync_folder, told, write_all
from samarkiv_runtime.objects.keys import RESERVED, check_key, check_range
from samarkiv_runtime.ports import ObjectInfo

CHUNK = 1 << 20
_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}


def _taken(key: str) -> Conflict:
    return Conflict(f"Det finns redan ett objekt på {key}", f"There is already an object at {key}")


class FolderWriter:
    """A new object of a FolderStore. Other processes may write into `path` while it is open."""

    def __init__(self, store: "FolderStore", key: str) -> None:
        self._store = store
        self._key = key
        self._buffer = bytearray()
        with told():
            self.path, self._fd = store.open_temp()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append bytes; small pieces are gathered to 1 MiB. Raises StorageFull, Unavailable."""
        if len(self._buffer) + len(data) < CHUNK:
            self._buffer += data
            return
        with told():
            self._flush()
            if len(data) < CHUNK // 4:
                self._buffer += data
            else:
                write_all(self._fd, data)

    def fileno(self) -> int:
        """Return the descriptor, everything written so far handed to it; its position is the end of the object."""
        with told():
            self._flush()
        return self._fd

    def sendfile_from(self, fd: int, offset: int, length: int) -> None:
        """Append `length` bytes of another file, copied inside the kernel where it can; raises Unavailable, StorageFull.

        Raises EOFError when the other file is shorter.
        """
        with told():
            self._flush()
            done = _copy_range(fd, self._fd, offset, length)
            while done < length:
                sent = os.sendfile(self._fd, fd, offset + done, min(length - done, 1 << 30))
                if not sent:
                    raise EOFError(f"file ended {length - done} bytes early")
                done += sent

    def commit(self) -> ObjectInfo:
        """Make the object durable and visible; raises Conflict when the key is taken."""
        with told():
            self._flush()
            os.fsync(self._fd)
            size = os.fstat(self._fd).st_size
            try:
                self._store.publish(self.path, self._key)
            finally:
                self.abort()
        return ObjectInfo(self._key, size)

    def abort(self) -> None:
        """Forget what was written; safe after commit."""
        if self._fd < 0:
            return
        os.close(self._fd)
        self._fd = -1
        self._buffer = bytearray()
        self._store.drop_temp(self.path)

    def _flush(self) -> None:
        if self._fd < 0:
            raise ValueError("the writer is closed")
        if self._buffer:
            write_all(self._fd, self._buffer)
            self._buffer = bytearray()


def _copy_range(source: int, target: int, offset: int, length: int) -> int:
    """Return how many bytes copy_file_range moved; 0 where the two file systems cannot."""
    done = 0
    try:
        while done < length:
            sent = os.copy_file_range(source, target, min(length - done, 1 << 30), offset + done)
            if not sent:
                break
            done += sent
    except OSError as error:
        if error.errno not in {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM}:
            raise
    return done


class FolderStore:
    """ObjectStore over one folder. Temp files lie in `.temp`, which is there only while something is written."""

    def __init__(self, root: Path) -> None:
        """Take the folder; it is made when the first object is."""
        self.root = root.absolute()
        self._folders = Folders(self.root)

    def create(self, key: str) -> FolderWriter:
        """Begin a new object; raises StorageFull, Unavailable."""
        return FolderWriter(self, check_key(key))

    def replace(self, key: str, data: bytes) -> None:
        """Put a small object in place of the one under the key, atomically and durably."""
        target = self.path_of(key)
        with told():
            temp, fd = self.open_temp()
            try:
                write_all(fd, data)
                os.fsync(fd)
                self._enter(target, lambda: os.rename(temp, target))
            finally:
                os.close(fd)
                self.drop_temp(temp)

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Return a range in chunks of at most 1 MiB; raises KeyError when the object is absent."""
        check_range(offset, length)
        path = self.path_of(key)
        with told():
            try:
                # a file object, so that it is closed even when the iterator is dropped unread
                file = open(path, "rb", buffering=0)  # noqa: SIM115
            except OSError as error:
                if error.errno in _ABSENT:
                    raise KeyError(key) from None
                raise
            file.seek(offset)
        return _chunks(file, length)

    def stat(self, key: str) -> ObjectInfo | None:
        """Return size, or None when there is no such object."""
        with told():
            try:
                found = os.stat(self.path_of(key))
            except OSError as error:
                if error.errno in _ABSENT:
                    return None
                raise
        return ObjectInfo(key, found.st_size) if S_ISREG(found.st_mode) else None

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Return the objects whose key begins with `prefix`, in key order."""
        folder, _, start = prefix.rpartition("/")
        if folder:
            check_key(folder)
        return self._walk(f"{folder}/" if folder else "", start)

    def delete(self, key: str) -> None:
        """Remove an object and the folders it leaves empty; removing an absent one is no error."""
        path = self.path_of(key)
        with told():
            try:
                os.unlink(path)
            except OSError as error:
                if error.errno in _ABSENT or path.is_dir():
                    return
                raise
            self._folders.prune(path.parent)

    def local_path(self, key: str) -> Path | None:
        """Return where the object lies; it must not be changed there."""
        return self.path_of(key)

    def sweep(self, older_than_s: float) -> int:
        """Remove temp files that nobody has written to for so long (left by a killed process); returns how many."""
        border = time.time() - older_than_s
        gone = 0
        with told():
            for path in sorted((self.root / RESERVED[0]).glob("*")):
                if path.stat().st_mtime < border:
                    path.unlink(missing_ok=True)
                    gone += 1
            with suppress(OSError):
                (self.root / RESERVED[0]).rmdir()
        return gone

    def path_of(self, key: str) -> Path:
        """Return the path of a well-formed key; raises ValueError for another."""
        return self.root / check_key(key)

    def open_temp(self) -> tuple[Path, int]:
        """Return a new temp file of the same file system and its descriptor; raises OSError."""
        folder = self.root / RESERVED[0]
        while True:
            path = folder / uuid.uuid4().hex
            try:
                if not folder.is_dir():
                    self._folders.make(self.root)
                    folder.mkdir(
                        mode=FOLDER_MODE, exist_ok=True
                    )  # nothing in it needs to outlive a power cut
                return path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
            except FileNotFoundError:
                continue  # another writer was done and took the empty folder away

    def drop_temp(self, path: Path) -> None:
        """Remove a temp file, and their folder when it was the last."""
        path.unlink(missing_ok=True)
        with suppress(OSError):  # not empty, or gone already; a leftover folder hurts nobody
            path.parent.rmdir()

    def publish(self, path: Path, key: str) -> None:
        """Let a durable file of this file system appear as `key`, only if absent; raises Conflict, OSError."""
        target = self.path_of(key)

        def link() -> None:
            try:
                os.link(path, target)
            except FileExistsError:
                raise _taken(key) from None

        self._enter(target, link)

    def make_folder(self, folder: Path) -> None:
        """Make a folder below the root, durable; raises OSError."""
        self._folders.make(folder)

    def _enter(self, target: Path, act: Callable[[], None]) -> None:
        for attempt in range(20):
            try:
                self._folders.make(target.parent)
            except (FileExistsError, NotADirectoryError):
                raise _taken(str(target.relative_to(self.root))) from None
            except FileNotFoundError:
                if attempt == 19:
                    raise
                continue
            try:
                act()
                break
            except FileNotFoundError:
                if attempt == 19:  # a delete beside us keeps taking the empty folder away
                    raise
            except IsADirectoryError:
                raise _taken(str(target.relative_to(self.root))) from None
        with suppress(FileNotFoundError):  # deleted again already
            sync_folder(target.parent)

    def _walk(self, folder: str, start: str) -> Iterator[ObjectInfo]:
        found: list[tuple[str, os.DirEntry[str]]] = []
        with told():
            try:
                with os.scandir(self.root / folder) as entries:
                    for entry in entries:
                        if entry.name.startswith(start) and not (not folder and entry.name in RESERVED):
                            mark = "/" if entry.is_dir(follow_symlinks=False) else ""
                            found.append((entry.name + mark, entry))
            except (FileNotFoundError, NotADirectoryError):
                return
        for name, entry in sorted(found, key=lambda pair: pair[0]):
            if name.endswith("/"):
                yield from self._walk(folder + name, "")
                continue
            try:
                size = entry.stat().st_size
            except FileNotFoundError:
                continue
            yield ObjectInfo(folder + name, size)


def _chunks(file: FileIO, length: int | None) -> Iterator[bytes]:
    left = length
    with file:
        while left is None or left > 0:
            with told():
                piece = file.read(CHUNK if left is None else min(CHUNK, left))
            if not piece:
                return
            if left is not None:
                left -= len(piece)
            yield piece
