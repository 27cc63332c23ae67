"""Formats found in the worker: by pygfried, by our own tests; and a file that kills its worker takes nothing along."""

import hashlib
import json
import os
import time
import zipfile
from io import BytesIO

import pytest
from samarkiv_ingest.packages import workers
from samarkiv_ingest.packages.pooled import begin, settle
from samarkiv_ingest.packages.workers import Batch, Done, Item
from samarkiv_runtime.pool import Pool

from tests.security.containers.crafted import Entry, zip_of


def docx(pad: int = 0) -> bytes:
    box = BytesIO()
    with zipfile.ZipFile(box, "w") as out:
        out.writestr(
            "[Content_Types].xml",
            '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
            'wordprocessingml.document.main+xml"/></Types>',
        )
        out.writestr("word/document.xml", "<w/>")
        out.writestr("word/media/image1.bin", os.urandom(pad))
    return box.getvalue()


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
CASES = {
    "a.pdf": (PDF, "fmt/18", "byte", ""),
    "a.docx": (docx(), "fmt/412", "container", ""),
    "a.xml": (b'<?xml version="1.0"?><a xmlns="urn:x"/>', "fmt/101", "byte", ""),
    "a.json": (b'{"a": 1}', "fmt/817", "text", ""),
    "a.csv": (b"a;b\n1;2\n", "x-fmt/18", "text", ""),
    "a.txt": ("hej å".encode(), "x-fmt/111", "text", ""),
    "latin.txt": ("hej på dig åäö".encode("latin-1"), "x-fmt/111", "text", ""),
    "no-extension": (PDF, "fmt/18", "byte", ""),
    "wrong.pdf": (b"just a text", "x-fmt/111", "text", "SAM-FORMAT-EXTENSION"),
    "wrong.jpg": (PDF, "fmt/18", "byte", "SAM-FORMAT-EXTENSION"),
    "noise": (bytes(range(256)) * 3, "", "", "SAM-FORMAT-UNKNOWN"),
    "tom.pdf": (b"", "", "", ""),
}


def test_formats_their_basis_and_what_is_remarked(checked):
    result, tree = checked(zip_of(*[Entry(name.encode(), data) for name, (data, *_) in CASES.items()]))
    remarks = {finding.file: finding.code for finding in result.findings}
    for name, (_, puid, basis, remark) in CASES.items():
        entry = tree.get(name)
        assert (name, entry.puid, entry.basis, remarks.get(name, "")) == (name, puid, basis, remark)
    assert tree.get("a.pdf").mime == "application/pdf"
    assert result.tool.startswith("siegfried 1.")


@pytest.mark.parametrize("deflate", [False, True])
def test_large_files_are_identified_by_their_ends(deflate, checked):
    size = (5 if deflate else 9) << 20
    entries = [
        Entry(b"stor.pdf", PDF + os.urandom(size) + b"\n%%EOF\n", deflate=deflate),
        Entry(b"stor.docx", docx(size), deflate=deflate),
        Entry(b"liten.txt", b"hej"),
    ]
    _, tree = checked(zip_of(*entries))
    assert [tree.get(name).puid for name in ("stor.pdf", "stor.docx")] == ["fmt/18", "fmt/412"]
    assert [entry.path for entry in tree.entries()] == ["liten.txt", "stor.pdf", "stor.docx"]
    for entry in entries:
        assert tree.get(entry.name.decode()).sha256 == hashlib.sha256(entry.data).hexdigest()


def test_digests_a_manifest_needs_are_computed_in_the_pass(checked):
    data = os.urandom(1000)
    big = os.urandom(9 << 20)
    entries = [
        Entry(b"b/bagit.txt"),
        Entry(b"b/data/x", data),
        Entry(b"b/manifest-sha512.txt"),
        Entry(b"b/manifest-md5.txt"),
    ]
    result, tree = checked(
        zip_of(*entries, Entry(b"b/data/y", big), Entry(b"b/data/z", big[: 5 << 20], deflate=True))
    )
    lines = {one["path"]: one for one in map(json.loads, result.digests.read_text().splitlines())}
    for path, content in (("b/data/x", data), ("b/data/y", big), ("b/data/z", big[: 5 << 20])):
        assert lines[path]["sha512"] == hashlib.sha512(content).hexdigest() == tree.digest(path, "SHA-512")
        assert lines[path]["md5"] == hashlib.md5(content).hexdigest()
    mets = b'<mets CHECKSUMTYPE="SHA-1"/>'
    result, tree = checked(zip_of(Entry(b"p/METS.xml", mets, deflate=True)))
    assert json.loads(result.digests.read_text())["sha1"] == hashlib.sha1(mets).hexdigest()
    result, _ = checked(zip_of(Entry(b"a")))
    assert result.digests is None


def deadly(batch: Batch) -> Done:
    if batch.look and any(item.path == "deadly" for item in batch.items):
        os._exit(9)
    return workers.check_batch(batch)


def test_a_file_that_kills_the_format_tool_is_checked_without_it(box, tmp_path):
    upload = box(zip_of(Entry(b"good", b"1"), Entry(b"deadly", b"2")))
    items = [Item("good", "", 34, 1, 1, -1, 0, -1), Item("deadly", "", 71, 1, 1, -1, 0, -1)]
    batch = Batch(str(upload), "", "upload", items)
    with Pool(1, warm=None) as pool:
        done = settle(pool, deadly, batch, begin(pool, deadly, batch))
    lines = [json.loads(line) for line in done.lines.splitlines()]
    assert [(line["path"], line["sha256"]) for line in lines] == [
        ("good", hashlib.sha256(b"1").hexdigest()),
        ("deadly", hashlib.sha256(b"2").hexdigest()),
    ]
    assert [note[:2] for note in done.notes] == [("SAM-FORMAT-FAULT", "deadly")]


def test_workers_stay_light_and_leave_nothing_behind():
    with Pool(1, warm=workers.warm) as pool:
        pool.submit(workers.warm).result()
        (pid,) = pool.pids()
        modules = pool.submit(loaded).result()
        mine = [name for name in os.listdir("/dev/shm") if f"-{pid}-" in name]
        assert len(mine) == 1
    assert not {"pydantic", "fastapi", "sqlalchemy", "lxml"} & set(modules)
    for _ in range(20):
        if not os.path.exists(f"/dev/shm/{mine[0]}"):
            break
        time.sleep(0.05)
    assert not os.path.exists(f"/dev/shm/{mine[0]}")


def loaded() -> list[str]:
    import sys

    return list(sys.modules)
