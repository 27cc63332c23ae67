"""What every UploadStore must do. An adapter's test file supplies `uploads`, `replica` (the same from another process) and `store`."""

from collections.abc import Iterator

import pytest
from samarkiv_contracts.problems import Conflict, WrongOffset
from samarkiv_runtime.ports import ObjectInfo, ObjectStore, UploadStore

MIB = 1 << 20


class CutError(Exception):
    """The client went away."""


def cut_after(*chunks: bytes) -> Iterator[bytes]:
    yield from chunks
    raise CutError


def body(store: ObjectStore, key: str) -> bytes:
    return b"".join(store.read(key))


class UploadStoreSuite:
    def test_pieces_become_an_object(self, uploads: UploadStore, store: ObjectStore) -> None:
        uploads.begin("up/a")
        assert uploads.offset("up/a") == 0
        assert uploads.append("up/a", 0, [b"hello ", b"wor"]) == 9
        assert uploads.append("up/a", 9, [b"ld"]) == 11
        assert store.stat("up/a") is None
        assert uploads.finish("up/a") == ObjectInfo("up/a", 11)
        assert body(store, "up/a") == b"hello world"
        assert [info.key for info in store.list("")] == ["up/a"]

    def test_an_empty_upload(self, uploads: UploadStore, store: ObjectStore) -> None:
        uploads.begin("up/empty")
        assert uploads.append("up/empty", 0, []) == 0
        assert uploads.finish("up/empty").size == 0
        assert body(store, "up/empty") == b""

    def test_beginning_twice_changes_nothing(self, uploads: UploadStore) -> None:
        uploads.begin("up/b")
        uploads.append("up/b", 0, [b"12345"])
        uploads.begin("up/b")
        assert uploads.offset("up/b") == 5

    def test_another_replica_takes_the_next_piece(
        self, uploads: UploadStore, replica: UploadStore, store: ObjectStore
    ) -> None:
        uploads.begin("up/c")
        at = uploads.append("up/c", 0, [b"a" * (3 * MIB)])
        assert replica.offset("up/c") == at
        at = replica.append("up/c", at, [b"b" * MIB] * 9)
        at = uploads.append("up/c", at, [b"c" * 10])
        at = replica.append("up/c", at, [b"d" * (5 * MIB)])
        assert replica.finish("up/c").size == at == 17 * MIB + 10
        assert body(store, "up/c") == b"a" * (3 * MIB) + b"b" * (9 * MIB) + b"c" * 10 + b"d" * (5 * MIB)

    def test_a_large_piece_of_odd_chunks(self, uploads: UploadStore, store: ObjectStore) -> None:
        uploads.begin("up/large")
        chunk = bytes(range(256)) * 300
        assert uploads.append("up/large", 0, [chunk] * 400) == 400 * len(chunk)
        uploads.finish("up/large")
        assert body(store, "up/large") == chunk * 400

    def test_what_came_before_a_cut_is_kept(self, uploads: UploadStore, store: ObjectStore) -> None:
        uploads.begin("up/d")
        with pytest.raises(CutError):
            uploads.append("up/d", 0, cut_after(b"1" * (7 * MIB), b"2" * 100))
        assert uploads.offset("up/d") == 7 * MIB + 100
        with pytest.raises(CutError):
            uploads.append("up/d", 7 * MIB + 100, cut_after(b"3"))
        uploads.append("up/d", 7 * MIB + 101, [b"4"])
        uploads.finish("up/d")
        assert body(store, "up/d") == b"1" * (7 * MIB) + b"2" * 100 + b"34"

    @pytest.mark.parametrize("given", [0, 4, 6, 10**9])
    def test_a_wrong_offset_changes_nothing(self, uploads: UploadStore, given: int) -> None:
        uploads.begin("up/e")
        uploads.append("up/e", 0, [b"12345"])
        with pytest.raises(WrongOffset):
            uploads.append("up/e", given, [b"xx"])
        assert uploads.offset("up/e") == 5

    @pytest.mark.parametrize(
        ("first", "second"), [(3, 4), (3 * MIB, 4 * MIB), (6 * MIB, 20 * MIB), (6 * MIB, 7)]
    )
    def test_the_last_piece_can_be_taken_back(
        self, uploads: UploadStore, replica: UploadStore, store: ObjectStore, first: int, second: int
    ) -> None:
        uploads.begin("up/f")
        uploads.append("up/f", 0, [b"a" * first])
        uploads.append("up/f", first, [b"x" * second])
        replica.truncate("up/f", first)
        replica.truncate("up/f", first)
        assert uploads.offset("up/f") == first
        uploads.append("up/f", first, [b"b" * 9])
        uploads.finish("up/f")
        assert body(store, "up/f") == b"a" * first + b"b" * 9

    def test_truncating_beyond_the_end_is_wrong(self, uploads: UploadStore) -> None:
        uploads.begin("up/g")
        uploads.append("up/g", 0, [b"abc"])
        with pytest.raises(WrongOffset):
            uploads.truncate("up/g", 4)
        assert uploads.offset("up/g") == 3

    def test_finishing_twice_is_no_error(
        self, uploads: UploadStore, replica: UploadStore, store: ObjectStore
    ) -> None:
        uploads.begin("up/h")
        uploads.append("up/h", 0, [b"abc" * MIB * 3])
        assert uploads.finish("up/h") == replica.finish("up/h") == ObjectInfo("up/h", 9 * MIB)
        assert uploads.offset("up/h") == 9 * MIB
        uploads.begin("up/h")
        assert uploads.finish("up/h").size == 9 * MIB
        assert store.stat("up/h") == ObjectInfo("up/h", 9 * MIB)

    def test_a_finished_upload_takes_no_more(self, uploads: UploadStore, store: ObjectStore) -> None:
        uploads.begin("up/i")
        uploads.append("up/i", 0, [b"abc"])
        uploads.finish("up/i")
        with pytest.raises(KeyError):
            uploads.append("up/i", 3, [b"d"])
        assert body(store, "up/i") == b"abc"

    def test_a_key_taken_by_another_object_is_a_conflict(
        self, uploads: UploadStore, store: ObjectStore
    ) -> None:
        uploads.begin("up/j")
        uploads.append("up/j", 0, [b"mine"])
        writer = store.create("up/j")
        writer.write(b"theirs")
        writer.commit()
        with pytest.raises(Conflict):
            uploads.finish("up/j")
        assert body(store, "up/j") == b"theirs"

    def test_an_unknown_upload(self, uploads: UploadStore) -> None:
        for act in (
            lambda: uploads.offset("up/no"),
            lambda: uploads.append("up/no", 0, [b"x"]),
            lambda: uploads.finish("up/no"),
            lambda: uploads.truncate("up/no", 0),
        ):
            with pytest.raises(KeyError):
                act()
        uploads.discard("up/no")

    def test_a_discarded_upload_is_forgotten(self, uploads: UploadStore, store: ObjectStore) -> None:
        uploads.begin("up/k")
        uploads.append("up/k", 0, [b"x" * (6 * MIB)])
        uploads.discard("up/k")
        uploads.discard("up/k")
        with pytest.raises(KeyError):
            uploads.offset("up/k")
        uploads.begin("up/k")
        assert uploads.offset("up/k") == 0
        assert store.stat("up/k") is None

    def test_a_bad_key_is_refused(self, uploads: UploadStore) -> None:
        with pytest.raises(ValueError):
            uploads.begin("../x")
