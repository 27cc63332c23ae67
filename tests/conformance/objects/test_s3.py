"""The object ports over a real S3 store (`make test-engines`)."""

import os
import uuid
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from samarkiv_contracts.problems import Conflict, Unavailable
from samarkiv_runtime.objects.check import check_store
from samarkiv_runtime.objects.s3 import S3Store
from samarkiv_runtime.objects.s3client import Bucket
from samarkiv_runtime.objects.uploads import S3Uploads
from samarkiv_runtime.ports import ObjectInfo
from urllib3.exceptions import ProtocolError

from tests.conformance.objects.object_store import ObjectStoreSuite
from tests.conformance.objects.upload_store import UploadStoreSuite

pytestmark = pytest.mark.engines


def open_store(bucket: str) -> S3Store:
    return S3Store(
        os.environ["SAMARKIV_S3_A_URL"],
        os.environ["SAMARKIV_S3_ACCESS_KEY"],
        os.environ["SAMARKIV_S3_SECRET_KEY"],
        bucket,
    )


def fresh(*, versioning: bool) -> Iterator[S3Store]:
    store = open_store(f"test-{uuid.uuid4().hex[:12]}")
    store.prepare(versioning=versioning)
    store.prepare(versioning=versioning)
    yield store
    for info in store.list(""):
        store.delete(info.key)


@pytest.fixture
def store() -> Iterator[S3Store]:
    yield from fresh(versioning=False)


@pytest.fixture
def uploads(store: S3Store) -> S3Uploads:
    return S3Uploads(store)


@pytest.fixture
def replica(store: S3Store) -> S3Uploads:
    return S3Uploads(open_store(store.bucket.name))


class TestS3Store(ObjectStoreSuite):
    pass


class TestVersionedS3Store(ObjectStoreSuite):
    @pytest.fixture
    def store(self) -> Iterator[S3Store]:
        yield from fresh(versioning=True)


class TestS3Uploads(UploadStoreSuite):
    pass


class TestOnlyS3:
    def test_a_writer_that_was_overtaken_loses(
        self, uploads: S3Uploads, replica: S3Uploads, store: S3Store
    ) -> None:
        uploads.begin("u")
        at = uploads.append("u", 0, [b"a" * 100])

        def slow() -> Iterator[bytes]:
            yield b"x" * (9 << 20)
            assert replica.append("u", 8 << 20, [b"b" * (6 << 20)]) == 14 << 20
            yield b"y" * (9 << 20)

        with pytest.raises(Conflict):
            uploads.append("u", at, slow())
        assert replica.offset("u") == 14 << 20
        replica.finish("u")
        assert b"".join(store.read("u")) == b"a" * 100 + b"x" * ((8 << 20) - 100) + b"b" * (6 << 20)

    def test_an_upload_whose_end_was_not_heard_is_finished(self, uploads: S3Uploads, store: S3Store) -> None:
        uploads.begin("u")
        uploads.append("u", 0, [b"a" * (8 << 20)])
        state = uploads._must("u")
        store.bucket.complete_absent("u", state.upload, [*state.parts], state.nonce)
        assert uploads.finish("u").size == 8 << 20
        assert store.stat("u") == ObjectInfo("u", 8 << 20)
        assert not list(store.bucket.keys(".part/"))

    def test_left_parts_are_swept_but_not_those_of_an_upload(
        self, uploads: S3Uploads, store: S3Store
    ) -> None:
        left = store.create("left")
        left.write(b"x" * (9 << 20))
        uploads.begin("u")
        uploads.append("u", 0, [b"a" * (6 << 20)])
        assert store.sweep(3600) == 0
        assert store.sweep(-60) == 1
        assert store.sweep(-60) == 0
        assert uploads.finish("u").size == 6 << 20

    def test_a_wrong_key_or_silent_store_is_unavailable(self) -> None:
        for broken in (
            S3Store(os.environ["SAMARKIV_S3_A_URL"], "wrong", "wrongwrong", "no-such-bucket"),
            S3Store("http://127.0.0.1:9", "a", "bbbbbbbb", "silent"),
        ):
            with pytest.raises(Unavailable):
                broken.stat("x")
            with pytest.raises(Unavailable):
                broken.read("x")
            with pytest.raises(Unavailable):
                broken.create("x").commit()

    def test_the_store_keeps_what_the_doctor_asks(self, store: S3Store) -> None:
        outcome = check_store(store)
        assert [one for one in outcome if one.outcome == "bad"] == []
        assert [one.name for one in outcome if one.outcome == "could_not_check"] == ["store: durability"]


