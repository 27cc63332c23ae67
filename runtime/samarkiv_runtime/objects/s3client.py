"""One bucket of an S3 store: the few calls the archive relies on, with retries where they are safe.

minio-py 7.2 has no conditional create, sends no checksum over http and refuses dates with nine decimals; its request
method signs any header, so the calls are made here. Its own retries are off: a retried success would read as 412.
"""

import base64
import hashlib
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import certifi
import minio.commonconfig
import minio.datatypes
import minio.retention
import minio.time
import minio.versioningconfig
import urllib3
from minio import Minio
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from samarkiv_contracts.problems import StorageFull, Unavailable
from urllib3.exceptions import HTTPError

from samarkiv_runtime.objects.parts import Part, Taken

R = TypeVar("R")

MIB = 1 << 20
ATTEMPTS = 4
_FULL = {"InsufficientStorage", "QuotaExceeded", "XMinioStorageFull", "StorageFull", "EntityTooLarge"}
_TRY_AGAIN = {
    "InternalError",
    "SlowDown",
    "ServiceUnavailable",
    "RequestTimeout",
    "OperationAborted",
    "BadDigest",
}
_LOST_RACE = {"PreconditionFailed", "ConditionalRequestConflict"}
# where versitygw keeps plain files, a file cannot lie where a folder is
_IN_THE_WAY = {"ObjectParentIsFile", "ExistingObjectIsDirectory", "DirectoryObjectContainsData"}
_ABSENT = {"NoSuchKey", "NoSuchUpload", "NoSuchVersion"}
_NONCE = "samarkiv-write"
_strict_date = minio.time.from_iso8601utc


def _tolerant_date(value: str | None) -> datetime | None:
    if value and "." in value:
        head, decimals = value.rstrip("Z").split(".", 1)
        value = f"{head}.{decimals[:6]}Z"
    found: datetime | None = _strict_date(value)
    return found


@dataclass(frozen=True)
class Found:
    """What a HEAD says."""

    size: int
    etag: str
    meta: dict[str, str]


@dataclass(frozen=True)
class OpenUpload:
    """A multipart upload that is neither completed nor aborted."""

    key: str
    upload: str
    begun: datetime


