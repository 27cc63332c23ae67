"""Every kind of package gives a label and at least one record; what the delivery says is understood, faults are told."""

from pathlib import Path

import pytest
from samarkiv_ingest.descriptions import describe
from samarkiv_ingest.domain.agreement import Mapping, Terms
from samarkiv_ingest.packages.profile import detect
from samarkiv_ingest.packages.read import FolderTree

from tests.unit.ingest.validators import sip

EAD2002 = """<ead xmlns="urn:isbn:1-931666-22-9"><eadheader><filedesc><titlestmt><titleproper>Huvudtitel</titleproper>
</titlestmt></filedesc></eadheader><archdesc level="fonds"><did><unitid>SE/BN</unitid><unittitle>Bygglov
 <emph>1995</emph></unittitle><unitdate normal="1995-01-01/1999-12-31">1995–1999</unitdate>
<origination>Byggnadsnämnden</origination></did><scopecontent><p>Ritningar.</p></scopecontent></archdesc></ead>"""
EAD3 = """<ead xmlns="http://ead3.archivists.org/schema/"><control><recordid>1</recordid></control><archdesc level="series">
<did><unittitle>Protokoll</unittitle><unitdatestructured><daterange><fromdate standarddate="2001-02">feb 2001</fromdate>
<todate standarddate="2003">2003</todate></daterange></unitdatestructured></did></archdesc></ead>"""
ERMS = """<erms xmlns="https://DILCIS.eu/XML/ERMS"><control/><aggregations>
<aggregation aggregationType="class"><objectId>1</objectId><title>Klass</title>
 <aggregation aggregationType="caseFile" systemIdentifier="s1"><objectId>BN 2020-1</objectId>
  <classification fullyQualifiedClassificationCode="3.1">Bygglov</classification><title>Bygglov Åkern 2</title>
  <agents><agent agentType="counterpart"><name>Karin Ek</name></agent>
   <agent agentType="counterpart"><name>Hemlig</name><protectedIdentity>false</protectedIdentity></agent>
   <agent agentType="administrator"><name>Handläggaren</name></agent></agents>
  <description>Ansökan om garage</description>
  <dates><date dateType="opened">2020-01-02T00:00:00</date><date dateType="decision">2020-02-03T00:00:00</date>
   <date dateType="closed">2020-03-04T00:00:00</date></dates>
  <record systemIdentifier="r1"><objectId>BN 2020-1.1</objectId><title>Ansökan</title>
   <additionalInformation><appendix name="a" path="beslut.txt"/></additionalInformation></record>
 </aggregation>
 <aggregation aggregationType="caseFile" systemIdentifier="s2"><objectId>BN 2020-2</objectId><title>Klagomål</title>
  <restriction restrictionType="confidential"><regulation>OSL 26:1</regulation></restriction>
  <record><objectId>x</objectId><additionalInformation><appendix name="b" path="borta.txt"/></additionalInformation></record>
 </aggregation>
</aggregation></aggregations></erms>"""
FGS_ERMS = """<Leveransobjekt xmlns="http://xml.ra.se/e-arkiv/FGS-ERMS"><ArkivobjektListaArenden>
<ArkivobjektArende Systemidentifierare="1"><ArkivobjektID>KS 2015-7</ArkivobjektID><ArendeTyp>Remiss</ArendeTyp>
<Avslutat>2015-12-01</Avslutat><Beslutat>2015-11-01T08:00:00</Beslutat><Klass>1.2</Klass>
<Motpart><Namn>Trafikverket</Namn></Motpart><Motpart><Namn>Anna Skyddad</Namn><SkyddadIdentitet>true</SkyddadIdentitet></Motpart>
<Skapad>2015-01-05</Skapad><Arendemening>Remiss om väg 40</Arendemening>
<ArkivobjektListaHandlingar><ArkivobjektHandling><ArkivobjektID>1</ArkivobjektID><Rubrik>Remissen</Rubrik>
<Bilaga Namn="a" Lank="content/a.txt"/></ArkivobjektHandling></ArkivobjektListaHandlingar></ArkivobjektArende>
<ArkivobjektArende><ArkivobjektID>KS 2015-8</ArkivobjektID><Restriktion Typ="Sekretess"><Lagrum>OSL 21:1</Lagrum>
<RestriktionsDatum>2015-02-03</RestriktionsDatum></Restriktion><Arendemening>Personärende</Arendemening></ArkivobjektArende>
</ArkivobjektListaArenden></Leveransobjekt>"""
SIP_XML = """<mets xmlns="http://www.loc.gov/METS/" xmlns:ext="ExtensionMETS" OBJID="1" LABEL="Diarium 2015" TYPE="ERMS"
 PROFILE="http://xml.ra.se/METS/CommonSpecificationSwedenPackageProfile.xml"><metsHdr CREATEDATE="2017-01-01T10:00:00">
<agent ROLE="ARCHIVIST" TYPE="ORGANIZATION"><name>Kommunstyrelsen</name></agent>
<altRecordID TYPE="STARTDATE">2015-01-01</altRecordID><altRecordID TYPE="ENDDATE">2015-12-31</altRecordID></metsHdr></mets>"""


