"""A bag is judged by its declaration, manifests, digests and Oxum, in every version; nothing is fetched."""

import hashlib
from pathlib import Path

import pytest
from samarkiv_ingest.packages.profile import detect
from samarkiv_ingest.packages.read import FolderTree
from samarkiv_ingest.validators import validate

PAYLOAD = {"data/a.txt": b"alpha\n", "data/under/\u00e5.txt": b"beta\n"}
SIZE = sum(map(len, PAYLOAD.values()))


def manifest(alg: str = "sha256", files: dict[str, bytes] | None = None) -> bytes:
    """Return the lines of a manifest."""
    lines = (f"{hashlib.new(alg, data).hexdigest()}  {path}\n" for path, data in (files or PAYLOAD).items())
    return "".join(lines).encode()


def bag(folder: Path, changes: dict[str, bytes | None] | None = None, version: str = "1.0") -> Path:
    """Make a bag; `changes` replaces, adds or (None) leaves out files."""
    files: dict[str, bytes | None] = {
        **PAYLOAD,
        "bagit.txt": f"BagIt-Version: {version}\nTag-File-Character-Encoding: UTF-8\n".encode(),
        "manifest-sha256.txt": manifest(),
        "bag-info.txt": f"External-Description: Prov\nPayload-Oxum: {SIZE}.2\n".encode(),
        **(changes or {}),
    }
    for path, data in files.items():
        if data is not None:
            (folder / "bag" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "bag" / path).write_bytes(data)
    return folder / "bag"


def codes(folder: Path, severity: str = "ERROR") -> set[str]:
    """Return the codes of a severity."""
    tree = FolderTree(folder)
    seen = detect(tree)
    return {one.code for one in validate(tree, seen.profile, seen.root) if one.severity.value == severity}


@pytest.mark.parametrize("version", ["0.93", "0.94", "0.95", "0.96", "0.97", "1.0"])
def test_a_good_bag_of_each_version_has_no_findings(tmp_path, version):
    assert not codes(bag(tmp_path, version=version))


@pytest.mark.parametrize("alg", ["md5", "sha1", "sha256", "sha512"])
def test_each_algorithm_is_checked(tmp_path, alg):
    good = {"manifest-sha256.txt": None, f"manifest-{alg}.txt": manifest(alg)}
    assert not codes(bag(tmp_path / "good", good))
    bad = {**good, "data/a.txt": b"ALPHA\n"}
    assert codes(bag(tmp_path / "bad", bad)) == {"BAG-DIGEST"}


A = hashlib.sha256(PAYLOAD["data/a.txt"]).hexdigest()
FAULTS = [
    ({"bagit.txt": b"BagIt-Version: 1.0\n"}, "BAG-DECLARATION"),
    ({"bagit.txt": b"Tag-File-Character-Encoding: UTF-8\nBagIt-Version: 1.0\n"}, "BAG-DECLARATION"),
    ({"bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\nMore: x\n"}, "BAG-DECLARATION"),
    ({"bagit.txt": b"\xef\xbb\xbfBagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"}, "BAG-BOM"),
    ({"bagit.txt": b"BagIt-Version: 2.0\nTag-File-Character-Encoding: UTF-8\n"}, "BAG-VERSION"),
    ({"bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: KLINGON\n"}, "BAG-ENCODING"),
    ({"bagit.txt": None}, "BAG-DECLARATION"),
    ({"manifest-sha256.txt": None}, "BAG-MANIFEST"),
    ({"manifest-sha256.txt": None, "manifest-sha9.txt": b""}, "BAG-ALGORITHM"),
    ({"manifest-sha256.txt": manifest() + b"hej\n"}, "BAG-LINE"),
    ({"manifest-sha256.txt": manifest() + b"\xff\xfe\n"}, "BAG-ENCODING"),
    ({"manifest-sha256.txt": manifest() + A.encode() + b"  data/../../x\n"}, "BAG-PATH"),
    ({"manifest-sha256.txt": manifest() + A.encode() + b"  /etc/passwd\n"}, "BAG-PATH"),
    ({"manifest-sha256.txt": manifest() + A.encode() + b"  ~/x\n"}, "BAG-PATH"),
    ({"manifest-sha256.txt": manifest() + A.encode() + b"  data\\a.txt\n"}, "BAG-PATH"),
    ({"manifest-sha256.txt": manifest() + A.encode() + b"  bagit.txt\n"}, "BAG-SCOPE"),
    ({"tagmanifest-sha256.txt": manifest()}, "BAG-SCOPE"),
    ({"manifest-sha256.txt": manifest() + A.encode() + b"  data/a.txt\n"}, "BAG-TWICE"),
    ({"manifest-sha256.txt": manifest() + A.encode() + b"  data/gone.txt\n"}, "BAG-MISSING"),
    ({"manifest-sha256.txt": manifest().replace(b"a.txt", b"A.txt")}, "BAG-CASE"),
    ({"data/extra.txt": b"x"}, "BAG-UNLISTED"),
    ({"manifest-md5.txt": manifest("md5", {"data/a.txt": PAYLOAD["data/a.txt"]})}, "BAG-PARTIAL"),
    ({"bag-info.txt": b"Payload-Oxum: 1.2\n"}, "BAG-OXUM"),
    ({"bag-info.txt": b"Payload-Oxum: many\n"}, "BAG-OXUM-LINE"),
    ({"bag-info.txt": b"no colon\n"}, "BAG-INFO-LINE"),
    ({"tagmanifest-sha256.txt": b"0" * 64 + b"  bagit.txt\n"}, "BAG-DIGEST"),
    ({"tagmanifest-sha256.txt": b"0" * 64 + b"  gone.txt\n"}, "BAG-MISSING"),
    ({"fetch.txt": b"http://127.0.0.1:1/x 5 data/gone.txt\n"}, "BAG-FETCH"),
    ({"fetch.txt": b"http://127.0.0.1:1/x - ../../x\n"}, "BAG-FETCH-PATH"),
]


