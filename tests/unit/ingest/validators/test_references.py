"""METS against the package: both ways, sizes, digests, confinement, IDs and cycles."""

import hashlib

import pytest
from samarkiv_ingest.packages.read import FolderTree
from samarkiv_ingest.validators.references import resolve

from tests.unit.ingest.validators import sip

HREF = 'xlink:href="documentation/readme.txt"'


@pytest.mark.parametrize(
    ("href", "code"),
    [
        ("../utanför.txt", "SAM-REF-OUTSIDE"),
        ("documentation/../../paket2/x", "SAM-REF-OUTSIDE"),
        ("%2e%2e/x", "SAM-REF-OUTSIDE"),
        ("/etc/passwd", "SAM-REF-OUTSIDE"),
        ("http://example.org/x", "SAM-REF-REMOTE"),
        ("//example.org/x", "SAM-REF-REMOTE"),
        ("", "SAM-REF-EMPTY"),
        ("documentation/borta.txt", "CSIP79"),
        ("Documentation/readme.txt", "CSIP79"),
        ("documentation/README.txt", "CSIP79"),
    ],
)
def test_addresses_that_lead_wrong_are_refused(tmp_path, href, code):
    text = sip.mets().replace(HREF, f'xlink:href="{href}"')
    assert code in sip.codes(sip.make(tmp_path, text), "ERROR")


@pytest.mark.parametrize(
    "href",
    [
        "./documentation/readme.txt",
        "file:documentation/readme.txt",
        "file://./documentation/readme.txt",
        "file:///documentation/readme.txt",
        "documentation%2Freadme.txt",
        "documentation/./readme%2Etxt",
    ],
)
def test_the_ways_of_writing_an_address_lead_to_the_same_file(tmp_path, href):
    text = sip.mets().replace(HREF, f'xlink:href="{href}"')
    assert sip.codes(sip.make(tmp_path, text)) == sip.USUAL


def test_raw_and_encoded_names_with_odd_signs(tmp_path):
    (tmp_path / "p/data").mkdir(parents=True)
    for name in ("å ä.txt", "50%.txt", "a#b.txt", "a+b.txt", "%41.txt"):
        (tmp_path / "p/data" / name).write_text("x")
    tree = FolderTree(tmp_path / "p")
    for href in (
        "data/å ä.txt",
        "data/%C3%A5%20%C3%A4.txt",
        "data/50%.txt",
        "data/50%25.txt",
        "data/a#b.txt",
        "data/a%23b.txt",
        "data/a+b.txt",
        "data/%41.txt",
        "data/%2541.txt",
    ):
        assert not resolve(tree, "p", "p", href).code, href


def test_a_file_that_is_not_listed_is_an_error(tmp_path):
    folder = sip.make(tmp_path, changes={"representations/rep1/data/extra.txt": b"x"})
    (found,) = [one for one in sip.check(folder) if one.code == "SAM-REF-UNLISTED"]
    assert found.file == "paket/representations/rep1/data/extra.txt"


@pytest.mark.parametrize(("size", "digest", "code"), [(13, None, "CSIP69"), (None, "0" * 64, "CSIP71")])
def test_a_wrong_size_and_a_wrong_digest_are_told_apart(tmp_path, size, digest, code):
    data = sip.FILES["documentation/readme.txt"]
    text = sip.mets()
    if size:
        text = text.replace(f'SIZE="{len(data)}"', f'SIZE="{size}"', 1)
    if digest:
        text = text.replace(hashlib.sha256(data).hexdigest(), digest)
    assert sip.codes(sip.make(tmp_path, text), "ERROR") == {code}


@pytest.mark.parametrize("alg", ["MD5", "SHA-1", "SHA-384", "SHA-512"])
def test_other_algorithms_are_computed(tmp_path, alg):
    data = sip.FILES["documentation/readme.txt"]
    real = hashlib.new(alg.replace("-", "").lower(), data).hexdigest().upper()
    old = f'CHECKSUM="{hashlib.sha256(data).hexdigest()}" CHECKSUMTYPE="SHA-256"'
    good = sip.mets().replace(old, f'CHECKSUM="{real}" CHECKSUMTYPE="{alg}"')
    assert sip.codes(sip.make(tmp_path / "good", good)) == sip.USUAL
    bad = good.replace(real, real[:-1] + ("0" if real[-1] != "0" else "1"))
    assert sip.codes(sip.make(tmp_path / "bad", bad), "ERROR") == {"CSIP71"}


def test_an_altered_payload_is_found(tmp_path):
    folder = sip.make(tmp_path, changes={"representations/rep1/data/beslut.txt": "Beslut öäå\n".encode()})
    (found,) = [one for one in sip.check(folder) if one.severity.value == "ERROR"]
    assert (found.code, found.layer.value) == ("CSIP71", "fixity")


def test_a_dangling_idref_and_a_pointer_that_goes_round(tmp_path):
    dangling = sip.mets().replace('FILEID="id-doc"', 'FILEID="id-nowhere"')
    assert "SAM-METS-IDREF" in sip.codes(sip.make(tmp_path / "a", dangling), "ERROR")
    cyclic = sip.mets().replace('FILEID="id-doc"', 'FILEID="id-main"')
    assert "SAM-METS-CYCLE" in sip.codes(sip.make(tmp_path / "b", cyclic), "ERROR")
    itself = sip.mets().replace(
        '<fptr FILEID="id-rep1"/>',
        '<mptr LOCTYPE="URL" xlink:type="simple" xlink:href="METS.xml" xlink:title="id-rep1"/>',
    )
    assert "SAM-METS-CYCLE" in sip.codes(sip.make(tmp_path / "c", itself), "ERROR")