def told(folder: Path, terms: Terms | None = None, title: str = "", name: str = ""):
    """Return label, records and the codes of findings."""
    tree = FolderTree(folder)
    seen = detect(tree)
    label, records, findings = describe(tree, seen.profile, seen.root, terms or Terms(), title, name)
    return label, records, [one.code for one in findings]


def files(folder: Path, **contents: str | bytes) -> Path:
    """Write files; two underscores stand for a slash and one before an ending for a dot."""
    for name, data in contents.items():
        path = folder / name.replace("__", "/")
        path = path.with_name(path.name[::-1].replace("_", ".", 1)[::-1])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return folder


@pytest.mark.parametrize(
    ("title", "name", "label"),
    [
        ("Bygglov 1999", "a.zip", "Bygglov 1999"),
        ("", "bygglov_1999_del_2.tar.gz", "bygglov 1999 del 2"),
        ("bygglov_1999.zip", "bygglov_1999.zip", "bygglov 1999"),
        ("", "", "mapp"),
    ],
)
def test_a_plain_folder_is_one_record_with_its_name(tmp_path, title, name, label):
    found, records, codes = told(files(tmp_path / "mapp", a_txt="x"), title=title, name=name)
    assert (found, [one.title for one in records], codes) == (label, [label], [])
    assert records[0].files is None


def test_the_agreement_fills_in_type_and_series(tmp_path):
    terms = Terms(record_type="Bygglov", series="F1")
    _, (record,), _ = told(files(tmp_path / "m", a_txt="x"), terms)
    assert (record.record_type, record.series, record.level) == ("Bygglov", "F1", None)


@pytest.mark.parametrize(
    ("document", "title", "dates"),
    [
        (EAD2002, "Bygglov 1995", {"created": "1995-01-01", "closed": "1999-12-31"}),
        (EAD3, "Protokoll", {"created": "2001-02", "closed": "2003"}),
    ],
)
def test_an_archival_description_gives_title_and_dates(tmp_path, document, title, dates):
    folder = sip.make(tmp_path, changes={"metadata/descriptive/ead.xml": document.encode()})
    label, (record,), codes = told(folder)
    assert (label, record.title, record.dates, codes) == ("Bygglov 2020", title, dates, [])
    assert record.files is None


def test_a_faulty_mets_and_an_unreadable_description_still_give_a_record(tmp_path):
    changes = {"METS.xml": b"<mets", "metadata/descriptive/ead.xml": b"<!DOCTYPE ead SYSTEM 'x'><ead/>"}
    label, (record,), codes = told(sip.make(tmp_path, changes=changes), name="leverans_7.zip")
    assert label == record.title == "leverans 7"
    assert codes == ["SAM-XML-UNREAD"]


