"""Tar and tar.gz files that must be refused before anything is opened, each with its code."""

import gzip
import tarfile

import pytest
from samarkiv_ingest.packages.limits import Limits

from tests.security.containers.crafted import END_OF_TAR, member, padded, raw_tar_header, tar_of

GOOD = member("a/good.txt", b"good")


def pax(kind: bytes = b"x", **records: str) -> bytes:
    lines = b""
    for key, value in records.items():
        body = f" {key.replace('__', '.')}={value}\n".encode()
        length = len(body) + len(str(len(body) + 2))
        lines += str(length).encode() + body
    return raw_tar_header(b"pax", len(lines), kind) + padded(lines)


def one(name: bytes, data: bytes = b"x", kind: bytes = b"0", **more: bytes) -> bytes:
    return raw_tar_header(name, len(data), kind, **more) + padded(data)


MEMBERS = [
    ("traversal", member("../x"), "SAM-NAME-TRAVERSAL"),
    ("traversal inside", member("a/../../x"), "SAM-NAME-TRAVERSAL"),
    ("backslash traversal", member("a\\..\\..\\b"), "SAM-NAME-TRAVERSAL"),
    ("absolute", member("/etc/passwd"), "SAM-NAME-ABSOLUTE"),
    ("drive", member("C:/x"), "SAM-NAME-DRIVE"),
    ("unc", member("//server/x"), "SAM-NAME-UNC"),
    ("control", member("a\x01b"), "SAM-NAME-CONTROL"),
    ("bidi", member("a\u202eb"), "SAM-NAME-BIDI"),
    ("reserved", member("NUL.txt"), "SAM-NAME-RESERVED"),
    ("trailing dot", member("a."), "SAM-NAME-TRAILING"),
    ("colon", member("ab:c"), "SAM-NAME-COLON"),
    ("4,096 bytes", member("p/" * 2047 + "aa"), "SAM-NAME-LONG"),
    ("500 deep", member("a/" * 499 + "a"), "SAM-NAME-DEEP"),
    ("symlink", member("l", b"", type=tarfile.SYMTYPE, linkname="/etc"), "SAM-ENTRY-LINK"),
    ("hard link", member("l", b"", type=tarfile.LNKTYPE, linkname="a/good.txt"), "SAM-ENTRY-LINK"),
    ("long link", member("l", b"", type=tarfile.SYMTYPE, linkname="x" * 300), "SAM-ENTRY-LINK"),
    ("character device", member("d", b"", type=tarfile.CHRTYPE), "SAM-ENTRY-DEVICE"),
    ("block device", member("d", b"", type=tarfile.BLKTYPE), "SAM-ENTRY-DEVICE"),
    ("fifo", member("d", b"", type=tarfile.FIFOTYPE), "SAM-ENTRY-DEVICE"),
    ("sparse", member("s", b"", type=tarfile.GNUTYPE_SPARSE), "SAM-TAR-SPARSE"),
    ("sparse by pax", member("s", pax_headers={"GNU.sparse.major": "1"}), "SAM-TAR-SPARSE"),
    ("unknown type", member("v", b"", type=b"V"), "SAM-TAR-TYPE"),
    ("setuid", member("x", mode=0o4755), "SAM-ENTRY-SETUID"),
    ("setgid", member("x", mode=0o2755), "SAM-ENTRY-SETUID"),
    ("duplicate", member("a/good.txt"), "SAM-NAME-DUPLICATE"),
    ("file over folder", member("a"), "SAM-NAME-DUPLICATE"),
]


FORMS = [(form, row) for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT) for row in MEMBERS]
FORMS = [(form, row) for form, row in FORMS if form == tarfile.PAX_FORMAT or not row[1][0].pax_headers]


@pytest.mark.parametrize(("form", "row"), FORMS, ids=[f"{row[0]} {form}" for form, row in FORMS])
def test_members_are_refused(form, row, refused):
    _, bad, code = row
    assert code in refused(tar_of(GOOD, bad, member("last"), form=form))


def test_a_file_through_a_link_is_refused(refused):
    link = member("out", b"", type=tarfile.SYMTYPE, linkname="/tmp")
    assert "SAM-ENTRY-LINK" in refused(tar_of(link, member("out/evil.txt")))


