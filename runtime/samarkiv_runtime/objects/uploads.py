"""Resumable uploads: into a folder as one growing file, into S3 as parts and a tail."""

import fcntl
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, astuple, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from samarkiv_contracts.problems import Conflict, WrongOffset

from samarkiv_runtime.objects.durable import FILE_MODE, sync_folder, told, write_all
from samarkiv_runtime.objects.folder import FolderStore
from samarkiv_runtime.objects.keys import RESERVED, check_key
from samarkiv_runtime.objects.parts import LEAST_PART, Part, Taken, part_bytes
from samarkiv_runtime.ports import ObjectInfo

if TYPE_CHECKING:
    from samarkiv_runtime.objects.s3 import S3Store


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
                _drop_folder(part.parent)
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
            _drop_folder(part.parent)

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


def _drop_folder(folder: Path) -> None:
    """Remove the folder of one upload; a power cut may bring it back, empty, which hurts nobody."""
    with suppress(OSError):
        folder.rmdir()


@dataclass(frozen=True)
class _Mark:
    """How far an S3 upload had come: so many parts, then a tail object."""

    parts: int = 0
    tail: str = ""
    tail_bytes: int = 0


@dataclass(frozen=True)
class _State:
    """An S3 upload as its newest state object tells it. `before` is where the last append began (for taking it back)."""

    generation: int
    nonce: str
    upload: str = ""
    next: int = 1
    parts: tuple[Part, ...] = ()
    tail: str = ""
    tail_bytes: int = 0
    open: bool = False
    before: _Mark = field(default_factory=_Mark)

    @property
    def parts_bytes(self) -> int:
        return sum(part.size for part in self.parts)

    @property
    def size(self) -> int:
        return self.parts_bytes + self.tail_bytes

    @property
    def mark(self) -> _Mark:
        return _Mark(len(self.parts), self.tail, self.tail_bytes)


def _overtaken() -> Conflict:
    return Conflict(
        "En annan del av uppladdningen togs emot samtidigt",
        "Another piece of the upload came at the same time",
    )