def test_a_damaged_description_is_told(tmp_path):
    damaged = EAD2002.replace("</archdesc>", "")
    _, (record,), codes = told(sip.make(tmp_path, changes={"metadata/descriptive/ead.xml": damaged.encode()}))
    assert (record.title, codes) == ("Bygglov 2020", ["SAM-XML-UNREAD"])


def test_each_case_of_a_case_system_is_a_record_with_its_files(tmp_path):
    folder = sip.make(tmp_path, changes={"representations/rep1/data/erms.xml": ERMS.encode()})
    _, (first, second), codes = told(folder)
    assert (first.title, first.registry_no, first.source_id) == ("Bygglov Åkern 2", "BN 2020-1", "s1")
    assert first.dates == {"created": "2020-01-02", "decided": "2020-02-03", "closed": "2020-03-04"}
    assert first.classification == "3.1 Bygglov"
    assert first.parties == ("Karin Ek", "Hemlig")
    assert first.files == ("paket/representations/rep1/data/beslut.txt",)
    assert (first.level, first.protected, first.secrecy) == (None, False, ())
    assert (second.level, second.secrecy[0].legal_ref, second.files) == (2, "OSL 26:1", ())
    assert codes == ["SAM-CASE-FILE"]


def test_a_protected_identity_closes_the_case_and_is_not_named(tmp_path):
    document = ERMS.replace("<protectedIdentity>false", "<protectedIdentity>true")
    folder = sip.make(tmp_path, changes={"representations/rep1/data/erms.xml": document.encode()})
    _, (first, _), _ = told(folder)
    assert (first.level, first.protected, first.parties) == (2, True, ("Karin Ek",))


def test_cases_of_fgs_arendehantering(tmp_path):
    folder = files(tmp_path / "lev", sip_xml=SIP_XML, content__arenden_xml=FGS_ERMS, content__a_txt="x")
    label, (first, second), codes = told(folder)
    assert (label, codes) == ("Diarium 2015", [])
    assert (first.title, first.registry_no, first.record_type) == ("Remiss om väg 40", "KS 2015-7", "Remiss")
    assert first.dates == {"closed": "2015-12-01", "decided": "2015-11-01", "created": "2015-01-05"}
    assert (first.parties, first.protected, first.level) == (("Trafikverket",), True, 2)
    assert first.files == ("content/a.txt",)
    assert (second.level, second.secrecy[0].legal_ref, second.secrecy[0].date) == (
        2,
        "OSL 21:1",
        "2015-02-03",
    )


def test_an_fgs_package_without_cases_is_one_record_by_its_header(tmp_path):
    label, (record,), _ = told(files(tmp_path / "lev", sip_xml=SIP_XML, content__a_txt="x"))
    assert label == record.title == "Diarium 2015"
    assert record.dates == {"created": "2015-01-01", "closed": "2015-12-31"}
    assert record.parties == ("Kommunstyrelsen",)


def test_a_bag_is_described_by_its_info(tmp_path):
    info = "External-Description: Ritningar från\n  stadsarkivet\nExternal-Identifier: R 7\nBagging-Date: 2019-01-02\n"
    folder = files(
        tmp_path / "b",
        bagit_txt="BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        bag_info_txt="x",
        data__a_txt="x",
    )
    (folder / "bag-info.txt").write_text(info, encoding="utf-8")
    label, (record,), _ = told(folder)
    assert label == record.title == "Ritningar från stadsarkivet"
    assert (record.registry_no, record.dates) == ("R 7", {"created": "2019-01-02"})