TAR = tar_of(GOOD, member("b"))
FILES = [
    ("cut in a header", TAR[:700], "SAM-TAR-TRUNCATED"),
    ("cut in the data", TAR[:514], "SAM-TAR-TRUNCATED"),
    ("cut before the end blocks", one(b"a"), "SAM-TAR-TRUNCATED"),
    ("one end block", one(b"a") + bytes(512), "SAM-TAR-TRUNCATED"),
    ("data after the end", one(b"a") + END_OF_TAR + one(b"b"), "SAM-TAR-TRAILING"),
    ("a zip after the end", one(b"a") + END_OF_TAR + b"PK\3\4", "SAM-TAR-TRAILING"),
    ("checksum wrong", one(b"a") + b"\1" * 512 + END_OF_TAR, "SAM-TAR-HEADER"),
    (
        "size is no number",
        one(b"a") + raw_tar_header(b"b", size=b"99999999999\0") + END_OF_TAR,
        "SAM-TAR-HEADER",
    ),
    ("size is negative", one(b"a") + raw_tar_header(b"b", size=b"\xff" * 12) + END_OF_TAR, "SAM-TAR-HEADER"),
    ("size past the end", one(b"a") + raw_tar_header(b"b", 1 << 30) + END_OF_TAR, "SAM-TAR-TRUNCATED"),
    ("pax size differs", pax(size="1024") + one(b"a", b"x" * 2048) + END_OF_TAR, "SAM-TAR-SIZE"),
    ("pax path leads out", pax(path="../x") + one(b"a") + END_OF_TAR, "SAM-NAME-TRAVERSAL"),
    ("name under a pax path leads out", pax(path="x") + one(b"../a") + END_OF_TAR, "SAM-NAME-TRAVERSAL"),
    ("pax path twice", pax(path="a") + pax(path="b") + one(b"c") + END_OF_TAR, "SAM-TAR-HEADER"),
    (
        "pax broken",
        raw_tar_header(b"p", 5, b"x") + padded(b"99 x=") + one(b"a") + END_OF_TAR,
        "SAM-TAR-HEADER",
    ),
    ("pax at the end", one(b"a") + pax(path="b") + END_OF_TAR, "SAM-TAR-HEADER"),
    ("global path", pax(b"g", path="b") + one(b"z") + END_OF_TAR, "SAM-TAR-HEADER"),
    ("folder with data", one(b"d/", b"x", b"5") + END_OF_TAR, "SAM-TAR-SIZE"),
    (
        "huge pax header",
        one(b"z") + raw_tar_header(b"p", 2 << 20, b"x") + bytes(2 << 20) + END_OF_TAR,
        "SAM-TAR-HEADER",
    ),
    ("nothing in it", END_OF_TAR, "SAM-CONTAINER-UNKNOWN"),
]


@pytest.mark.parametrize(("data", "code"), [row[1:] for row in FILES], ids=[row[0] for row in FILES])
def test_files_are_refused(data, code, refused):
    assert code in refused(data)


GZ = gzip.compress(TAR)
GZIPPED = [
    ("cut", GZ[:-20], "SAM-GZIP-TRUNCATED"),
    ("cut by a byte", GZ[:-1], "SAM-GZIP-TRUNCATED"),
    ("only a start", GZ[:5], "SAM-GZIP-TRUNCATED"),
    ("checksum wrong", GZ[:-8] + b"\0\0\0\0" + GZ[-4:], "SAM-GZIP-DATA"),
    ("damaged", GZ[:40] + bytes(8) + GZ[48:], "SAM-GZIP-DATA"),
    ("data after", GZ + b"x" * 10, "SAM-GZIP-TRAILING"),
    ("a zip after", GZ + b"PK\3\4", "SAM-GZIP-TRAILING"),
    ("a bomb", gzip.compress(bytes(12_000_000)), "SAM-CONTAINER-RATIO"),
    ("no tar", gzip.compress(b"hello" * 300), "SAM-TAR-HEADER"),
    ("traversal inside", gzip.compress(tar_of(member("../x"))), "SAM-NAME-TRAVERSAL"),
    ("tar cut inside", gzip.compress(TAR[:700]), "SAM-TAR-TRUNCATED"),
]


@pytest.mark.parametrize(("data", "code"), [row[1:] for row in GZIPPED], ids=[row[0] for row in GZIPPED])
def test_gzipped_files_are_refused(data, code, refused, tmp_path):
    assert code in refused(data)


def test_entries_are_counted(refused):
    data = tar_of(*[member(str(n)) for n in range(12)])
    assert list(refused(data, Limits(entries=10))) == ["SAM-CONTAINER-ENTRIES"]
    headers = b"".join(pax(comment="x") + pax(comment="y") for _ in range(30))
    assert refused(headers + one(b"a") + END_OF_TAR, Limits(entries=10))
