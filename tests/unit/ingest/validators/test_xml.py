"""The XML loader refuses what could reach out or swell, before the parser sees it, and fetches nothing."""

import io
import socket

import pytest
from lxml import etree
from samarkiv_ingest.validators.schemas import schema
from samarkiv_ingest.validators.xml import XmlFault, events, load

from tests.unit.ingest.validators import sip

LAUGHS = b"<!DOCTYPE a [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]><a>&b;</a>"
HOSTILE = [
    (LAUGHS, "SAM-XML-DOCTYPE"),
    (b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/x.dtd'><a/>", "SAM-XML-DOCTYPE"),
    (b"<!-- first --><!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "SAM-XML-DOCTYPE"),
    ("<?xml version='1.0' encoding='UTF-16'?><!DOCTYPE a><a/>".encode("utf-16"), "SAM-XML-DOCTYPE"),
    (b"<?xml-stylesheet href='http://127.0.0.1:1/x.xsl'?><a/>", "SAM-XML-STYLESHEET"),
    (b"<a/><?xml-stylesheet href='http://127.0.0.1:1/x.xsl'?>", "SAM-XML-STYLESHEET"),
    (
        b"<a xmlns:i='http://www.w3.org/2001/XInclude'><i:include href='http://127.0.0.1:1/'/></a>",
        "SAM-XML-XINCLUDE",
    ),
    (b"<a>" * 300 + b"</a>" * 300, "SAM-XML-DEEP"),
    (b"<a>&unknown;</a>", "SAM-XML-SYNTAX"),
    (b"<a>", "SAM-XML-SYNTAX"),
    (b"", "SAM-XML-SYNTAX"),
    (b"not xml", "SAM-XML-SYNTAX"),
    (b"<?xml version='1.0' encoding='no-such'?><a/>", "SAM-XML-SYNTAX"),
]


@pytest.fixture
def no_network(monkeypatch):
    """Fail the test when anything tries to connect."""

    def refuse(*_args):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize(("data", "code"), HOSTILE)
def test_hostile_documents_are_refused_with_a_code(no_network, data, code):
    with pytest.raises(XmlFault) as fault:
        list(events(io.BytesIO(data)))
    assert fault.value.code == code


@pytest.mark.parametrize(("data", "code"), HOSTILE[:6])
def test_hostile_mets_is_a_finding_of_the_package(tmp_path, no_network, data, code):
    assert code in sip.codes(sip.make(tmp_path, changes={"METS.xml": data}), "ERROR")


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        (
            "<i:include xmlns:i='http://www.w3.org/2001/XInclude' href='http://127.0.0.1:1/'/>",
            "SAM-XML-XINCLUDE",
        ),
        ("<x>" * 300 + "</x>" * 300, "SAM-XML-DEEP"),
    ],
)
def test_what_is_refused_inside_mets_is_a_finding_of_the_package(tmp_path, no_network, inside, code):
    folder = sip.make(tmp_path, sip.mets().replace("</mets>", f"{inside}</mets>"))
    assert code in sip.codes(folder, "ERROR")


def test_schema_locations_are_never_followed(tmp_path, no_network):
    hint = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.loc.gov/METS/ http://127.0.0.1:1/m.xsd" OBJID'
    assert sip.codes(sip.make(tmp_path, sip.mets().replace("OBJID", hint, 1))) == sip.USUAL


def test_a_document_larger_than_allowed_is_refused():
    with pytest.raises(XmlFault) as fault:
        load(io.BytesIO(b"<a>" + b"x" * 100_000 + b"</a>"), most_bytes=50_000)
    assert fault.value.code == "SAM-XML-LARGE"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings_are_read_by_their_declaration(encoding):
    data = f"<?xml version='1.0' encoding='{encoding}'?><a>åäö</a>".encode(encoding)
    assert load(io.BytesIO(data)).text == "åäö"


def test_the_mets_schema_compiles_offline_and_premis_too(no_network):
    assert isinstance(schema("mets"), etree.XMLSchema)
    assert isinstance(schema("premis-v3-0.xsd"), etree.XMLSchema)
