"""The metadata documents of a package: hostile ones are refused, PREMIS is compared with its schema."""

import pytest

from tests.unit.ingest.validators import sip

EAD = "metadata/descriptive/ead.xml"
PREMIS = "metadata/preservation/premis.xml"


@pytest.mark.parametrize(
    ("path", "data", "code", "severity"),
    [
        (PREMIS, b"<premis", "SAM-XML-SYNTAX", "ERROR"),
        (PREMIS, b"<!DOCTYPE premis><premis/>", "SAM-XML-DOCTYPE", "ERROR"),
        (
            PREMIS,
            b"<premis xmlns='http://www.loc.gov/premis/v3' version='3.0'/>",
            "SAM-XML-SCHEMA",
            "WARNING",
        ),
        (EAD, b"<!DOCTYPE ead SYSTEM 'ead.dtd'><ead/>", "SAM-XML-DOCTYPE", "WARNING"),
        (EAD, b"<ead xmlns='http://ead3.archivists.org/schema/'/>", "SAM-XML-SCHEMA", "WARNING"),
        (EAD, b"<?xml-stylesheet href='x'?><ead/>", "SAM-XML-STYLESHEET", "ERROR"),
        ("representations/rep1/metadata/x.xml", b"<x>", "SAM-XML-SYNTAX", "ERROR"),
    ],
)
def test_faults_of_metadata_documents(tmp_path, path, data, code, severity):
    found = [one for one in sip.check(sip.make(tmp_path, changes={path: data})) if one.code == code]
    assert [(one.file, one.severity.value) for one in found] == [(f"paket/{path}", severity)]


def test_xml_that_is_content_is_nobodys_business(tmp_path):
    folder = sip.make(tmp_path, changes={"representations/rep1/data/x.xml": b"<!DOCTYPE x><x>"})
    assert sip.codes(folder) == sip.USUAL | {"SAM-REF-UNLISTED"}
