"""Objects in a bucket of an S3 store: multipart, create-if-absent, a checksum on every put, reads that go on after a cut."""

import time
import uuid
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from samarkiv_contracts.problems import Conflict, Unavailable
from urllib3.exceptions import HTTPError

from samarkiv_runtime.objects.keys import RESERVED, check_key, check_range
from samarkiv_runtime.objects.parts import Part, Taken, part_bytes
from samarkiv_runtime.objects.s3client import ATTEMPTS, Bucket, drain
from samarkiv_runtime.ports import ObjectInfo

_OUTSTANDING = 2


def taken(key: str) -> Conflict:
    """Return the problem of a key that another object has."""
    return Conflict(f"Det finns redan ett objekt på {key}", f"There is already an object at {key}")


class S3Writer:
    """A new object of an S3Store; parts are sent beside the writing, at most two at a time."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket = bucket
        self._key = key
        self._nonce = uuid.uuid4().hex
        self._buffer = bytearray()
        self._size = 0
        self._upload = ""
        self._parts: list[Part] = []
        self._sending: deque[Future[Part]] = deque()
        self._threads: ThreadPoolExecutor | None = None
        self._open = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append bytes; raises StorageFull, Unavailable."""
        if not self._open:
            raise ValueError("the writer is closed")
        view = memoryview(data).cast("B")
        self._size += len(view)
        while len(view):
            room = part_bytes(self._next()) - len(self._buffer)
            self._buffer += view[:room]
            view = view[room:]
            if len(self._buffer) == part_bytes(self._next()):
                self._send()

    def commit(self) -> ObjectInfo:
        """Make the object durable and visible; raises Conflict when the key is taken."""
        try:
            if not self._upload:
                self._bucket.put_absent(self._key, bytes(self._buffer), self._nonce)
            else:
                if self._buffer:
                    self._send()
                self._collect(0)
                self._bucket.complete_absent(self._key, self._upload, self._parts, self._nonce)
                self._upload = ""
        except Taken:
            raise taken(self._key) from None
        finally:
            self.abort()
        return ObjectInfo(self._key, self._size)

    def abort(self) -> None:
        """Forget what was written; safe after commit."""
        if not self._open:
            return
        self._open = False
        self._buffer = bytearray()
        if self._threads:
            self._threads.shutdown(wait=True, cancel_futures=True)
        if self._upload:
            self._bucket.abort_parts(self._key, self._upload)

    def _next(self) -> int:
        return len(self._parts) + len(self._sending) + 1

    def _send(self) -> None:
        if not self._threads:
            self._upload = self._bucket.begin_parts(self._key, self._nonce)
            self._threads = ThreadPoolExecutor(_OUTSTANDING, thread_name_prefix="s3-part")
        number = self._next()
        data, self._buffer = bytes(self._buffer), bytearray()
        self._sending.append(
            self._threads.submit(self._bucket.put_part, self._key, self._upload, number, data)
        )
        self._collect(_OUTSTANDING)

    def _collect(self, leave: int) -> None:
        while len(self._sending) > leave:
            self._parts.append(self._sending.popleft().result())


class S3Store:
    """ObjectStore over one bucket (unversioned for staging and derivatives, versioned for copies)."""

    def __init__(
        self, endpoint: str, access_key: str, secret_key: str, bucket: str, *, region: str = "us-east-1"
    ) -> None:
        """Take address and keys; `prepare` makes the bucket."""
        self.bucket = Bucket(endpoint, access_key, secret_key, bucket, region)

    def prepare(self, *, versioning: bool = False, lock: bool = False) -> None:
        """Make the bucket when it is missing; raises Unavailable."""
        self.bucket.prepare(versioning=versioning, lock=lock)

    def create(self, key: str) -> S3Writer:
        """Begin a new object."""
        return S3Writer(self.bucket, check_key(key))

    def replace(self, key: str, data: bytes) -> None:
        """Put a small object in place of the one under the key; raises Conflict, StorageFull, Unavailable."""
        try:
            self.bucket.put(check_key(key), data)
        except Taken:
            raise taken(key) from None

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Return a range in chunks of at most 1 MiB; raises KeyError when the object is absent."""
        check_range(offset, length)
        if length == 0:
            self.bucket.head(check_key(key))
            return iter(())
        return self._stream(key, offset, length, self.bucket.get(check_key(key), offset, length))

    def fetch(self, name: str) -> bytes:
        """Return a whole small object, also one of the reserved folders; raises KeyError, Unavailable."""
        return b"".join(self._stream(name, 0, None, self.bucket.get(name, 0, None)))

    def stat(self, key: str) -> ObjectInfo | None:
        """Return size, or None when there is no such object."""
        try:
            return ObjectInfo(key, self.bucket.head(check_key(key)).size)
        except KeyError:
            return None

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Return the objects whose key begins with `prefix`, in key order; a prefix that cannot be one raises ValueError."""
        folder = prefix.rpartition("/")[0]
        if folder:
            check_key(folder)
        return (
            ObjectInfo(key, size)
            for key, size in self.bucket.keys(prefix)
            if key.split("/", 1)[0] not in RESERVED
        )

    def delete(self, key: str) -> None:
        """Remove an object; removing an absent one is no error, and leaves no delete marker."""
        if self.stat(key):
            self.bucket.delete(key)

    def local_path(self, key: str) -> Path | None:
        """Return None: nothing lies on this machine."""
        check_key(key)
        return None

    def sweep(self, older_than_s: float) -> int:
        """Abort multipart uploads left by killed processes, but none that belongs to a resumable upload."""
        border = time.time() - older_than_s
        gone = 0
        for one in self.bucket.open_uploads():
            if one.begun.timestamp() < border and not any(
                self.bucket.keys(f"{RESERVED[1]}/{one.key}/state-")
            ):
                self.bucket.abort_parts(one.key, one.upload)
                gone += 1
        return gone

    def _stream(self, key: str, offset: int, length: int | None, response: Any) -> Iterator[bytes]:
        """Yield the body; after a cut the same version is asked for where it stopped."""
        etag = response.headers.get("etag", "").strip('"') if response else ""
        attempt = 0
        while response:
            try:
                for piece in drain(response):
                    yield piece
                    attempt = 0
                    offset += len(piece)
                    length = None if length is None else length - len(piece)
            except (HTTPError, OSError) as error:
                attempt += 1
                if attempt == ATTEMPTS:
                    raise Unavailable(
                        f"Läsningen av {key} bröts", f"Reading {key} was cut: {type(error).__name__}"
                    ) from error
                response = None if length == 0 else self.bucket.get(key, offset, length, etag)
            else:
                return