@pytest.mark.parametrize(("changes", "code"), FAULTS)
def test_each_fault_has_its_code(tmp_path, changes, code):
    assert code in codes(bag(tmp_path, changes))


def test_a_bag_without_payload_folder_is_told_so(tmp_path):
    empty = {
        "data/a.txt": None,
        "data/under/\u00e5.txt": None,
        "manifest-sha256.txt": b"",
        "bag-info.txt": None,
    }
    assert codes(bag(tmp_path, empty)) == {"BAG-PAYLOAD"}


def test_one_manifest_with_every_file_was_enough_before_1_0(tmp_path):
    changes = {"manifest-md5.txt": manifest("md5", {"data/a.txt": PAYLOAD["data/a.txt"]})}
    folder = bag(tmp_path, changes, version="0.97")
    assert not codes(folder)
    assert codes(folder, "WARNING") == {"BAG-PARTIAL-OLD"}


def test_a_fetch_file_whose_files_are_all_there_is_only_remarked(tmp_path):
    folder = bag(tmp_path, {"fetch.txt": b"http://127.0.0.1:1/a - data/a.txt\n"})
    assert not codes(folder)
    assert codes(folder, "WARNING") == {"BAG-FETCH-UNUSED"}


def test_percent_encoding_by_version(tmp_path):
    files = {"data/50%.txt": b"x", "data/a%0Ab.txt": b"y"}
    gone = dict.fromkeys(PAYLOAD)
    old = {**gone, **files, "manifest-sha256.txt": manifest(files=files), "bag-info.txt": None}
    assert not codes(bag(tmp_path / "old", old, version="0.97"))
    written = manifest(files={"data/50%25.txt": b"x", "data/a%250Ab.txt": b"y"})
    assert not codes(bag(tmp_path / "new", {**old, "manifest-sha256.txt": written}))


def test_names_in_another_unicode_form_are_remarked_and_still_compared(tmp_path):
    decomposed = manifest().replace("å".encode(), "a\u030a".encode())
    folder = bag(tmp_path, {"manifest-sha256.txt": decomposed})
    assert not codes(folder)
    assert codes(folder, "WARNING") == {"BAG-CASE"}


def test_line_endings_binary_marks_and_leading_dots_are_read(tmp_path):
    lines = manifest().replace(b"  ", b" *").replace(b"data/a", b"./data/a").replace(b"\n", b"\r\n")
    assert not codes(bag(tmp_path, {"manifest-sha256.txt": lines}))


def test_tag_files_are_read_in_the_declared_encoding(tmp_path):
    declared = b"BagIt-Version: 0.97\nTag-File-Character-Encoding: ISO-8859-1\n"
    lines = manifest().decode().encode("latin-1")
    assert not codes(bag(tmp_path, {"bagit.txt": declared, "manifest-sha256.txt": lines}))


def test_a_package_in_the_payload_is_validated_too(tmp_path):
    gone = dict.fromkeys(PAYLOAD)
    mets = {"data/METS.xml": b"<mets xmlns='http://www.loc.gov/METS/'/>"}
    changes = {**gone, **mets, "manifest-sha256.txt": manifest(files=mets), "bag-info.txt": None}
    assert {"CSIP1", "CSIP80"} <= codes(bag(tmp_path, changes))
