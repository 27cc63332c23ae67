"""Zip files that must be refused before anything is opened, each with its code (RELIABILITY, case table)."""

import stat
import struct

import pytest
from samarkiv_ingest.packages.limits import Limits
from samarkiv_ingest.packages.scan import scan

from tests.security.containers.crafted import (
    FULL,
    STREAMED,
    UTF8,
    Entry,
    extra_field,
    named,
    replace,
    unicode_path,
    zip_of,
)

GOOD = Entry(b"a/good.txt", b"good")

NAMES = [
    ("../x", "SAM-NAME-TRAVERSAL"),
    ("a/../../x", "SAM-NAME-TRAVERSAL"),
    ("a/..", "SAM-NAME-TRAVERSAL"),
    ("a\\..\\..\\b", "SAM-NAME-TRAVERSAL"),
    ("..\\x", "SAM-NAME-TRAVERSAL"),
    ("a\\b", "SAM-NAME-BACKSLASH"),
    ("/etc/passwd", "SAM-NAME-ABSOLUTE"),
    ("//server/share/x", "SAM-NAME-UNC"),
    ("\\\\server\\share\\x", "SAM-NAME-UNC"),
    ("C:/x", "SAM-NAME-DRIVE"),
    ("c:x", "SAM-NAME-DRIVE"),
    ("C:\\x", "SAM-NAME-DRIVE"),
    ("a//b", "SAM-NAME-SEGMENT"),
    ("a/./b", "SAM-NAME-SEGMENT"),
    ("a//", "SAM-NAME-SEGMENT"),
    ("", "SAM-NAME-SEGMENT"),
    ("a\0.txt", "SAM-NAME-CONTROL"),
    ("a\tb", "SAM-NAME-CONTROL"),
    ("a\nb", "SAM-NAME-CONTROL"),
    ("a\x7fb", "SAM-NAME-CONTROL"),
    ("a\x85b", "SAM-NAME-CONTROL"),
    ("a\u2028b", "SAM-NAME-CONTROL"),
    ("faktura\u202efdp.exe", "SAM-NAME-BIDI"),
    ("a\u2066b", "SAM-NAME-BIDI"),
    ("CON", "SAM-NAME-RESERVED"),
    ("a/NUL.txt", "SAM-NAME-RESERVED"),
    ("aux.tar.gz", "SAM-NAME-RESERVED"),
    ("com1", "SAM-NAME-RESERVED"),
    ("lpt9.txt/x", "SAM-NAME-RESERVED"),
    ("COM¹", "SAM-NAME-RESERVED"),
    ("a./b", "SAM-NAME-TRAILING"),
    ("a.txt.", "SAM-NAME-TRAILING"),
    ("a.txt ", "SAM-NAME-TRAILING"),
    ("a.txt:stream", "SAM-NAME-COLON"),
    ("a" * 256, "SAM-NAME-LONG"),
    ("å" * 128, "SAM-NAME-LONG"),
    ("/".join(["b" * 200] * 6), "SAM-NAME-LONG"),
    ("/".join(["a"] * 500), "SAM-NAME-DEEP"),
    ("/".join(["a"] * 33), "SAM-NAME-DEEP"),
    ("p/" * 2047 + "aa", "SAM-NAME-LONG"),
]


@pytest.mark.parametrize(("name", "code"), NAMES, ids=[repr(name)[:40] for name, _ in NAMES])
def test_names_are_refused_and_named(name, code, refused):
    codes = refused(zip_of(GOOD, named(name)))
    assert list(codes) == [code]


PAIRS = [
    (("a.txt", "a.txt"), "SAM-NAME-DUPLICATE"),
    (("d/", "d/"), "SAM-NAME-DUPLICATE"),
    (("a", "a/b"), "SAM-NAME-DUPLICATE"),
    (("a/b", "a"), "SAM-NAME-DUPLICATE"),
    (("./a", "a"), "SAM-NAME-DUPLICATE"),
    (("a.txt", "A.txt", "a.txt"), "SAM-NAME-DUPLICATE"),
    (("A.txt", "x/å", "x/a\u030a", "X/Å"), "SAM-NAME-COLLISION"),
    (("x/å.txt", "x/a\u030a.txt"), "SAM-NAME-COLLISION"),
    (("ÅR/a", "A\u030aR/b"), "SAM-NAME-COLLISION"),
]


