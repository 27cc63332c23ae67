"""Odd but valid containers: accepted, and every byte read back as it came (RELIABILITY G9)."""

import gzip
import hashlib
import io
import struct
import tarfile
import zipfile

import pytest
from samarkiv_ingest.packages.limits import Limits

from tests.security.containers.crafted import (
    END_OF_TAR,
    STREAMED,
    UTF8,
    Entry,
    extra_field,
    member,
    named,
    padded,
    raw_tar_header,
    tar_of,
    unicode_path,
    zip_of,
)

TEXT = "Räksmörgås på Åland. ".encode() * 50
FILES = {
    "paket/å ä ö NFC.txt": TEXT,
    "paket/A\u030a a\u0308 o\u0308 NFD.txt": TEXT + b"2",
    "paket/plus+procent%20#fyrkant &och.txt": b"1",
    "paket/ inledande blanksteg.txt": b"2",
    "paket/fråga? stjärna* <mindre> \"citat\" 'apostrof' | rör.txt": b"3",
    "paket/tom.txt": b"",
    "paket/djup/" + "m/" * 28 + "x.txt": b"4",
    "/".join(["l" * 124] * 8): b"1,000 characters",
    "日本語/файл/😀.bin": bytes(range(256)),
    "kontroll/console.txt": b"5",
    "kontroll/.dold": b"6",
    "kontroll/...tre": b"7",
    "kontroll/a..b": b"8",
    "stor.bin": hashlib.shake_256(b"stor").digest(9_000_000),
    "stor.txt": TEXT * 4000,
}


def written(tree) -> dict[str, bytes]:
    found = {}
    for path in tree.paths():
        with tree.open(path) as file:
            found[path] = file.read()
        entry = tree.get(path)
        assert entry.size == len(found[path])
        assert entry.sha256 == hashlib.sha256(found[path]).hexdigest()
    return found


def zipped(
    files, method=zipfile.ZIP_DEFLATED, *, stream=False, folders=(), comment=b"", force=False
) -> bytes:
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

        def tell(self):
            raise OSError

    box = Pipe() if stream else io.BytesIO()
    with zipfile.ZipFile(box, "w", method) as out:
        out.comment = comment
        for folder in folders:
            out.writestr(folder + "/", b"")
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            with out.open(info, "w", force_zip64=force) as file:
                file.write(data)
    return box.getvalue()


def tarred(files, form=tarfile.PAX_FORMAT, mode="w", folders=()) -> bytes:
    some = [member(folder, b"", type=tarfile.DIRTYPE, mode=0o2775) for folder in folders]
    return tar_of(*some, *[member(name, data) for name, data in files.items()], form=form, mode=mode)


CONTAINERS = {
    "zip deflated": lambda: zipped(FILES),
    "zip stored": lambda: zipped(FILES, zipfile.ZIP_STORED),
    "zip streamed": lambda: zipped(FILES, stream=True),
    "zip streamed and stored": lambda: zipped(FILES, zipfile.ZIP_STORED, stream=True),
    "zip with zip64 local headers": lambda: zipped(FILES, force=True),
    "zip streamed with zip64": lambda: zipped(FILES, stream=True, force=True),
    "zip with a comment": lambda: zipped(FILES, comment=b"Leverans 2024"),
    "tar pax": lambda: tarred(FILES),
    "tar gnu": lambda: tarred(FILES, tarfile.GNU_FORMAT),
    "tar.gz": lambda: tarred(FILES, mode="w:gz"),
    "tar.gz in two members": lambda: (
        gzip.compress(tarred(FILES)[:5000]) + gzip.compress(tarred(FILES)[5000:])
    ),
    "tar.gz padded with zeros": lambda: tarred(FILES, mode="w:gz") + bytes(1000),
}


@pytest.mark.parametrize("make", CONTAINERS.values(), ids=CONTAINERS)
def test_awkward_names_and_sizes_come_out_as_they_came(make, checked):
    result, tree = checked(make())
    assert written(tree) == FILES
    assert (result.count, result.bytes) == (len(FILES), sum(map(len, FILES.values())))


@pytest.mark.parametrize("make", [zipped, tarred], ids=["zip", "tar"])
def test_empty_folders_are_kept_and_full_ones_are_not_listed(make, checked):
    folders = ["tom", "full", "yttre", "yttre/inre"]
    result, tree = checked(make({"full/a": b"1"}, folders=folders))
    assert list(tree.folders()) == ["tom", "yttre/inre"]
    assert result.folders == 2
    assert tree.children("yttre") == ["yttre/inre/"]


def test_stored_members_stay_in_the_upload_and_deflated_ones_move(checked):
    entries = [Entry(b"stored", b"abc"), Entry(b"deflated", TEXT, deflate=True)]
    result, tree = checked(zip_of(*entries))
    assert (tree.get("stored").source, tree.get("deflated").source) == ("upload", "content")
    assert result.content_bytes == len(TEXT)
    plain, tree = checked(tarred({"a": b"1"}))
    assert (plain.content, tree.get("a").source) == (None, "upload")
    packed, tree = checked(tarred({"a": b"1"}, mode="w:gz"))
    assert packed.content is not None
    assert tree.get("a").source == "content"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Räksmörgås.txt".encode("cp437"), "Räksmörgås.txt"),
        ("RÄKSMÖRGÅS.txt".encode("cp850"), "RÄKSMÖRGÅS.txt"),
        ("Räksmörgås.txt".encode("latin-1"), "Räksmörgås.txt"),
        ("ÅRSREDOVISNING é.txt".encode("cp1252"), "ÅRSREDOVISNING é.txt"),
    ],
)
def test_legacy_names_are_read_and_their_bytes_kept(raw, name, checked):
    for data in (
        zip_of(Entry(raw, TEXT, flags=0)),
        raw_tar_header(raw, len(TEXT)) + padded(TEXT) + END_OF_TAR,
    ):
        result, tree = checked(data)
        assert written(tree) == {name: TEXT}
        assert tree.get(name).raw_name == raw.hex()
        assert "SAM-NAME-LEGACY" in {finding.code for finding in result.findings}


