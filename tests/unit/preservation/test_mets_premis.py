"""METS and PREMIS: what is read back is what was written, and the schemas catch what is wrong."""

from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree
from samarkiv_contracts.handover import Act
from samarkiv_preservation.packages import premis, provenance
from samarkiv_preservation.packages.mets import Agent, Listed, Representation, RootMets, Section
from samarkiv_preservation.packages.mime import mets_mime
from samarkiv_preservation.packages.schemas import schemas
from samarkiv_preservation.usecases.build import build

from tests.unit.preservation import judges
from tests.unit.preservation.deliveries import description, hand_over, make_id, put, record
from tests.unit.preservation.desk import desk_of, job_of, passed

AT = "2026-11-24T12:00:00Z"
ONE = Listed("ID-premis-1", "metadata/preservation/å b.xml", "text/xml", 3, AT, "a" * 64)


def root() -> RootMets:
    return RootMets(
        objid=make_id("uuid", "x"),
        label='Öppna "handlingar" & <annat>\nrad',
        created=AT,
        modified=AT,
        software="0.1.0",
        agents=[
            Agent("ARCHIVIST", "Miljönämnden", "SE1"),
            Agent("OTHER", "Förvaltningen", "SE2", "SUBMITTER"),
        ],
        alternatives=[("SUBMISSIONAGREEMENT", "agr-1"), ("REFERENCECODE", "SE/Å&B")],
        sections=[
            Section("dmdSec", replace(ONE, id="ID-dmd-1"), "EAD", "3"),
            Section("rightsMD", replace(ONE, id="ID-rights-1"), "PREMIS:RIGHTS", "3.0", status="SUPERSEDED"),
            Section("digiprovMD", ONE, "PREMIS", "3.0"),
            Section("digiprovMD", replace(ONE, id="ID-d-1"), "OTHER", other="DESCRIPTION"),
            Section("digiprovMD", replace(ONE, id="ID-rep-premis-original"), "PREMIS", "3.0"),
        ],
        documentation=[replace(ONE, id="ID-doc-1", mime="application/json")],
        schemas=[replace(ONE, id="ID-schema-1", mime="application/xml")],
        representations=[Representation("original", 9, AT, "b" * 64)],
    )


@pytest.fixture(scope="module")
def csip(tmp_path_factory: pytest.TempPathFactory) -> etree.XMLSchema:
    folder = tmp_path_factory.mktemp("schemas")
    for name, data in schemas():
        (folder / name).write_bytes(data)
    return etree.XMLSchema(etree.parse(folder / "mets-csip.xsd", etree.XMLParser(no_network=True)))


def test_the_root_mets_is_read_back_as_it_was_written(csip: etree.XMLSchema) -> None:
    written = root().to_bytes()
    assert RootMets.from_bytes(written) == root()
    tree = etree.ElementTree(etree.fromstring(written))
    csip.assertValid(tree)
    judges.references_close(tree)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('csip:OAISPACKAGETYPE="AIP"', 'csip:OAISPACKAGETYPE="PIA"'),
        ('csip:CONTENTINFORMATIONTYPE="MIXED"', 'csip:CONTENTINFORMATIONTYPE="mixed"'),
        ('csip:NOTETYPE="IDENTIFICATIONCODE"', 'csip:NOTETYPE="CODE"'),
        ('CHECKSUMTYPE="SHA-256"', 'CHECKSUMTYPE="SHA-257"'),
    ],
)
def test_a_wrong_value_fails_by_the_wrapper_schema(csip: etree.XMLSchema, old: str, new: str) -> None:
    wrong = root().to_bytes().decode().replace(old, new)
    assert not csip.validate(etree.fromstring(wrong.encode()))


def test_a_document_type_is_refused() -> None:
    written = root().to_bytes().replace(b"?>\n", b'?>\n<!DOCTYPE mets [<!ENTITY a "b">]>\n', 1)
    with pytest.raises((KeyError, etree.XMLSyntaxError)):
        RootMets.from_bytes(written)


def test_the_history_of_a_package_is_kept_to_the_letter() -> None:
    doc = premis.PackagePremis(make_id("uuid", "x"), "Etikett", ["original", "pdfa-1"])
    doc.add(premis.Event("evt-1", "transfer", AT, "success", doc.package, note="rad\nrad"))
    doc.name(provenance.software("0.1.0"), provenance.software("0.1.0"))
    doc.grant(provenance.rights_of(description("x", 1, 1), [record("x"), record("y")]))
    assert len(doc.agents) == 1
    assert doc.rights.count("<rightsStatement>") == 2
    again = premis.PackagePremis.from_bytes(doc.to_bytes(), doc.package, "Etikett")
    assert again == doc


def test_acts_name_tools_with_their_version_and_people_by_name() -> None:
    people = [{"id": make_id("prs", "anna"), "name": "Anna Ek", "role": "archivist"}]
    acts = [
        Act(type="virus check", at=AT, outcome="not done", agent="clamd 1.4.3 signatures 27462"),
        Act(type="validation", at=AT, outcome="warning", agent=people[0]["id"]),
        Act(type="something of our own", at=AT, outcome="success"),
    ]
    events, agents = provenance.events_of(acts, people, "0.1.0", "uuid-x", "evt")
    assert {(agent.name, agent.kind, agent.version) for agent in agents} == {
        ("Samarkiv", "software", "0.1.0"),
        ("clamd", "software", "1.4.3 signatures 27462"),
        ("Anna Ek", "person", ""),
    }
    assert "eventType/vir" in events[0].line()
    assert "valueURI" not in events[2].line()
    assert events[1].agents == ((people[0]["id"], "authorizer"),)


def test_mime_types_that_judges_do_not_know_become_octet_stream() -> None:
    assert mets_mime("application/pdf") == "application/pdf"
    assert mets_mime("message/rfc822") == "application/octet-stream"


def test_more_than_ten_thousand_files_have_premis_in_parts(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    files = {f"mapp/{number}.txt": b"" for number in range(10_001)}
    handover, digest = hand_over(desk.kit.staging, [files])
    event = passed(handover, digest)
    build(desk.kit, job_of(event), event)
    folder = judges.unzipped(desk.kit.site.copies["a"], event.packages[0], tmp_path / "out")
    parts = sorted(
        path.name for path in (folder / "representations/original/metadata/preservation").iterdir()
    )
    assert parts == ["premis-0001.xml", "premis-0002.xml"]
    assert judges.schema_valid(folder) == 6
    judges.listed_exactly(folder)


def test_a_name_that_was_not_utf8_keeps_its_bytes_in_premis(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    handover, digest = hand_over(desk.kit.staging, [{"br?v.txt": b"x"}])
    listing = b"".join(desk.kit.staging.read(handover.files)).replace(
        b'"raw_name":""', b'"raw_name":"6272e476"'
    )
    desk.kit.staging.delete(handover.files)
    put(desk.kit.staging, handover.files, listing)
    event = passed(handover, digest)
    build(desk.kit, job_of(event), event)
    folder = judges.unzipped(desk.kit.site.copies["a"], event.packages[0], tmp_path / "out")
    assert judges.schema_valid(folder) == 5
    told = (folder / "representations/original/metadata/preservation/premis.xml").read_text(encoding="utf-8")
    assert "<significantPropertiesValue>6272e476</significantPropertiesValue>" in told
