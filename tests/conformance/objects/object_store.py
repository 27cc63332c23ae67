"""What every ObjectStore must do. An adapter's test file supplies the fixture `store`."""

import threading

import pytest
from samarkiv_contracts.problems import Conflict
from samarkiv_runtime.ports import ObjectInfo, ObjectStore

MIB = 1 << 20


def put(store: ObjectStore, key: str, data: bytes) -> ObjectInfo:
    writer = store.create(key)
    writer.write(data)
    return writer.commit()


def get(store: ObjectStore, key: str, offset: int = 0, length: int | None = None) -> bytes:
    return b"".join(store.read(key, offset, length))


class ObjectStoreSuite:
    def test_what_is_committed_comes_back(self, store: ObjectStore) -> None:
        assert put(store, "a/b/c.bin", b"hello") == ObjectInfo("a/b/c.bin", 5)
        assert get(store, "a/b/c.bin") == b"hello"
        assert store.stat("a/b/c.bin") == ObjectInfo("a/b/c.bin", 5)

    def test_an_empty_object_is_an_object(self, store: ObjectStore) -> None:
        assert store.create("empty").commit().size == 0
        assert get(store, "empty") == b""
        assert store.stat("empty") == ObjectInfo("empty", 0)

    def test_swedish_names_and_spaces_are_kept(self, store: ObjectStore) -> None:
        key = "Åäö mapp/ärende + 100 % & (kopia).txt"
        put(store, key, b"x")
        assert [info.key for info in store.list("Åäö")] == [key]
        assert get(store, key) == b"x"

    def test_many_small_pieces_and_views_are_joined_in_order(self, store: ObjectStore) -> None:
        writer = store.create("pieces")
        for n in range(300):
            writer.write(bytes([n % 256]) * 1000)
        big = bytearray(b"q" * (2 * MIB + 17))
        writer.write(memoryview(big))
        big[:] = b"!" * len(big)  # the writer must not lean on a buffer the caller uses again
        writer.write(bytearray(b"end"))
        assert writer.commit().size == 300_000 + 2 * MIB + 17 + 3
        body = get(store, "pieces")
        assert body == b"".join(bytes([n % 256]) * 1000 for n in range(300)) + b"q" * (2 * MIB + 17) + b"end"

    def test_an_object_of_many_parts_is_whole(self, store: ObjectStore) -> None:
        writer = store.create("large")
        block = bytes(range(256)) * 4096
        for n in range(20):
            writer.write(bytes([n]) + block)
        assert writer.commit().size == 20 * (MIB + 1)
        assert get(store, "large", 7 * (MIB + 1), 3) == bytes([7, 0, 1])
        assert sum(map(len, store.read("large"))) == 20 * (MIB + 1)

    def test_ranges(self, store: ObjectStore) -> None:
        put(store, "r", b"0123456789")
        assert get(store, "r", 3, 4) == b"3456"
        assert get(store, "r", 8) == b"89"
        assert get(store, "r", 8, 100) == b"89"
        assert get(store, "r", 10, 5) == b""
        assert get(store, "r", 99) == b""
        assert get(store, "r", 2, 0) == b""
        with pytest.raises(ValueError):
            get(store, "r", -1, 2)
        with pytest.raises(ValueError):
            get(store, "r", 0, -2)

    def test_chunks_are_at_most_one_mebibyte(self, store: ObjectStore) -> None:
        put(store, "chunks", b"z" * (3 * MIB + 5))
        sizes = [len(chunk) for chunk in store.read("chunks")]
        assert max(sizes) <= MIB
        assert sum(sizes) == 3 * MIB + 5

    def test_nothing_is_visible_before_commit(self, store: ObjectStore) -> None:
        writer = store.create("later/x")
        writer.write(b"x" * (2 * MIB))
        assert store.stat("later/x") is None
        assert list(store.list("")) == []
        writer.commit()
        assert [info.key for info in store.list("")] == ["later/x"]

    def test_an_aborted_object_was_never_there(self, store: ObjectStore) -> None:
        writer = store.create("gone")
        writer.write(b"x" * (9 * MIB))
        writer.abort()
        writer.abort()
        assert store.stat("gone") is None
        assert list(store.list("")) == []

    def test_abort_after_commit_does_nothing(self, store: ObjectStore) -> None:
        writer = store.create("kept")
        writer.write(b"kept")
        writer.commit()
        writer.abort()
        assert get(store, "kept") == b"kept"

    def test_a_taken_key_is_a_conflict_and_the_first_bytes_stay(self, store: ObjectStore) -> None:
        put(store, "once", b"first")
        for data in (b"second", b"first", b"s" * (9 * MIB)):
            writer = store.create("once")
            writer.write(data)
            with pytest.raises(Conflict):
                writer.commit()
        assert get(store, "once") == b"first"

    def test_one_of_many_writers_wins(self, store: ObjectStore) -> None:
        won: list[int] = []
        barrier = threading.Barrier(8)

        def race(n: int) -> None:
            writer = store.create("race/x")
            writer.write(b"%d" % n)
            barrier.wait(10)
            try:
                writer.commit()
            except Conflict:
                return
            won.append(n)

        threads = [threading.Thread(target=race, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        assert get(store, "race/x") == b"%d" % won[0]

    def test_replace_puts_new_bytes_in_place(self, store: ObjectStore) -> None:
        store.replace("inv/inventory.json", b"one")
        assert get(store, "inv/inventory.json") == b"one"
        store.replace("inv/inventory.json", b"two two")
        assert get(store, "inv/inventory.json") == b"two two"
        assert [info.size for info in store.list("inv/")] == [7]

    def test_an_absent_key(self, store: ObjectStore) -> None:
        assert store.stat("no/such") is None
        with pytest.raises(KeyError):
            store.read("no/such")
        store.delete("no/such")
        assert list(store.list("no/")) == []

    def test_a_folder_is_no_object(self, store: ObjectStore) -> None:
        put(store, "d/e/f", b"x")
        assert store.stat("d/e") is None
        with pytest.raises(KeyError):
            store.read("d/e")
        store.delete("d/e")
        assert get(store, "d/e/f") == b"x"

    def test_what_is_deleted_is_gone(self, store: ObjectStore) -> None:
        put(store, "x/y", b"1")
        put(store, "x/z", b"2")
        store.delete("x/y")
        store.delete("x/y")
        assert [info.key for info in store.list("x/")] == ["x/z"]
        assert store.stat("x/y") is None

    def test_list_is_in_key_order_and_by_prefix(self, store: ObjectStore) -> None:
        keys = ["a.txt", "a/b.c/d", "a/b/e", "a/bc", "b/1", "b/10", "b/2"]
        for key in keys:
            put(store, key, key.encode())
        assert [info.key for info in store.list("")] == sorted(keys)
        assert [info.key for info in store.list("a/")] == ["a/b.c/d", "a/b/e", "a/bc"]
        assert [info.key for info in store.list("a/b")] == ["a/b.c/d", "a/b/e", "a/bc"]
        assert [info.key for info in store.list("b/1")] == ["b/1", "b/10"]
        assert [info.key for info in store.list("a")] == sorted(k for k in keys if k.startswith("a"))
        assert [info.key for info in store.list("c")] == []

    @pytest.mark.parametrize(
        "key",
        [
            "",
            "/abs",
            "a//b",
            "a/../b",
            "..",
            "./a",
            "a/",
            "a\x00b",
            "å" * 128,
            "x/" + "y" * 256,
            "a\\b",
            ".temp/x",
            ".part/x",
            "\ud800",
        ],
    )
    def test_a_bad_key_is_refused(self, store: ObjectStore, key: str) -> None:
        for act in (
            lambda: store.create(key),
            lambda: store.read(key),
            lambda: store.stat(key),
            lambda: store.delete(key),
            lambda: store.replace(key, b""),
        ):
            with pytest.raises(ValueError):
                act()

    def test_the_longest_segment_is_taken(self, store: ObjectStore) -> None:
        key = "långt/" + "å" * 127 + "x"
        put(store, key, b"1")
        assert get(store, key) == b"1"

    def test_a_read_that_is_dropped_leaves_nothing_open(self, store: ObjectStore) -> None:
        put(store, "drop", b"x" * (4 * MIB))
        for _ in range(50):
            chunks = store.read("drop")
            next(chunks)
            del chunks
        assert get(store, "drop", 0, 1) == b"x"
