"""What only the folder store promises: order of the durable steps, nothing left behind, no empty folders."""

import os
import threading
from pathlib import Path

import pytest
from samarkiv_contracts.problems import Conflict, StorageFull, Unavailable
from samarkiv_runtime.objects.durable import told
from samarkiv_runtime.objects.folder import FolderStore
from samarkiv_runtime.objects.uploads import FolderUploads


def tree(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def put(store: FolderStore, key: str, data: bytes) -> None:
    writer = store.create(key)
    writer.write(data)
    writer.commit()


def test_file_is_synced_before_the_link_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    real_fsync, real_link = os.fsync, os.link

    def fsync(fd: int) -> None:
        steps.append("fsync " + Path(os.readlink(f"/proc/self/fd/{fd}")).relative_to(tmp_path).parts[-1])
        real_fsync(fd)

    def link(source: Path, target: Path) -> None:
        steps.append("link " + Path(target).name)
        real_link(source, target)

    store = FolderStore(tmp_path / "root")
    writer = store.create("a/b/c")
    writer.write(b"x")
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "link", link)
    writer.commit()
    assert steps == [f"fsync {writer.path.name}", "fsync root", "fsync a", "link c", "fsync b"]


def test_an_idle_store_holds_objects_only(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    put(store, "a/b", b"1")
    store.replace("a/c", b"2")
    store.create("a/d").abort()
    with pytest.raises(Conflict):
        put(store, "a/b", b"3")
    assert tree(tmp_path) == ["a", "a/b", "a/c"]
    store.delete("a/b")
    store.delete("a/c")
    assert tree(tmp_path) == []


def test_leftovers_of_a_killed_process_are_swept_when_old(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    left = store.create("x")
    left.write(b"half")
    os.utime(left.path, (1, 1))
    fresh = store.create("y")
    assert store.sweep(3600) == 1
    assert not left.path.exists()
    fresh.write(b"whole")
    assert fresh.commit().size == 5
    assert store.sweep(0) == 0


def test_bytes_of_another_file_are_sent_inside_the_kernel(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(range(256)) * 40_000)
    store = FolderStore(tmp_path / "root")
    writer = store.create("x")
    writer.write(b"head")
    with source.open("rb") as file:
        writer.sendfile_from(file.fileno(), 1000, 9_000_000)
        writer.write(b"tail")
        with pytest.raises(EOFError):
            writer.sendfile_from(file.fileno(), 10_239_999, 5)
    data = source.read_bytes()
    writer.commit()
    assert b"".join(store.read("x")) == b"head" + data[1000:9_001_000] + b"tail" + data[-1:]


def test_other_processes_may_write_in_place(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    writer = store.create("x")
    os.pwrite(writer.fileno(), b"world", 6)
    os.pwrite(writer.fileno(), b"hello ", 0)
    assert writer.commit().size == 11
    assert b"".join(store.read("x")) == b"hello world"


def test_a_file_in_the_way_of_a_folder_is_a_conflict(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    put(store, "f", b"1")
    for key in ("f/g", "f/g/h"):
        with pytest.raises(Conflict):
            put(store, key, b"2")
        assert store.stat(key) is None
    put(store, "d/e", b"1")
    with pytest.raises(Conflict):
        put(store, "d", b"2")
    with pytest.raises(Conflict):
        store.replace("d", b"2")


def test_a_full_disk_and_a_broken_one_are_told_apart() -> None:
    with pytest.raises(StorageFull), told():
        raise OSError(28, "No space left on device")
    with pytest.raises(Unavailable), told():
        raise OSError(5, "Input/output error")


def test_writers_and_deleters_share_folders(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    faults: list[BaseException] = []

    def churn(n: int) -> None:
        try:
            for i in range(40):
                put(store, f"s/t/{n}-{i}", b"x")
                store.delete(f"s/t/{n}-{i}")
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=churn, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert tree(tmp_path) == []


def test_two_pieces_at_once_are_a_conflict(tmp_path: Path) -> None:
    uploads = FolderUploads(FolderStore(tmp_path))
    uploads.begin("x")

    def piece() -> object:
        yield b"first"
        with pytest.raises(Conflict):
            uploads.append("x", 0, [b"second"])

    assert uploads.append("x", 0, piece()) == 5  # type: ignore[arg-type]


def test_a_crash_between_link_and_unlink_of_finish_is_mended(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    uploads = FolderUploads(store)
    uploads.begin("x")
    uploads.append("x", 0, [b"abc"])
    os.link(tmp_path / ".part" / "x", tmp_path / "x")
    with pytest.raises(Conflict):
        uploads.append("x", 3, [b"d"])
    assert uploads.finish("x").size == 3
    assert b"".join(store.read("x")) == b"abc"
    assert not (tmp_path / ".part" / "x").exists()


def test_ended_uploads_leave_no_folders(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    uploads = FolderUploads(store)
    for key in ("uploads/a/container", "uploads/b/container", "uploads/c/container"):
        uploads.begin(key)
    uploads.append("uploads/a/container", 0, [b"abc"])
    assert uploads.finish("uploads/a/container").size == 3
    assert sorted(path.name for path in (tmp_path / "store/.part/uploads").iterdir()) == ["b", "c"]
    uploads.discard("uploads/b/container")
    uploads.discard("uploads/b/container")
    assert uploads.offset("uploads/c/container") == 0
    uploads.discard("uploads/c/container")
    assert list((tmp_path / "store/.part/uploads").iterdir()) == []