def test_utf8_without_the_flag_is_utf8(checked):
    _, tree = checked(zip_of(Entry("åäö.txt".encode(), b"x", flags=0)))
    assert list(tree.paths()) == ["åäö.txt"]
    assert not tree.get("åäö.txt").raw_name


def test_the_unicode_path_counts_where_it_belongs(checked):
    raw = "å.txt".encode("cp437")
    _, tree = checked(zip_of(Entry(raw, b"x", flags=0, extra=unicode_path("å.txt", raw))))
    assert list(tree.paths()) == ["å.txt"]
    assert tree.get("å.txt").raw_name == raw.hex()
    stale, tree = checked(zip_of(Entry(b"b.txt", b"x", flags=0, extra=unicode_path("å.txt", b"old"))))
    assert list(tree.paths()) == ["b.txt"]
    assert "SAM-NAME-STALE-UNICODE" in {finding.code for finding in stale.findings}


ODD = {
    **{
        f"descriptor {kind}": Entry(b"x", TEXT, deflate=deflate, descriptor=kind)
        for kind in ("plain", "signed", "64", "signed64")
        for deflate in (False, True)
    },
    "flag without descriptor": Entry(b"x", TEXT, flags=UTF8 | STREAMED),
    "sizes told in both": Entry(b"x", TEXT, extra=extra_field(1, struct.pack("<2Q", len(TEXT), len(TEXT)))),
    "padding in the extra field": Entry(b"x", TEXT, local_extra=bytes(3)),
    "page padding in the extra field": Entry(b"x", TEXT, local_extra=bytes(4000)),
    "times in the extra field": Entry(b"x", TEXT, extra=extra_field(0x5455, b"\3" + bytes(8))),
    "sticky bit": Entry(b"x", TEXT, mode=0o101755),
    "made by a Mac": Entry(b"x", TEXT, made=19, mode=0o100644),
    "leading ./": Entry(b"./x", TEXT),
    "maximum compression hint": Entry(b"x", TEXT, flags=UTF8 | 2, deflate=True),
    "nested zip": Entry(b"inner.zip", zip_of(named("../evil"), Entry(b"b", TEXT))),
    "end record sign inside": Entry(b"x", b"PK\5\6" * 40),
}


@pytest.mark.parametrize("entry", ODD.values(), ids=ODD)
def test_odd_zip_entries_are_accepted(entry, checked):
    _, tree = checked(zip_of(Entry(b"first", b"1"), entry, Entry(b"last", b"2")))
    name = entry.name.decode().removeprefix("./")
    assert written(tree) == {"first": b"1", name: entry.data, "last": b"2"}


def test_zip64_end_records_are_read(checked):
    _, tree = checked(zip_of(named("x"), zip64={}))
    assert written(tree) == {"x": b"x"}


def test_old_tar_forms_are_read(checked):
    v7 = bytearray(raw_tar_header(b"gammal.txt", 1))
    v7[257:265] = bytes(8)
    v7[156:157] = b"\0"
    v7[148:156] = b" " * 8
    v7[148:156] = b"%06o\0 " % sum(v7)
    folder = raw_tar_header(b"./", 0, b"5")
    _, tree = checked(folder + bytes(v7) + padded(b"x") + END_OF_TAR + bytes(8192))
    assert written(tree) == {"gammal.txt": b"x"}


def test_a_ratio_just_under_the_limit_is_accepted_and_just_over_it_refused(checked, refused):
    def of(ratio: float) -> bytes:
        noise = hashlib.shake_256(b"x").digest(int(12_000_000 / ratio))
        return zip_of(Entry(b"x", noise + bytes(12_000_000 - len(noise)), deflate=True))

    result, _ = checked(of(250), Limits(ratio=240))
    assert result.bytes == 12_000_000
    assert list(refused(of(250), Limits(ratio=150))) == ["SAM-CONTAINER-RATIO"]


def test_what_computers_add_is_kept_and_noted(checked):
    result, tree = checked(zip_of(named("a/x"), named("__MACOSX/a/._x"), named("a/.DS_Store")))
    assert len(written(tree)) == 3
    assert [finding.file for finding in result.findings if finding.code == "SAM-JUNK"] == [
        "__MACOSX/a/._x",
        "a/.DS_Store",
    ]


def test_many_files_come_in_the_order_of_their_bytes(checked):
    files = {f"{n % 7}/{n:05}.txt": b"%d" % n for n in range(3000)}
    result, tree = checked(zipped(files))
    assert written(tree) == files
    offsets = [entry.offset for entry in tree.entries()]
    assert offsets == sorted(offsets)
    assert [entry.path for entry in tree.entries()] == list(files)
    assert result.count == 3000