class LossyBucket(Bucket):
    """A bucket behind a bad line: the call is done, and its answer is lost, `lose` times per method."""

    lose: ClassVar[dict[str, int]] = {}

    def _call(self, method: str, key: str, *args: Any, **options: Any) -> Any:
        answer = super()._call(method, key, *args, **options)
        if self.lose.get(method, 0) > 0 and not key.startswith(".part"):
            self.lose[method] -= 1
            raise ProtocolError("the line went dead")
        return answer

    def get(self, *args: Any, **options: Any) -> Any:
        answer = super().get(*args, **options)
        return CutAnswer(answer, self)


class CutAnswer:
    def __init__(self, inner: Any, bucket: LossyBucket) -> None:
        self.inner = inner
        self.headers = inner.headers
        self.bucket = bucket
        self.pieces = 0

    def read(self, size: int) -> bytes:
        self.pieces += 1
        if self.pieces == 2 and self.bucket.lose.get("body", 0) > 0:
            self.bucket.lose["body"] -= 1
            raise ProtocolError("cut in the middle")
        return bytes(self.inner.read(size))

    def close(self) -> None:
        self.inner.close()

    def release_conn(self) -> None:
        self.inner.release_conn()


class TestBadLine:
    @pytest.fixture
    def lossy(self, store: S3Store) -> S3Store:
        other = open_store(store.bucket.name)
        other.bucket = LossyBucket(
            store.bucket.endpoint,
            os.environ["SAMARKIV_S3_ACCESS_KEY"],
            os.environ["SAMARKIV_S3_SECRET_KEY"],
            store.bucket.name,
        )
        other.bucket.lose = {}  # type: ignore[misc]
        return other

    @pytest.mark.parametrize("size", [5, 9 << 20])
    @pytest.mark.parametrize("method", ["PUT", "POST"])
    def test_a_create_whose_answer_was_lost_is_our_own(self, lossy: S3Store, size: int, method: str) -> None:
        lossy.bucket.lose[method] = 2  # type: ignore[attr-defined]
        writer = lossy.create("x")
        writer.write(b"x" * size)
        assert writer.commit() == ObjectInfo("x", size)
        with pytest.raises(Conflict):
            lossy.create("x").commit()

    def test_a_read_goes_on_where_it_was_cut(self, lossy: S3Store) -> None:
        body = bytes(range(256)) * 20_000
        writer = lossy.create("x")
        writer.write(body)
        writer.commit()
        lossy.bucket.lose["body"] = 3  # type: ignore[attr-defined]
        assert b"".join(lossy.read("x")) == body
        lossy.bucket.lose["body"] = 2  # type: ignore[attr-defined]
        assert b"".join(lossy.read("x", 1_500_000, 3_000_000)) == body[1_500_000:4_500_000]
        assert lossy.bucket.lose["body"] == 0  # type: ignore[attr-defined]

    def test_a_finish_whose_answer_was_lost_is_done(self, lossy: S3Store) -> None:
        uploads = S3Uploads(lossy)
        uploads.begin("u")
        uploads.append("u", 0, [b"a" * (9 << 20)])
        lossy.bucket.lose["POST"] = 1  # type: ignore[attr-defined]
        assert uploads.finish("u").size == 9 << 20