class Bucket:
    """The calls on one bucket. Raises KeyError (absent), Taken, StorageFull, Unavailable, and nothing else."""

    def __init__(
        self, endpoint: str, access_key: str, secret_key: str, bucket: str, region: str = "us-east-1"
    ) -> None:
        """Take the address (`http://host:port`), keys and name; nothing is asked before the first call."""
        parts = urlsplit(endpoint)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ValueError(f"S3 endpoint must be http(s)://host[:port], not {endpoint!r}")
        for module in (minio.datatypes, minio.retention, minio.time):
            setattr(module, "from_iso8601utc", _tolerant_date)  # noqa: B010
        self.name = bucket
        self.region = region
        self.endpoint = endpoint
        self._minio = Minio(
            endpoint=parts.netloc,
            access_key=access_key,
            secret_key=secret_key,
            secure=parts.scheme == "https",
            region=region,
            http_client=urllib3.PoolManager(
                maxsize=16,
                retries=0,
                timeout=urllib3.Timeout(connect=5, read=120),
                cert_reqs="CERT_REQUIRED",
                ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
            ),
        )

    # ------------------------------------------------------------------ bucket

    def prepare(self, *, versioning: bool = False, lock: bool = False) -> None:
        """Make the bucket when it is missing; `versioning` keeps older versions, `lock` allows retention."""

        def make() -> None:
            if not self._minio.bucket_exists(bucket_name=self.name):
                try:
                    self._minio.make_bucket(bucket_name=self.name, object_lock=lock)
                except S3Error as error:
                    if error.code not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                        raise
            if versioning and not lock:
                config = minio.versioningconfig.VersioningConfig(minio.commonconfig.ENABLED)
                self._minio.set_bucket_versioning(bucket_name=self.name, config=config)

        self._again(make)

    def exists(self) -> bool:
        """Return whether the bucket is there."""
        return bool(self._again(lambda: self._minio.bucket_exists(bucket_name=self.name)))

    # ------------------------------------------------------------------ whole objects

    def put(self, key: str, data: bytes, nonce: str = "") -> None:
        """Put an object in place of whatever is there."""
        self._again(lambda: self._call("PUT", key, data, {**_checksum(data), **_meta(nonce)}))

    def put_absent(self, key: str, data: bytes, nonce: str) -> None:
        """Put an object only if there is none; raises Taken. `nonce` tells our own earlier success from another's."""

        def act() -> None:
            self._call("PUT", key, data, {"If-None-Match": "*", **_checksum(data), **_meta(nonce)})

        self._only_once(act, key, nonce)

    def head(self, key: str) -> Found:
        """Return size, ETag and our metadata."""
        headers = self._again(lambda: self._call("HEAD", key)).headers
        meta = {
            name[len("x-amz-meta-") :].lower(): value
            for name, value in headers.items()
            if name.lower().startswith("x-amz-meta-")
        }
        return Found(int(headers.get("content-length", "0")), headers.get("etag", "").strip('"'), meta)

    def wrote(self, key: str, nonce: str) -> bool:
        """Return whether the object under the key is the one written with this nonce."""
        try:
            return self.head(key).meta.get(_NONCE) == nonce
        except KeyError:
            return False

    def get(self, key: str, offset: int, length: int | None, etag: str = "") -> Any:
        """Return a response to stream a range from, or None when the range lies after the end."""
        headers = {"If-Match": f'"{etag}"'} if etag else {}
        if offset or length is not None:
            headers["Range"] = f"bytes={offset}-" + ("" if length is None else str(offset + length - 1))
        try:
            return self._again(lambda: self._call("GET", key, None, dict(headers), stream=True))
        except _OutOfRange:
            return None

    def delete(self, key: str) -> None:
        """Remove an object; an absent one is no error."""
        try:
            self._again(lambda: self._call("DELETE", key))
        except KeyError:
            return

    def keys(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Return (key, size) of the objects with this prefix, in key order; a cut listing goes on where it was."""
        last = ""
        for attempt in range(ATTEMPTS):
            try:
                for info in self._minio.list_objects(
                    bucket_name=self.name, prefix=prefix, recursive=True, start_after=last or None
                ):
                    if not info.is_dir and info.object_name != last:
                        last = info.object_name
                        yield last, info.size or 0
            except (MinioException, HTTPError, OSError) as error:
                if attempt == ATTEMPTS - 1 or not _passing(error):
                    raise _told(error) from error
            else:
                return

    # ------------------------------------------------------------------ parts

    def begin_parts(self, key: str, nonce: str) -> str:
        """Return the id of a new multipart upload."""
        headers = {
            "Content-Type": "application/octet-stream",
            "x-amz-checksum-algorithm": "SHA256",
            "x-amz-checksum-type": "COMPOSITE",
            **_meta(nonce),
        }
        return str(self._again(lambda: self._minio._create_multipart_upload(self.name, key, dict(headers))))  # noqa: SLF001

    def put_part(self, key: str, upload: str, number: int, data: bytes) -> Part:
        """Upload one part; the same number again takes its place."""
        checksum = _checksum(data)
        query = {"partNumber": str(number), "uploadId": upload}
        response = self._again(lambda: self._call("PUT", key, data, dict(checksum), query))
        return Part(number, len(data), response.headers["etag"].strip('"'), checksum["x-amz-checksum-sha256"])

    def complete_absent(self, key: str, upload: str, parts: Sequence[Part], nonce: str) -> None:
        """Turn the parts into the object only if there is none; raises Taken, KeyError when the upload is gone."""
        lines = "".join(
            f"<Part><PartNumber>{part.number}</PartNumber><ETag>&quot;{part.etag}&quot;</ETag>"
            f"<ChecksumSHA256>{part.sha256}</ChecksumSHA256></Part>"
            for part in parts
        )
        body = (
            f'<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{lines}</CompleteMultipartUpload>'
        ).encode()
        headers = {
            "If-None-Match": "*",
            "Content-Type": "application/xml",
            "Content-MD5": base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode(),
        }

        def act() -> None:
            response = self._call("POST", key, body, dict(headers), {"uploadId": upload})
            if b"<Error>" in response.data:  # 200 with an error inside, as the protocol allows
                raise InvalidResponseError(
                    200, "application/xml", response.data[:300].decode(errors="replace")
                )

        self._only_once(act, key, nonce)

    def abort_parts(self, key: str, upload: str) -> None:
        """Forget a multipart upload; an unknown one is no error."""
        try:
            self._again(lambda: self._call("DELETE", key, None, {}, {"uploadId": upload}))
        except KeyError:
            return

    def open_uploads(self) -> list[OpenUpload]:
        """Return the multipart uploads that are open (the first thousand; aborting brings the next)."""
        found = self._again(lambda: self._minio._list_multipart_uploads(self.name))  # noqa: SLF001
        return [
            OpenUpload(one.object_name, one.upload_id, one.initiated_time)
            for one in found.uploads
            if one.upload_id and one.initiated_time
        ]

    # ------------------------------------------------------------------ calling

    def _call(
        self,
        method: str,
        key: str,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        *,
        stream: bool = False,
    ) -> Any:
        sent: dict[str, Any] = dict(headers or {})
        asked: dict[str, Any] = dict(query or {})
        if method == "PUT":
            sent.setdefault("Content-Type", "application/octet-stream")
            sent.setdefault("Content-Length", str(len(data or b"")))
        return self._minio._execute(  # noqa: SLF001
            method,
            self.name,
            key,
            body=data,
            headers=sent,
            query_params=asked,
            preload_content=not stream,
        )

    def _again(self, act: Callable[[], R]) -> R:
        """Run an act that may safely be run twice."""
        for attempt in range(ATTEMPTS):
            try:
                return act()
            except (MinioException, HTTPError, OSError) as error:
                if attempt == ATTEMPTS - 1 or not _passing(error):
                    raise _told(error) from error
                time.sleep(0.05 * 3**attempt * (0.5 + random.random()))  # noqa: S311
        raise AssertionError

    def _only_once(self, act: Callable[[], None], key: str, nonce: str) -> None:
        """Run a conditional act; after a lost answer or a refusal, read back who won."""
        for attempt in range(ATTEMPTS):
            try:
                act()
            except (MinioException, HTTPError, OSError) as error:
                if self.wrote(key, nonce):
                    return
                if attempt == ATTEMPTS - 1 or not _passing(error):
                    raise _told(error) from error
                time.sleep(0.05 * 3**attempt * (0.5 + random.random()))  # noqa: S311
            else:
                return


class _OutOfRange(Exception):
    """The range begins after the end."""


def _meta(nonce: str) -> dict[str, str]:
    return {f"x-amz-meta-{_NONCE}": nonce} if nonce else {}


def _checksum(data: bytes) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    return {"x-amz-sdk-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": digest}


def _passing(error: Exception) -> bool:
    if isinstance(error, S3Error):
        return error.code in _TRY_AGAIN
    if isinstance(error, ServerError):
        return int(error.status_code) >= 500
    if isinstance(error, InvalidResponseError):
        return int(error._code) >= 500  # noqa: SLF001
    return True


def _told(error: Exception) -> Exception:
    """Return the error of the port for one of the client's."""
    code = error.code if isinstance(error, S3Error) else ""
    status = getattr(getattr(error, "response", None), "status", 0)
    text = f"{code or type(error).__name__}: {str(error)[:200]}"
    if code in _LOST_RACE or code in _IN_THE_WAY or status == 412:
        return Taken(text)
    if code in _ABSENT or (isinstance(error, S3Error) and status == 404 and code != "NoSuchBucket"):
        return KeyError(text)
    if code == "InvalidRange" or status == 416:
        return _OutOfRange(text)
    if code in _FULL or status == 507:
        return StorageFull(f"Lagringen är full: {text}", f"The store is full: {text}")
    return Unavailable(f"Lagringen svarar inte: {text}", f"The store does not answer: {text}")


def drain(response: Any) -> Iterator[bytes]:
    """Return the body of a response in pieces of at most 1 MiB; the connection goes back when it is dropped."""
    try:
        while piece := response.read(MIB):
            yield piece
    finally:
        response.close()
        response.release_conn()
