"""FGS Paketstruktur 1.2: its package rules, and sip.xml against the files."""

import hashlib
from pathlib import Path

import pytest
from samarkiv_ingest.packages.profile import detect
from samarkiv_ingest.packages.read import FolderTree
from samarkiv_ingest.validators import validate

DATA = b"Handling\n"
PROFILE = "http://xml.ra.se/e-arkiv/METS/CommonSpecificationSwedenPackageProfile.xml"
SIP = f"""<mets xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:ext="ExtensionMETS"
 OBJID="UUID:1" TYPE="ERMS" LABEL="Diarium" PROFILE="{PROFILE}">
<metsHdr CREATEDATE="2017-01-01T10:00:00" ext:OAISSTATUS="SIP">
<agent ROLE="ARCHIVIST" TYPE="ORGANIZATION"><name>Nämnden</name></agent>
<agent ROLE="CREATOR" TYPE="ORGANIZATION"><name>Kommunen</name></agent>
<altRecordID TYPE="SUBMISSIONAGREEMENT">RA 1</altRecordID></metsHdr>
<fileSec><fileGrp><file ID="f1" MIMETYPE="text/plain" SIZE="{len(DATA)}" CREATED="2017-01-01T10:00:00"
 CHECKSUM="{hashlib.sha256(DATA).hexdigest()}" CHECKSUMTYPE="SHA-256"><FLocat LOCTYPE="URL" xlink:type="simple" xlink:href="file:content/a.txt"/></file></fileGrp></fileSec>
<structMap><div><fptr FILEID="f1"/></div></structMap></mets>"""


def codes(folder: Path, text: str = SIP, extra: bool = False) -> set[str]:
    """Return the codes of errors."""
    (folder / "content").mkdir(parents=True)
    (folder / "sip.xml").write_text(text, encoding="utf-8")
    (folder / "content/a.txt").write_bytes(DATA)
    if extra:
        (folder / "content/b.txt").write_bytes(b"x")
    tree = FolderTree(folder)
    seen = detect(tree)
    assert seen.profile == "fgs-1.2"
    return {one.code for one in validate(tree, seen.profile, seen.root) if one.severity.value == "ERROR"}


def test_a_good_package_has_no_errors(tmp_path):
    assert not codes(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('OBJID="UUID:1"', "", "SAM-FGS-OBJID"),
        ('TYPE="ERMS"', 'TYPE="Mixed"', "SAM-FGS-TYPE"),
        ('CREATEDATE="2017-01-01T10:00:00" ext', "ext", "SAM-FGS-HEADER"),
        ('ext:OAISSTATUS="SIP"', "", "SAM-FGS-STATUS"),
        ('ROLE="ARCHIVIST"', 'ROLE="EDITOR"', "SAM-FGS-AGENT"),
        ("RA 1", "", "SAM-FGS-AGREEMENT"),
        ("content/a.txt", "content/borta.txt", "SAM-REF-MISSING"),
        ("content/a.txt", "../a.txt", "SAM-REF-OUTSIDE"),
        (f'SIZE="{len(DATA)}"', 'SIZE="1"', "SAM-FIX-SIZE"),
        (hashlib.sha256(DATA).hexdigest(), "0" * 64, "SAM-FIX-DIGEST"),
        ('CHECKSUMTYPE="SHA-256"', 'CHECKSUMTYPE="X"', "SAM-FIX-ALGORITHM"),
        ('FILEID="f1"', 'FILEID="f2"', "SAM-METS-IDREF"),
    ],
)
def test_each_fault_has_its_code(tmp_path, old, new, code):
    assert old in SIP
    assert code in codes(tmp_path, SIP.replace(old, new))


def test_a_file_that_is_not_listed_is_an_error(tmp_path):
    assert codes(tmp_path, extra=True) == {"SAM-REF-UNLISTED"}