@pytest.mark.parametrize(("names", "code"), PAIRS, ids=[repr(names) for names, _ in PAIRS])
def test_names_that_collide_are_refused(names, code, refused):
    entries = [Entry(name.encode(), b"" if name.endswith("/") else b"x") for name in names]
    assert code in refused(zip_of(*entries))


CASES = [
    ("A.txt", "a.TXT"),
    ("Dir/a", "dir/b"),
    ("Dir/", "dir"),
    ("straße", "STRASSE"),
    ("schemas/METS.xsd", "schemas/mets.xsd"),
]


@pytest.mark.parametrize("names", CASES, ids=repr)
def test_names_that_differ_in_case_only_are_kept_and_noted(names, tmp_path):
    box = tmp_path / "case.zip"
    box.write_bytes(zip_of(*[Entry(name.encode(), b"" if name.endswith("/") else b"x") for name in names]))
    scanned = scan(box, Limits(), tmp_path)
    try:
        assert [one.code for one in scanned.notes] == ["SAM-NAME-CASE"]
        assert scanned.members.files == sum(not name.endswith("/") for name in names)
    finally:
        scanned.close()


def _bomb(size: int) -> Entry:
    return Entry(b"stor.txt", bytes(size), deflate=True)


X = named("x")
WIDE = Entry(b"w", b"wide")
ENTRIES = [
    ("symlink", replace(X, mode=stat.S_IFLNK | 0o777), "SAM-ENTRY-LINK"),
    ("symlink told by a DOS host", replace(X, mode=stat.S_IFLNK | 0o777, made=0), "SAM-ENTRY-LINK"),
    ("symlink in the Unix field", replace(X, extra=extra_field(0x756E, b"\0\0\0\0\xff\xa1" + bytes(8))), "SAM-ENTRY-LINK"),
    ("fifo", replace(X, mode=stat.S_IFIFO), "SAM-ENTRY-DEVICE"),
    ("socket", replace(X, mode=stat.S_IFSOCK), "SAM-ENTRY-DEVICE"),
    ("block device", replace(X, mode=stat.S_IFBLK), "SAM-ENTRY-DEVICE"),
    ("character device", replace(X, mode=stat.S_IFCHR), "SAM-ENTRY-DEVICE"),
    ("setuid", replace(X, mode=stat.S_IFREG | 0o4755), "SAM-ENTRY-SETUID"),
    ("encrypted", replace(X, flags=UTF8 | 1), "SAM-ZIP-ENCRYPTED"),
    ("strong encryption", replace(X, flags=UTF8 | 0x41), "SAM-ZIP-ENCRYPTED"),
    ("AES", replace(X, local={"method": 99}, central={"method": 99}), "SAM-ZIP-ENCRYPTED"),
    ("bzip2", replace(X, local={"method": 12}, central={"method": 12}), "SAM-ZIP-METHOD"),
    ("lzma", replace(X, local={"method": 14}, central={"method": 14}), "SAM-ZIP-METHOD"),
    ("zstd", replace(X, local={"method": 93}, central={"method": 93}), "SAM-ZIP-METHOD"),
    ("method 77", replace(X, local={"method": 77}, central={"method": 77}), "SAM-ZIP-METHOD"),
    ("stored size lies", replace(X, central={"size": 9}, local={"size": 9}), "SAM-ZIP-FALSE-SIZE"),
    ("folder with bytes", Entry(b"d/", b"x"), "SAM-ZIP-FOLDER"),
    ("folder mode without slash", replace(X, mode=stat.S_IFDIR | 0o755), "SAM-ZIP-FOLDER"),
    ("bomb", _bomb(11_000_000), "SAM-CONTAINER-RATIO"),
    ("local name differs", replace(X, local={"name": b"y"}), "SAM-ZIP-LOCAL"),
    ("local name leads out", replace(X, local={"name": b"../y"}), "SAM-ZIP-LOCAL"),
    ("local method differs", replace(X, local={"method": 8}), "SAM-ZIP-LOCAL"),
    ("local size differs", replace(X, local={"size": 5}), "SAM-ZIP-LOCAL"),
    ("local crc differs", replace(X, local={"crc": 5}), "SAM-ZIP-LOCAL"),
    ("local says encrypted", replace(X, local={"flags": UTF8 | 1}), "SAM-ZIP-LOCAL"),
    ("offset points nowhere", replace(X, central={"at": 3}), "SAM-ZIP-LOCAL"),
    ("offset past the directory", replace(X, central={"at": 1 << 20}), "SAM-ZIP-LOCAL"),
    ("extra cut short", replace(X, extra=b"\x55\x54\x09\x00\x03"), "SAM-ZIP-EXTRA"),
    ("zip64 missing", replace(WIDE, central={"size": FULL}), "SAM-ZIP64"),
    ("zip64 too short", replace(WIDE, central={"size": FULL}, extra=extra_field(1, b"\1")), "SAM-ZIP64"),
    ("zip64 contradicts", replace(WIDE, extra=extra_field(1, struct.pack("<2Q", 9, 9)), local_extra=b""), "SAM-ZIP64"),
    ("zip64 twice", replace(WIDE, extra=extra_field(1, struct.pack("<2Q", 4, 4)) * 2), "SAM-ZIP-EXTRA"),
    ("zip64 local contradicts", replace(WIDE, local_extra=extra_field(1, struct.pack("<2Q", 9, 9))), "SAM-ZIP64"),
    ("unicode path differs", named("a", extra=unicode_path("b", b"a")), "SAM-ZIP-UNICODE-PATH"),
    ("unicode path leads out", named(b"a", flags=0, extra=unicode_path("../b", b"a")), "SAM-NAME-TRAVERSAL"),
    ("unicode path broken", named("a", extra=extra_field(0x7075, b"\2")), "SAM-ZIP-EXTRA"),
    ("unicode path only local", named("a", local_extra=unicode_path("b", b"a")), "SAM-ZIP-UNICODE-PATH"),
    ("hidden bytes after", replace(X, after=b"hidden"), "SAM-ZIP-GAP"),
    ("hidden member", replace(X, after=zip_of(X)), "SAM-ZIP-GAP"),
    ("another disk", replace(X, central={"disk": 2}), "SAM-ZIP-SPLIT"),
    ("descriptor wrong", replace(X, flags=UTF8 | STREAMED, after=bytes(16)), "SAM-ZIP-DESCRIPTOR"),
    ("descriptor and more", replace(X, descriptor="signed", after=b"y"), "SAM-ZIP-DESCRIPTOR"),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "code"), [one[1:] for one in ENTRIES], ids=[one[0] for one in ENTRIES])
