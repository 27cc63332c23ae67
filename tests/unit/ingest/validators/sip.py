"""A complete E-ARK SIP 2.2.0 with one representation, made in a folder; tests change its METS or files and look."""

import hashlib
from pathlib import Path

from samarkiv_contracts.findings import Finding
from samarkiv_ingest.packages.profile import detect
from samarkiv_ingest.packages.read import FolderTree
from samarkiv_ingest.validators import validate

FILES = {
    "documentation/readme.txt": b"Beskrivning\n",
    "schemas/mets.xsd": b"<schema/>\n",
    "metadata/descriptive/ead.xml": b"<ead xmlns='urn:isbn:1-931666-22-9'/>\n",
    "metadata/preservation/premis.xml": b"""<premis xmlns="http://www.loc.gov/premis/v3" version="3.0"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><object xsi:type="intellectualEntity"><objectIdentifier>
<objectIdentifierType>local</objectIdentifierType><objectIdentifierValue>1</objectIdentifierValue></objectIdentifier>
</object></premis>""",
    "representations/rep1/data/beslut.txt": "Beslut åäö\n".encode(),
}
# What is remarked of it all the same: its representation has no METS of its own, and there are no other metadata.
USUAL = {"CSIPSTR12", "CSIPSTR8"}
PROFILE = "https://earksip.dilcis.eu/profile/E-ARK-SIP-v2-2-0.xml"
_HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>
<mets xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink"
 xmlns:csip="https://DILCIS.eu/XML/METS/CSIPExtensionMETS" xmlns:sip="https://DILCIS.eu/XML/METS/SIPExtensionMETS"
 OBJID="%(objid)s" LABEL="Bygglov 2020" TYPE="Mixed" csip:CONTENTINFORMATIONTYPE="MIXED" PROFILE="{PROFILE}">
"""
_SOFTWARE = """<agent ROLE="CREATOR" TYPE="OTHER" OTHERTYPE="SOFTWARE"><name>Export</name>
<note csip:NOTETYPE="SOFTWARE VERSION">1.0</note></agent>
"""
_HEADER = f"""<metsHdr CREATEDATE="2024-05-01T10:00:00" LASTMODDATE="2024-05-02T10:00:00" RECORDSTATUS="NEW" csip:OAISPACKAGETYPE="SIP">
{_SOFTWARE}<agent ROLE="ARCHIVIST" TYPE="ORGANIZATION"><name>Byggnadsnämnden</name>
<note csip:NOTETYPE="IDENTIFICATIONCODE">212000-0001</note></agent>
<agent ROLE="CREATOR" TYPE="ORGANIZATION"><name>Kommunen</name>
<note csip:NOTETYPE="IDENTIFICATIONCODE">212000-0002</note></agent>
<agent ROLE="CREATOR" TYPE="INDIVIDUAL"><name>Karin Ek</name><note>karin@example.org</note></agent>
<agent ROLE="PRESERVATION" TYPE="ORGANIZATION"><name>Arkivet</name>
<note csip:NOTETYPE="IDENTIFICATIONCODE">212000-0003</note></agent>
<altRecordID TYPE="SUBMISSIONAGREEMENT">LÖ 1</altRecordID>
<altRecordID TYPE="PREVIOUSSUBMISSIONAGREEMENT">LÖ 0</altRecordID>
<altRecordID TYPE="REFERENCECODE">BN/F1</altRecordID>
<altRecordID TYPE="PREVIOUSREFERENCECODE">BN/F0</altRecordID>
</metsHdr>
"""
_TIME = "2024-05-01T10:00:00"


def _facts(path: str, mime: str) -> str:
    data = FILES[path]
    digest = hashlib.sha256(data).hexdigest()
    return (
        f'MIMETYPE="{mime}" SIZE="{len(data)}" CREATED="{_TIME}" CHECKSUM="{digest}" CHECKSUMTYPE="SHA-256"'
    )


def _link(path: str) -> str:
    return f'LOCTYPE="URL" xlink:type="simple" xlink:href="{path}"'


def _reference(path: str, kind: str) -> str:
    return f'<mdRef {_link(path)} MDTYPE="{kind}" {_facts(path, "text/xml")}/>'


def _file(identity: str, path: str, mime: str, more: str = "") -> str:
    return f'<file ID="{identity}" {_facts(path, mime)}{more}><FLocat {_link(path)}/></file>\n'


def mets(objid: str = "paket") -> str:
    """Return the METS of the package."""
    formats = (
        ' OWNERID="1" ADMID="id-premis" DMDID="id-ead" sip:FILEFORMATNAME="Text" sip:FILEFORMATVERSION="1.0"'
        ' sip:FILEFORMATREGISTRY="PRONOM" sip:FILEFORMATKEY="x-fmt/111"'
    )
    return (
        _HEAD % {"objid": objid}
        + _HEADER
        + f'<dmdSec ID="id-ead" CREATED="{_TIME}" STATUS="CURRENT">'
        + _reference("metadata/descriptive/ead.xml", "EAD")
        + '</dmdSec>\n<amdSec ID="id-amd">\n<rightsMD ID="id-rights" STATUS="CURRENT">'
        + _reference("metadata/preservation/premis.xml", "PREMIS:RIGHTS")
        + '</rightsMD>\n<digiprovMD ID="id-premis" STATUS="CURRENT">'
        + _reference("metadata/preservation/premis.xml", "PREMIS")
        + '</digiprovMD>\n</amdSec>\n<fileSec ID="id-files">\n<fileGrp ID="id-doc" USE="Documentation">'
        + _file("id-f1", "documentation/readme.txt", "text/plain")
        + '</fileGrp>\n<fileGrp ID="id-schemas" USE="Schemas">'
        + _file("id-f2", "schemas/mets.xsd", "application/xml")
        + '</fileGrp>\n<fileGrp ID="id-rep1" USE="Representations/rep1" ADMID="id-premis" csip:CONTENTINFORMATIONTYPE="MIXED">'
        + _file("id-f3", "representations/rep1/data/beslut.txt", "text/plain", formats)
        + f'</fileGrp>\n</fileSec>\n<structMap ID="id-map" TYPE="PHYSICAL" LABEL="CSIP"><div ID="id-main" LABEL="{objid}">\n'
        + '<div ID="id-d1" LABEL="Metadata" ADMID="id-rights id-premis" DMDID="id-ead"/>\n'
        + '<div ID="id-d2" LABEL="Documentation"><fptr FILEID="id-doc"/></div>\n'
        + '<div ID="id-d3" LABEL="Schemas"><fptr FILEID="id-schemas"/></div>\n'
        + '<div ID="id-d4" LABEL="Representations"><fptr FILEID="id-rep1"/></div>\n'
        + "</div></structMap>\n</mets>\n"
    )


def make(folder: Path, text: str | None = None, changes: dict[str, bytes | None] | None = None) -> Path:
    """Write the package under `folder/paket`; `changes` are files to replace, add or (None) leave out."""
    root = folder / "paket"
    files: dict[str, bytes | None] = {**FILES, "METS.xml": (text or mets()).encode(), **(changes or {})}
    (root / "representations/rep1/metadata").mkdir(parents=True)
    for path, data in files.items():
        if data is not None:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
    return root


def check(folder: Path) -> list[Finding]:
    """Return every finding about the package in a folder."""
    tree = FolderTree(folder)
    seen = detect(tree)
    return list(validate(tree, seen.profile, seen.root))


def codes(folder: Path, severity: str = "") -> set[str]:
    """Return the codes found, of one severity or all."""
    return {one.code for one in check(folder) if not severity or one.severity.value == severity}