class S3Uploads:
    """UploadStore over an S3Store, resumable by any replica: parts of a multipart upload, and a tail too small for a part.

    The truth is the newest `.part/<key>/state-N`, made only if absent: of two writers one loses before it has told
    anybody that its bytes are durable. `truncate` goes back to where the last append began, or into the tail.
    """

    def __init__(self, store: "S3Store") -> None:
        """Take the store the finished uploads become objects of."""
        self._bucket = store.bucket
        self._store = store

    def begin(self, key: str) -> None:
        """Start an upload at offset 0; starting one that exists, or is finished, changes nothing."""
        check_key(key)
        if self._load(key) is None and self._store.stat(key) is None:
            with suppress(Conflict):  # another replica began it
                self._save(key, _State(0, uuid.uuid4().hex))

    def offset(self, key: str) -> int:
        """Return how many bytes are durable; a finished upload stands at its end. Raises KeyError."""
        state = self._load(key)
        if state:
            return state.size
        return self._bucket.head(check_key(key)).size

    def append(self, key: str, offset: int, chunks: Iterable[bytes]) -> int:
        """Add bytes at `offset`; durable at return, also when `chunks` ends in an error (which is raised on).

        Returns the new offset. Raises KeyError, WrongOffset, StorageFull, Unavailable, Conflict when another piece came between.
        """
        state = self._must(key)
        if state.size != offset:
            raise wrong_offset(offset, state.size)
        # a writer that was cut off may still be sending one part: its number is left to it
        number = state.next + 1 if state.open else state.next
        state = self._save(key, replace(state, open=True, next=number, before=state.mark))
        buffer = bytearray(self._bytes(key, state.tail))
        try:
            for chunk in chunks:
                buffer += chunk
                while len(buffer) >= part_bytes(state.next):
                    cut = part_bytes(state.next)
                    state = self._part(key, state, bytes(memoryview(buffer)[:cut]))
                    del buffer[:cut]
        finally:
            if len(buffer) >= LEAST_PART:
                state = self._part(key, state, bytes(buffer))
            elif len(buffer) != state.tail_bytes or not state.tail:
                state = self._tail(key, state, bytes(buffer))
            state = self._save(key, replace(state, open=False))
        return state.size

    def truncate(self, key: str, offset: int) -> None:
        """Take back what was appended after `offset`; raises KeyError, WrongOffset when it cannot go there."""
        state = self._must(key)
        mark = state.before
        if offset == state.size:
            return
        if offset == sum(part.size for part in state.parts[: mark.parts]) + mark.tail_bytes:
            back = replace(
                state, parts=state.parts[: mark.parts], tail=mark.tail, tail_bytes=mark.tail_bytes, open=False
            )
        elif state.parts_bytes <= offset < state.size:
            kept = self._bytes(key, state.tail)[: offset - state.parts_bytes]
            back = self._tail(key, state, kept)
        else:
            raise wrong_offset(offset, state.size)
        self._save(key, replace(back, before=back.mark))

    def finish(self, key: str) -> ObjectInfo:
        """Turn the upload into the object `key`; raises KeyError, Conflict when another object is there."""
        state = self._load(key)
        if state is None:
            return ObjectInfo(key, self._bucket.head(check_key(key)).size)
        try:
            if not state.parts:
                self._bucket.put_absent(key, self._bytes(key, state.tail), state.nonce)
            else:
                parts = list(state.parts)
                if state.tail_bytes:
                    tail = self._bytes(key, state.tail)
                    parts.append(self._bucket.put_part(key, state.upload, state.next + 1, tail))
                self._bucket.complete_absent(key, state.upload, parts, state.nonce)
        except KeyError:  # completed before, and not forgotten yet
            if not self._bucket.wrote(key, state.nonce):
                raise
        except Taken:
            raise Conflict(
                f"Det finns redan ett objekt på {key}", f"There is already an object at {key}"
            ) from None
        self._forget(key)
        return ObjectInfo(key, state.size)

    def discard(self, key: str) -> None:
        """Forget an upload that is not finished; safe when there is none."""
        state = self._load(key)
        if state and state.upload:
            self._bucket.abort_parts(key, state.upload)
        self._forget(key)

    # ------------------------------------------------------------------ state

    def _must(self, key: str) -> _State:
        state = self._load(key)
        if state is None:
            raise KeyError(key)
        return state

    def _load(self, key: str) -> _State | None:
        for _ in range(10):
            names = sorted(name for name, _size in self._bucket.keys(self._name(key, "state-")))
            if not names:
                return None
            with suppress(KeyError):  # a newer one has taken its place since the listing
                doc = json.loads(self._get(names[-1]))
                parts = tuple(Part(*part) for part in doc.pop("parts"))
                return _State(**{**doc, "parts": parts, "before": _Mark(**doc["before"])})
        raise Conflict("Uppladdningen ändras av någon annan", "The upload is being changed by another")

    def _save(self, key: str, state: _State) -> _State:
        """Make `state` the newest, if it follows what was read; raises Conflict when another writer was there first."""
        new = replace(state, generation=state.generation + 1)
        doc = {**asdict(new), "parts": [astuple(part) for part in new.parts]}
        mine = f"state-{new.generation:08}"
        try:
            self._bucket.put_absent(self._name(key, mine), json.dumps(doc).encode(), uuid.uuid4().hex)
        except Taken:
            raise _overtaken() from None
        names = [name.rpartition("/")[2] for name, _ in self._bucket.keys(self._name(key, ""))]
        if max(name for name in names if name.startswith("state-")) != mine:
            raise _overtaken()  # the one that came between has tidied its own first states away
        kept = {mine, new.tail, new.before.tail}
        for name in names:
            if name not in kept and (name.startswith("state-") or not new.open):
                self._bucket.delete(self._name(key, name))
        return new

    def _part(self, key: str, state: _State, data: bytes) -> _State:
        if not state.upload:
            state = replace(state, upload=self._bucket.begin_parts(key, state.nonce))
        part = self._bucket.put_part(key, state.upload, state.next, data)
        return self._save(
            key, replace(state, parts=(*state.parts, part), next=state.next + 1, tail="", tail_bytes=0)
        )

    def _tail(self, key: str, state: _State, data: bytes) -> _State:
        if not data:
            return replace(state, tail="", tail_bytes=0)
        name = f"tail-{state.generation:08}-{uuid.uuid4().hex[:8]}"
        self._bucket.put(self._name(key, name), data)
        return replace(state, tail=name, tail_bytes=len(data))

    def _bytes(self, key: str, tail: str) -> bytes:
        return self._get(self._name(key, tail)) if tail else b""

    def _get(self, name: str) -> bytes:
        return self._store.fetch(name)

    def _forget(self, key: str) -> None:
        # newest state last: until it is gone, the upload is still there and can be forgotten again
        for name, _ in sorted(self._bucket.keys(self._name(key, "")), key=lambda pair: "/state-" in pair[0]):
            self._bucket.delete(name)

    def _name(self, key: str, name: str) -> str:
        return f"{RESERVED[1]}/{check_key(key)}/{name}"