def test_entries_are_refused(entry, code, refused):
    codes = refused(zip_of(GOOD, entry, Entry(b"z", b"last")))
    assert code in codes
    assert set(codes) <= {code, "SAM-ZIP-OVERLAP"}


WHOLE = zip_of(GOOD, X)
FILES = [
    ("nothing", b"", "SAM-CONTAINER-UNKNOWN"),
    ("rubbish", b"rubbish" * 100, "SAM-CONTAINER-UNKNOWN"),
    ("rar", b"Rar!\x1a\7\0" + bytes(600), "SAM-CONTAINER-UNKNOWN"),
    ("7z", b"7z\xbc\xaf\x27\x1c" + bytes(600), "SAM-CONTAINER-UNKNOWN"),
    ("no entries", zip_of(), "SAM-CONTAINER-EMPTY"),
    ("cut in the middle", WHOLE[: len(WHOLE) // 2], "SAM-ZIP-TRUNCATED"),
    ("cut by one byte", WHOLE[:-1], "SAM-ZIP-TRUNCATED"),
    ("only the start", WHOLE[:8], "SAM-ZIP-TRUNCATED"),
    ("bytes after the end", WHOLE + b"x", "SAM-ZIP-TRAILING"),
    ("a zip after the zip", WHOLE + WHOLE, "SAM-ZIP-PREFIX"),
    ("bytes before the start", zip_of(X, prefix=b"PK\3\4" + bytes(40)), "SAM-ZIP-PREFIX"),
    ("offsets count from a later start", b"PK\3\4junk" + WHOLE, "SAM-ZIP-PREFIX"),
    ("an end record in the comment", zip_of(X, comment=zip_of()), "SAM-ZIP-SEVERAL-ENDS"),
    ("count too low", zip_of(GOOD, X, end={"entries": 1}), "SAM-ZIP-DIRECTORY"),
    ("count too high", zip_of(GOOD, X, end={"entries": 3}), "SAM-ZIP-DIRECTORY"),
    ("directory too long", zip_of(X, end={"length": 4000}), "SAM-ZIP-DIRECTORY"),
    ("one of several disks", zip_of(X, end={"disk": 1}), "SAM-ZIP-SPLIT"),
    ("zip64 count differs", zip_of(X, zip64={}, end={"entries": 5}), "SAM-ZIP64"),
    ("zip64 points elsewhere", zip_of(X, zip64={"at": 3}), "SAM-ZIP64"),
    ("zip64 directory elsewhere", zip_of(X, zip64={"offset": 3}), "SAM-ZIP64"),
    ("zip64 count lies", zip_of(X, zip64={"entries": 9}), "SAM-ZIP-DIRECTORY"),
    ("a million entries", zip_of(X, zip64={"entries": 1_000_000}), "SAM-CONTAINER-ENTRIES"),
    ("fifty names for one member", zip_of(X, *[replace(X, at=0, skip_local=True)] * 49), "SAM-ZIP-OVERLAP"),
    ("fifty other names for one", zip_of(X, *[Entry(b"%d" % n, b"x", at=0, skip_local=True) for n in range(9)]), "SAM-ZIP-OVERLAP"),
    ("data reaches into the next", zip_of(replace(X, local={"packed": 9, "size": 9}, central={"packed": 9, "size": 9}), GOOD), "SAM-ZIP-OVERLAP"),
    ("data reaches into the directory", zip_of(replace(X, local={"packed": 9, "size": 9}, central={"packed": 9, "size": 9})), "SAM-ZIP-OVERLAP"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "code"), [one[1:] for one in FILES], ids=[one[0] for one in FILES])
def test_files_are_refused(data, code, refused):
    assert code in refused(data)


def test_a_quoted_overlap_is_refused(refused):
    """Fifield's form: a stored member whose data is the next member, header and all."""
    inner = Entry(b"inner", b"payload")
    whole = zip_of(inner)
    body = whole[: whole.index(b"PK\1\2")]
    outer = Entry(b"outer", body)
    at = 30 + len(outer.name)
    assert "SAM-ZIP-OVERLAP" in refused(zip_of(outer, replace(inner, at=at, skip_local=True)))


def test_many_empty_files_are_refused_by_their_number(refused):
    entries = [Entry(b"%d" % n) for n in range(101)]
    assert list(refused(zip_of(*entries), Limits(entries=100))) == ["SAM-CONTAINER-ENTRIES"]


def test_the_declared_sum_is_held(refused):
    entries = [Entry(b"%d" % n, b"x" * 60) for n in range(3)]
    assert list(refused(zip_of(*entries), Limits(total_bytes=100))) == ["SAM-CONTAINER-SIZE"]


def test_the_ratio_is_held_for_the_whole(refused):
    entries = [Entry(b"%d" % n, bytes(6_000_000), deflate=True) for n in range(2)]
    assert list(refused(zip_of(*entries))) == ["SAM-CONTAINER-RATIO"]


def test_every_faulty_entry_is_named(refused):
    codes = refused(zip_of(GOOD, named("../x"), named("/y"), named("z\0")))
    assert codes == {"SAM-NAME-TRAVERSAL": "../x", "SAM-NAME-ABSOLUTE": "/y", "SAM-NAME-CONTROL": "z\\x00"}