MAPPING = Mapping(
    file="register.csv",
    columns={
        "title": "Ärendemening",
        "registry_no": "Dnr",
        "level": "Nivå",
        "dates.decided": "Beslutsdatum",
        "places": "Fastighet",
        "parties": "Part",
        "files": "Filer",
    },
)
ROWS = """Dnr;Ärendemening;Nivå;Beslutsdatum;Fastighet;Part;Filer
BN 1;Bygglov för garage;1;2020-01-02;Åkern 2|Åkern 3;Karin Ek;ritningar/a.txt;
BN 2;"Bygglov; altan";;;;;"ritningar/a.txt; ritningar/b.txt"
"""


def register(folder: Path, rows: str = ROWS, encoding: str = "utf-8"):
    """Return what a register with two drawings gives."""
    files(folder / "m", ritningar__a_txt="a", ritningar__b_txt="b", register_csv=rows.encode(encoding))
    return told(folder / "m", Terms(mapping=MAPPING), title="Bygglov")


@pytest.mark.parametrize(
    ("encoding", "remark"),
    [("utf-8", []), ("utf-8-sig", []), ("cp1252", ["SAM-REGISTER-ENCODING"]), ("utf-16", [])],
)
def test_a_register_gives_a_record_a_row_in_each_encoding(tmp_path, encoding, remark):
    label, (first, second), codes = register(tmp_path, encoding=encoding)
    assert (label, codes) == ("Bygglov", remark)
    assert (first.title, first.registry_no, first.level) == ("Bygglov för garage", "BN 1", 1)
    assert (first.dates, first.places) == ({"decided": "2020-01-02"}, ("Åkern 2", "Åkern 3"))
    assert first.parties == ("Karin Ek",)
    assert (second.title, second.level) == ("Bygglov; altan", None)
    assert second.files == ("m/ritningar/a.txt", "m/ritningar/b.txt")


@pytest.mark.parametrize("sign", [",", "\t", "|"])
def test_the_delimiter_is_seen_in_the_first_line(tmp_path, sign):
    rows = "Dnr;Ärendemening;Nivå;Beslutsdatum;Fastighet;Part;Filer\n1;Bygglov;1;2020-01-02;;;\n".replace(
        ";", sign
    )
    _, (record,), codes = register(tmp_path, rows)
    assert (record.title, record.level, codes) == ("Bygglov", 1, [])


@pytest.mark.parametrize(
    ("old", "new", "code", "records"),
    [
        ("ritningar/a.txt;\n", "ritningar/borta.txt\n", "SAM-REGISTER-FILE", 2),
        ("Bygglov för garage", "", "SAM-REGISTER-TITLE", 1),
        (";1;2020-01-02", ";9;2020-01-02", "SAM-REGISTER-LEVEL", 2),
        ("2020-01-02", "i våras", "SAM-REGISTER-DATE", 2),
        ("Nivå", "Nivåer", "SAM-REGISTER-COLUMN", 2),
    ],
)
def test_rows_that_cannot_be_used_are_told_by_number(tmp_path, old, new, code, records):
    _, found, codes = register(tmp_path, ROWS.replace(old, new))
    assert (codes, len(found)) == ([code], records)


def test_a_register_without_title_or_that_is_missing_still_gives_one_record(tmp_path):
    _, (record,), codes = register(tmp_path / "a", "Dnr;Titel\n1;x\n")
    assert record.title == "Bygglov"
    assert set(codes) == {"SAM-REGISTER-COLUMN"}
    folder = files(tmp_path / "b/m", a_txt="x")
    _, (record,), codes = told(folder, Terms(mapping=MAPPING), title="Bygglov")
    assert (record.title, codes) == ("Bygglov", ["SAM-REGISTER-MISSING"])


def test_a_folder_in_the_register_means_all_its_files(tmp_path):
    rows = "Dnr;Ärendemening;Nivå;Beslutsdatum;Fastighet;Part;Filer\n1;Bygglov;;;;;ritningar/\n"
    _, (record,), codes = register(tmp_path, rows)
    assert (record.files, codes) == (("m/ritningar/a.txt", "m/ritningar/b.txt"), [])
