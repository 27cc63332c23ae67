"""The container beyond 4 GiB and beyond 65,535 members, on sparse files: every reader agrees."""

import zipfile
import zlib
from pathlib import Path

import pytest
from samarkiv_preservation.packages.container import Container
from samarkiv_preservation.packages.markup import escaped, href
from samarkiv_preservation.packages.spool import Body, Spool

from tests.unit.preservation.deliveries import MOMENT


class Sparse:
    """A sink that leaves holes instead of writing zeros."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("wb")

    def write(self, data: bytes | memoryview) -> None:
        self.file.write(data)

    def hole(self, size: int) -> None:
        self.file.seek(size, 1)


def test_members_larger_than_4_gib_and_beyond_4_gib(tmp_path: Path) -> None:
    path, large = tmp_path / "large.zip", 5 << 30
    sink = Sparse(path)
    container = Container(sink.write, tmp_path, MOMENT)
    container.add("uuid-x/first.txt", Body(b"first"))
    container.begin("uuid-x/large.bin", large, 0)
    sink.hole(large)
    container.add("uuid-x/åäö.txt", Body(b"last"))
    container.folder("uuid-x/tom/")
    size = container.close()
    sink.file.close()
    assert path.stat().st_size == size
    with zipfile.ZipFile(path) as archive:
        assert archive.read("uuid-x/first.txt") == b"first"
        assert archive.read("uuid-x/åäö.txt") == b"last"
        info = archive.getinfo("uuid-x/large.bin")
        assert (info.file_size, info.compress_size, info.compress_type) == (large, large, zipfile.ZIP_STORED)
        assert archive.getinfo("uuid-x/tom/").external_attr >> 16 == 0o40755
        with archive.open(info) as member:
            assert member.read(1 << 20) == bytes(1 << 20)


def test_more_members_than_a_small_zip_can_count(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    with path.open("wb") as file:
        container = Container(file.write, tmp_path, MOMENT)
        for number in range(70_000):
            container.begin(f"uuid-x/{number}", 0, 0)
        container.close()
    with zipfile.ZipFile(path) as archive:
        assert len(archive.infolist()) == 70_000


def test_no_member_has_a_data_descriptor_and_offsets_are_right(tmp_path: Path) -> None:
    path = tmp_path / "small.zip"
    with path.open("wb") as file:
        container = Container(file.write, tmp_path, MOMENT)
        container.add("uuid-x/a%20b.txt", Body(b"hej"), "x-fmt/111", "text/plain")
        container.close()
    assert b'"offset":46,"length":3' in b"".join(container.index.blocks())
    with zipfile.ZipFile(path) as archive:
        (info,) = archive.infolist()
        assert info.flag_bits == 0x800
        assert zlib.crc32(b"hej") == info.CRC
        assert info.date_time == (2026, 11, 24, 12, 0, 0)


@pytest.mark.parametrize("sizes", [[10], [1 << 18, 5], [3, 1 << 20, 7, 1 << 19]])
def test_a_spool_gives_back_what_was_written_more_than_once(tmp_path: Path, sizes: list[int]) -> None:
    spool = Spool(tmp_path)
    pieces = [bytes([65 + n]) * size for n, size in enumerate(sizes)]
    for piece in pieces:
        spool.write(piece)
    for _ in range(2):
        assert b"".join(spool.blocks()) == b"".join(pieces)
    assert Body(b"<", spool, b">").size == sum(sizes) + 2
    spool.close()
    assert not list(tmp_path.iterdir())


def test_escaping_keeps_one_line_and_names_keep_their_bytes() -> None:
    assert escaped('<a b="c">&\n\t\r') == "&lt;a b=&quot;c&quot;&gt;&amp;&#10;&#9;&#13;"
    assert escaped("\x00\x08\ufffe\ud800") == "\ufffd" * 4
    assert escaped("Ärende 1") == "Ärende 1"
    assert href("a b/Å%#?&+") == "a%20b/%C3%85%25%23%3F%26%2B"
    assert href("e\u0301") != href("\u00e9")
