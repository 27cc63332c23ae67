"""One interface over a checked container and over a folder; both say the same of the same package."""

import hashlib
import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from samarkiv_contracts.problems import InvalidInput
from samarkiv_ingest.packages.folder import folder_findings
from samarkiv_ingest.packages.limits import Limits
from samarkiv_ingest.packages.read import CheckedTree, FolderTree
from samarkiv_ingest.packages.zip_writer import StoredZip, zip_folder

FILES = {
    "p/METS.xml": b"<mets/>",
    "p/data/a.txt": b"aaa",
    "p/data/a-b/c.txt": b"",
    "p/data.txt": b"dd",
    "p/z å.bin": bytes(70_000),
}
EMPTY = ["p/tom", "p/yttre/inre"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    for path in EMPTY:
        (tmp_path / path).mkdir(parents=True)
    return tmp_path / "p"


@pytest.fixture
def checked(tmp_path: Path) -> CheckedTree:
    upload, content, lines = bytearray(b"head"), bytearray(), []
    for n, (path, data) in enumerate(FILES.items()):
        source = upload if n % 2 else content
        entry = {
            "path": path,
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "offset": len(source),
        }
        lines.append(entry | {"source": "upload" if n % 2 else "content"})
        source += data
    lines += [{"path": path, "folder": True} for path in EMPTY]
    (tmp_path / "u").write_bytes(upload)
    (tmp_path / "c").write_bytes(content)
    (tmp_path / "f").write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    (tmp_path / "d").write_text(json.dumps({"path": "p/data.txt", "md5": "told"}) + "\n")
    return CheckedTree(tmp_path / "f", tmp_path / "u", tmp_path / "c", tmp_path / "d")


@pytest.fixture(params=["checked", "folder"])
def tree(request: pytest.FixtureRequest):
    made = request.getfixturevalue(request.param)
    tree = FolderTree(made) if isinstance(made, Path) else made
    yield tree
    tree.close()


def test_paths_folders_and_children(tree):
    assert list(tree.paths()) == sorted(FILES)
    assert list(tree.folders()) == EMPTY
    assert tree.roots() == ["p/"]
    assert tree.children("p") == ["p/METS.xml", "p/data.txt", "p/data/", "p/tom/", "p/yttre/", "p/z å.bin"]
    assert tree.children("p/data") == ["p/data/a-b/", "p/data/a.txt"]
    assert tree.children("p/none") == []


def test_what_is_there(tree):
    assert tree.has("p/data.txt")
    assert not tree.has("p/tom")
    assert not tree.has("p/dat")
    assert tree.has_folder("p/data")
    assert tree.has_folder("p/tom")
    assert tree.has_folder("p/yttre")
    assert tree.has_folder("")
    assert not tree.has_folder("p/data.txt")
    assert not tree.has_folder("p/da")


def test_bytes_and_digests(tree):
    for path, data in FILES.items():
        with tree.open(path) as file:
            assert file.read() == data
        assert tree.get(path).size == len(data)
        assert tree.digest(path, "SHA-256") == hashlib.sha256(data).hexdigest()
        assert tree.digest(path, "sha3-256") == hashlib.sha3_256(data).hexdigest()
    with tree.open("p/z å.bin") as file:
        assert file.seek(-10, io.SEEK_END) == 69_990
        assert len(file.read()) == 10


@pytest.mark.parametrize("path", ["p/none", "p/tom", "p/data", ""])
def test_what_is_no_file_cannot_be_opened(path, tree):
    with pytest.raises(KeyError):
        tree.open(path)


def test_unknown_algorithms_are_told(tree):
    with pytest.raises(ValueError, match="crc33"):
        tree.digest("p/data.txt", "crc33")


def test_digests_of_the_pass_are_used(checked):
    assert checked.digest("p/data.txt", "MD5") == "told"
    assert checked.digest("p/data/a.txt", "md5") == hashlib.md5(b"aaa").hexdigest()


def test_a_folder_with_links_lists_them_as_strange(folder):
    (folder / "link").symlink_to("/etc/passwd")
    tree = FolderTree(folder)
    assert tree.strange == ["p/link"]
    assert not tree.has("p/link")


def test_a_zipped_folder_holds_what_the_folder_tree_shows(folder, tmp_path):
    size = zip_folder(folder, tmp_path / "out.zip")
    assert size == (tmp_path / "out.zip").stat().st_size
    with zipfile.ZipFile(tmp_path / "out.zip") as box:
        assert box.testzip() is None
        assert {name: box.read(name) for name in box.namelist() if not name.endswith("/")} == FILES
        assert [name for name in box.namelist() if name.endswith("/")] == ["p/tom/", "p/yttre/inre/"]
        assert {info.compress_type for info in box.infolist()} == {zipfile.ZIP_STORED}
    zip_folder(folder, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == (tmp_path / "out.zip").read_bytes()


def test_a_folder_with_a_link_is_not_zipped(folder, tmp_path):
    (folder / "link").symlink_to("x")
    with pytest.raises(InvalidInput):
        zip_folder(folder, tmp_path / "out.zip")


def test_names_that_are_not_utf8_keep_their_bytes(tmp_path):
    (tmp_path / "p").mkdir()
    open(bytes(tmp_path) + b"/p/\xe5.txt", "wb").close()
    zip_folder(tmp_path / "p", tmp_path / "out.zip")
    assert b"p/\xe5.txt" in (tmp_path / "out.zip").read_bytes()


def test_zip64_is_written_where_needed():
    """A file beyond 4 GiB is only told, not written: its bytes are counted by a sink that forgets them."""
    seen = bytearray()
    size = (4 << 30) + 7
    zeros = bytes(64 << 20)

    def sink(data: bytes) -> None:
        if len(data) < 1 << 20:
            seen.extend(data)

    class Unchecked(StoredZip):
        def file(self, name, size, crc, chunks, stamp=(0, 33)):
            self._header(name.encode(), 0x800, size, crc, stamp, 0)
            for chunk in chunks:
                self._write(chunk)

    box = Unchecked(sink)
    box.file("big", size, 0, (zeros[: min(len(zeros), size - at)] for at in range(0, size, len(zeros))))
    box.file("after", 1, 0, [b"x"])
    box.finish()
    assert seen.count(b"PK\6\6") == seen.count(b"PK\6\7") == 1
    assert size.to_bytes(8, "little") * 2 in bytes(seen)


def test_a_folder_gets_the_verdict_its_zip_would_get(tmp_path):
    base = tmp_path / "p"
    for path in ("Dir/a", "dir/b", "NUL.txt", "ok/.DS_Store"):
        (base / path).parent.mkdir(parents=True, exist_ok=True)
        (base / path).touch()
    (base / "link").symlink_to("x")
    os.mkfifo(base / "pipe")
    told = {(one.code, one.file) for one in folder_findings(FolderTree(base), Limits())}
    assert told == {
        ("SAM-NAME-CASE", "p/Dir"),
        ("SAM-NAME-RESERVED", "p/NUL.txt"),
        ("SAM-JUNK", "p/ok/.DS_Store"),
        ("SAM-ENTRY-LINK", "p/link"),
        ("SAM-ENTRY-DEVICE", "p/pipe"),
    }
