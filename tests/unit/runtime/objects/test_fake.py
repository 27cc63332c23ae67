"""The lying store lies exactly as planned, and the store check finds it out."""

from pathlib import Path

import pytest
from samarkiv_contracts.problems import Conflict, StorageFull, Unavailable
from samarkiv_runtime.objects.check import check_store
from samarkiv_runtime.objects.fake import Fault, FaultyStore
from samarkiv_runtime.objects.folder import FolderStore


@pytest.fixture
def inner(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def put(store: FaultyStore, key: str, *pieces: bytes) -> None:
    writer = store.create(key)
    for piece in pieces:
        writer.write(piece)
    writer.commit()


def get(store: FaultyStore | FolderStore, key: str) -> bytes:
    return b"".join(store.read(key))


def test_without_faults_it_is_the_inner_store(inner: FolderStore) -> None:
    store = FaultyStore(inner)
    put(store, "a/b", b"12", b"34")
    store.replace("a/c", b"x")
    assert get(store, "a/b") == b"1234"
    assert [info.key for info in store.list("a/")] == ["a/b", "a/c"]
    with pytest.raises(Conflict):
        put(store, "a/b", b"again")
    store.delete("a/c")
    assert store.stat("a/c") is None
    assert store.met == []


@pytest.mark.parametrize(("kind", "there"), [("drop", None), ("truncate", b"0123"), ("flip", b"01334")])
def test_an_acknowledged_object_is_not_what_was_written(
    inner: FolderStore, kind: str, there: bytes | None
) -> None:
    store = FaultyStore(inner, Fault(kind, "commit", "x*"))  # type: ignore[arg-type]
    put(store, "x", b"01234")
    assert (get(inner, "x") if inner.stat("x") else None) == there
    put(store, "x2", b"01234")
    assert get(inner, "x2") == b"01234"
    assert store.met == [("commit", "x", kind)]


def test_reads_go_wrong_as_planned(inner: FolderStore) -> None:
    store = FaultyStore(inner)
    put(store, "x", b"0123456789")
    for kind, seen in (("flip", b"0123446789"), ("truncate", b"012345678"), ("drop", b"")):
        store.plan(Fault(kind, "read"))  # type: ignore[arg-type]
        assert get(store, "x") == seen
    store.plan(Fault("cut", "read", after=1))
    assert get(store, "x") == b"0123456789"
    with pytest.raises(Unavailable):
        get(store, "x")
    assert get(store, "x") == b"0123456789"


def test_refusals(inner: FolderStore) -> None:
    store = FaultyStore(
        inner, Fault("refuse", "create", times=2), Fault("full", "write"), Fault("refuse", "commit")
    )
    for _ in range(2):
        with pytest.raises(Unavailable):
            store.create("x")
    with pytest.raises(StorageFull):
        put(store, "x", b"1")
    with pytest.raises(Unavailable):
        put(store, "x", b"1")
    put(store, "x", b"1")
    store.plan(Fault("refuse", "stat", times=None))
    for _ in range(3):
        with pytest.raises(Unavailable):
            store.stat("x")
    store.heal()
    assert store.stat("x")


def test_a_good_store_passes_the_check_and_is_left_as_it_was(inner: FolderStore, tmp_path: Path) -> None:
    outcome = check_store(inner, "copy a")
    assert [(one.name, one.outcome) for one in outcome if one.outcome != "ok"] == []
    assert outcome[0].name == "copy a: round trip"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("fault", "step"),
    [
        (Fault("flip", "commit", times=None), "round trip"),
        (Fault("drop", "commit", "*/race-2*", times=None), "race of writers"),
        (Fault("truncate", "commit", "*/large"), "large object"),
        (Fault("drop", "replace", after=1), "replace"),
        (Fault("drop", "delete", "*/a.txt"), "list and delete"),
        (Fault("refuse", "create", "*/once*", times=None), "create only if absent"),
    ],
)
def test_a_bad_store_is_found_out(inner: FolderStore, fault: Fault, step: str) -> None:
    outcome = {one.name: one.outcome for one in check_store(FaultyStore(inner, fault))}
    assert outcome[f"store: {step}"] == "bad"
