"""Each requirement is found, under its official ID and level, when a valid package is changed in one place."""

import pytest
from samarkiv_ingest.validators.eark.package import CSIP_RULES, REQUIREMENTS
from samarkiv_ingest.validators.eark.rules_files import FILE_RULES
from samarkiv_ingest.validators.eark.rules_sip import RULES as SIP_RULES
from samarkiv_ingest.validators.eark.rules_structure import RULES as STRUCTURE_RULES

from tests.unit.ingest.validators import sip

E, W, N = "ERROR", "WARNING", "INFO"
NOTE = '<note csip:NOTETYPE="SOFTWARE VERSION">1.0</note>'
DMD = '<mdRef LOCTYPE="URL" xlink:type="simple" xlink:href="metadata/descriptive/ead.xml" MDTYPE="EAD"'
FLOCAT = '<FLocat LOCTYPE="URL" xlink:type="simple" xlink:href="documentation/readme.txt"/>'
DOC = '<div ID="id-d2" LABEL="Documentation"><fptr FILEID="id-doc"/></div>'

# (requirement, severity, what in METS is replaced, by what): one change each.
CHANGES = [
    ("CSIP1", E, 'OBJID="paket"', ""),
    ("CSIP2", E, 'TYPE="Mixed"', 'TYPE="Blandat"'),
    ("CSIP2", E, 'TYPE="Mixed"', ""),
    ("CSIP3", E, 'TYPE="Mixed"', 'TYPE="Other"'),
    ("CSIP3", E, 'TYPE="Mixed"', 'TYPE="Mixed" csip:OTHERTYPE="Kartor"'),
    ("CSIP4", W, 'csip:CONTENTINFORMATIONTYPE="MIXED" PROFILE', "PROFILE"),
    ("CSIP4", E, 'csip:CONTENTINFORMATIONTYPE="MIXED" PROFILE', 'csip:CONTENTINFORMATIONTYPE="X" PROFILE'),
    (
        "CSIP5",
        E,
        'csip:CONTENTINFORMATIONTYPE="MIXED" PROFILE',
        'csip:CONTENTINFORMATIONTYPE="OTHER" PROFILE',
    ),
    ("CSIP6", E, f'PROFILE="{sip.PROFILE}"', ""),
    ("CSIP7", E, 'CREATEDATE="2024-05-01T10:00:00" LAST', "LAST"),
    ("CSIP7", E, 'CREATEDATE="2024-05-01T10:00:00" LAST', 'CREATEDATE="2024-02-30T10:00:00" LAST'),
    ("CSIP8", W, 'LASTMODDATE="2024-05-02T10:00:00"', ""),
    ("CSIP8", E, 'LASTMODDATE="2024-05-02T10:00:00"', 'LASTMODDATE="igår"'),
    ("CSIP9", E, 'csip:OAISPACKAGETYPE="SIP"', 'csip:OAISPACKAGETYPE="XIP"'),
    ("CSIP11", E, 'ROLE="CREATOR" TYPE="OTHER"', 'ROLE="EDITOR" TYPE="OTHER"'),
    ("CSIP12", E, 'TYPE="OTHER" OTHERTYPE', "OTHERTYPE"),
    ("CSIP13", E, 'OTHERTYPE="SOFTWARE"', ""),
    ("CSIP14", E, "<name>Export</name>", "<name/>"),
    ("CSIP15", E, NOTE, ""),
    ("CSIP15", E, NOTE, NOTE * 2),
    ("CSIP16", E, NOTE, "<note>1.0</note>"),
    ("CSIP18", E, '<dmdSec ID="id-ead"', "<dmdSec"),
    ("CSIP18", E, '<rightsMD ID="id-rights"', '<rightsMD ID="id-ead"'),
    ("CSIP19", E, '<dmdSec ID="id-ead" CREATED="2024-05-01T10:00:00"', '<dmdSec ID="id-ead"'),
    ("CSIP20", W, 'CREATED="2024-05-01T10:00:00" STATUS="CURRENT">', 'CREATED="2024-05-01T10:00:00">'),
    (
        "CSIP20",
        E,
        'CREATED="2024-05-01T10:00:00" STATUS="CURRENT">',
        'CREATED="2024-05-01T10:00:00" STATUS="OK">',
    ),
    ("CSIP22", E, DMD, DMD.replace("URL", "URN")),
    ("CSIP23", E, DMD, DMD.replace('xlink:type="simple"', "")),
    ("CSIP24", E, DMD, DMD.replace('xlink:href="metadata/descriptive/ead.xml"', "")),
    ("CSIP24", E, DMD, DMD.replace("ead.xml", "borta.xml")),
    ("CSIP25", E, DMD, DMD.replace("EAD", "KARTA")),
    ("CSIP26", E, 'MDTYPE="EAD" MIMETYPE="text/xml"', 'MDTYPE="EAD"'),
    ("CSIP26", E, 'MDTYPE="EAD" MIMETYPE="text/xml"', 'MDTYPE="EAD" MIMETYPE="xml"'),
    ("CSIP26", W, 'MDTYPE="EAD" MIMETYPE="text/xml"', 'MDTYPE="EAD" MIMETYPE="text/xyzzy"'),
    ("CSIP27", E, 'MDTYPE="EAD" MIMETYPE="text/xml" SIZE="38"', 'MDTYPE="EAD" MIMETYPE="text/xml" SIZE="40"'),
    ("CSIP31", W, "</amdSec>", "</amdSec><amdSec/>"),
    ("CSIP34", W, '<digiprovMD ID="id-premis" STATUS="CURRENT">', '<digiprovMD ID="id-premis">'),
    ("CSIP39", E, 'MDTYPE="PREMIS"', 'MDTYPE="PREMISS"'),
    ("CSIP47", E, '<rightsMD ID="id-rights" STATUS="CURRENT">', '<rightsMD ID="id-rights" STATUS="x">'),
    ("CSIP59", E, '<fileSec ID="id-files">', "<fileSec>"),
    (
        "CSIP61",
        W,
        'USE="Representations/rep1" ADMID="id-premis"',
        'USE="Representations/rep1" ADMID="id-ead"',
    ),
    ("CSIP62", E, ' csip:CONTENTINFORMATIONTYPE="MIXED">', ">"),
    ("CSIP63", E, ' csip:CONTENTINFORMATIONTYPE="MIXED">', ' csip:CONTENTINFORMATIONTYPE="OTHER">'),
    ("CSIP64", E, 'USE="Documentation"', ""),
    ("CSIP64", E, 'USE="Documentation"', 'USE="Dokument"'),
    ("CSIP64", E, 'USE="Representations/rep1"', 'USE="Representations/rep9"'),
    ("CSIP65", E, '<fileGrp ID="id-doc"', "<fileGrp"),
    ("CSIP67", E, '<file ID="id-f1"', "<file"),
    ("CSIP67", E, '<file ID="id-f1"', '<file ID="id-f2"'),
    ("CSIP67", E, '<file ID="id-f1"', '<file ID="1"'),
    ("CSIP68", E, '<file ID="id-f1" MIMETYPE="text/plain"', '<file ID="id-f1"'),
    ("CSIP69", E, '"text/plain" SIZE="12"', '"text/plain"'),
    ("CSIP70", E, 'SIZE="12" CREATED="2024-05-01T10:00:00"', 'SIZE="12"'),
    (
        "CSIP72",
        E,
        '"><FLocat LOCTYPE="URL" xlink:type="simple" xlink:href="documentation',
        ' "><FLocat LOCTYPE="URL" xlink:type="simple" xlink:href="documentation',
    ),
    ("CSIP73", N, 'OWNERID="1"', ""),
    ("CSIP74", N, ' OWNERID="1" ADMID="id-premis"', ' OWNERID="1"'),
    ("CSIP75", N, 'DMDID="id-ead" sip:', "sip:"),
    ("CSIP75", W, 'DMDID="id-ead" sip:', 'DMDID="id-premis" sip:'),
    ("CSIP76", E, FLOCAT, ""),
    ("CSIP76", E, FLOCAT, FLOCAT * 2),
    ("CSIP77", E, FLOCAT, FLOCAT.replace('LOCTYPE="URL"', "")),
    ("CSIP78", E, FLOCAT, FLOCAT.replace("simple", "extended")),
    ("CSIP79", E, FLOCAT, FLOCAT.replace('xlink:href="documentation/readme.txt"', "")),
    ("CSIP81", E, 'TYPE="PHYSICAL"', 'TYPE="LOGICAL"'),
    ("CSIP82", E, 'LABEL="CSIP"', 'LABEL="Karta"'),
    ("CSIP83", E, '<structMap ID="id-map"', "<structMap"),
    ("CSIP85", E, '<div ID="id-main"', "<div"),
    ("CSIP88", E, 'LABEL="Metadata"', 'LABEL="Metadat"'),
    ("CSIP89", E, '<div ID="id-d1"', "<div"),
    ("CSIP90", E, 'LABEL="Metadata"', 'LABEL="metadata"'),
    ("CSIP91", E, 'ADMID="id-rights id-premis"', ""),
    ("CSIP91", E, 'ADMID="id-rights id-premis"', 'ADMID="id-rights"'),
    ("CSIP91", E, 'ADMID="id-rights id-premis"', 'ADMID="id-rights id-premis id-ead"'),
    ("CSIP92", E, 'DMDID="id-ead"/>', "/>"),
    ("CSIP93", E, DOC, ""),
    ("CSIP93", E, DOC, DOC + DOC.replace("id-d2", "id-d9")),
    ("CSIP94", E, '<div ID="id-d2"', "<div"),
    ("CSIP96", W, '<fptr FILEID="id-doc"/>', ""),
    ("CSIP97", E, 'LABEL="Schemas"', 'LABEL="Scheman"'),
    ("CSIP100", W, '<fptr FILEID="id-schemas"/>', ""),
    ("CSIP101", E, '<div ID="id-d4" LABEL="Representations">', '<div ID="id-d4" LABEL="Innehåll">'),
    ("CSIP104", W, '<fptr FILEID="id-rep1"/>', ""),
    ("CSIP116", E, '<fptr FILEID="id-doc"/>', '<fptr FILEID="id-schemas"/>'),
    ("CSIP118", E, '<fptr FILEID="id-schemas"/>', "<fptr/>"),
    ("CSIP119", E, '<fptr FILEID="id-rep1"/>', '<fptr FILEID="id-doc"/>'),
    ("SIP1", N, 'LABEL="Bygglov 2020"', 'LABEL=" "'),
    ("SIP2", E, "E-ARK-SIP-v2-2-0.xml", "E-ARK-SIP-v9.xml"),
    ("SIP3", N, 'RECORDSTATUS="NEW"', 'RECORDSTATUS="NY"'),
    ("SIP4", E, 'csip:OAISPACKAGETYPE="SIP"', 'csip:OAISPACKAGETYPE="AIP"'),
    ("SIP5", N, '<altRecordID TYPE="SUBMISSIONAGREEMENT">LÖ 1</altRecordID>', ""),
    ("SIP7", N, '<altRecordID TYPE="REFERENCECODE">BN/F1', '<altRecordID TYPE="REFERENCECODE">'),
    ("SIP10", E, 'ROLE="ARCHIVIST"', 'ROLE="x"'),
    ("SIP11", E, 'ROLE="ARCHIVIST" TYPE="ORGANIZATION"', 'ROLE="ARCHIVIST" TYPE="x"'),
    (
        "SIP16",
        E,
        '<agent ROLE="CREATOR" TYPE="ORGANIZATION"><name>Kom',
        '<agent ROLE="x" TYPE="ORGANIZATION"><name>Kom',
    ),
    ("SIP17", E, '<agent ROLE="CREATOR" TYPE="ORGANIZATION"><name>Kom', '<agent ROLE="CREATOR"><name>Kom'),
    ("SIP22", E, '<agent ROLE="CREATOR" TYPE="INDIVIDUAL">', '<agent ROLE="x" TYPE="INDIVIDUAL">'),
    ("SIP23", E, '<agent ROLE="CREATOR" TYPE="INDIVIDUAL">', '<agent ROLE="CREATOR" TYPE="x">'),
    ("SIP27", E, 'ROLE="PRESERVATION"', 'ROLE="x"'),
    ("SIP12", E, "<name>Byggnadsnämnden</name>", ""),
    ("SIP18", E, "<name>Kommunen</name>", "<name> </name>"),
    ("SIP20", E, '<note csip:NOTETYPE="IDENTIFICATIONCODE">212000-0002', "<note>212000-0002"),
    ("SIP26", N, 'ROLE="PRESERVATION"', 'ROLE="CUSTODIAN"'),
    ("SIP28", E, 'ROLE="PRESERVATION" TYPE="ORGANIZATION"', 'ROLE="PRESERVATION" TYPE="INDIVIDUAL"'),
    ("SIP33", N, ' sip:FILEFORMATVERSION="1.0"', ""),
    ("SIP33", W, ' sip:FILEFORMATVERSION="1.0"', ' sip:FILEFORMATVERSION=""'),
]


def test_the_unchanged_package_has_no_remarks_but_the_usual(tmp_path):
    assert sip.codes(sip.make(tmp_path)) == sip.USUAL


@pytest.mark.parametrize(("code", "severity", "old", "new"), CHANGES)
def test_one_change_is_found_under_its_id_and_level(tmp_path, code, severity, old, new):
    text = sip.mets()
    assert old in text
    found = [one for one in sip.check(sip.make(tmp_path, text.replace(old, new, 1))) if one.code == code]
    assert severity in {one.severity.value for one in found}
    assert all(one.message.sv and one.message.en for one in found)


def test_every_rule_has_a_requirement_and_every_must_has_a_rule():
    rules = {*CSIP_RULES, *FILE_RULES, *SIP_RULES, *STRUCTURE_RULES}
    assert rules <= set(REQUIREMENTS)
    # Asked together with the folders.
    elsewhere = {"CSIP113", "CSIP114"}
    musts = {one.id for one in REQUIREMENTS.values() if "MUST" in one.levels}
    assert musts - rules <= elsewhere


@pytest.mark.parametrize(
    ("missing", "code", "severity"),
    [
        ("METS.xml", "CSIPSTR4", "ERROR"),
        ("metadata/descriptive/ead.xml", "CSIPSTR7", "WARNING"),
        ("schemas/mets.xsd", "CSIPSTR15", "WARNING"),
        ("documentation/readme.txt", "CSIPSTR16", "WARNING"),
    ],
)
def test_missing_folders_and_files_are_found(tmp_path, missing, code, severity):
    folder = sip.make(tmp_path, changes={missing: None})
    assert code in sip.codes(folder, severity)


def test_mets_of_another_case_is_not_mets(tmp_path):
    folder = sip.make(tmp_path, changes={"METS.xml": None, "Mets.xml": sip.mets().encode()})
    (found,) = [one for one in sip.check(folder) if one.code == "CSIPSTR4"]
    assert found.found == "Mets.xml"


def test_mime_types_are_an_error_before_2_2_0_and_a_warning_since(tmp_path):
    text = sip.mets().replace('MIMETYPE="text/plain"', 'MIMETYPE="text/xyzzy"', 1)
    assert "CSIP68" in sip.codes(sip.make(tmp_path / "new", text), "WARNING")
    old = text.replace("E-ARK-SIP-v2-2-0.xml", "E-ARK-SIP-v2-1-0.xml")
    assert "CSIP68" in sip.codes(sip.make(tmp_path / "old", old), "ERROR")


@pytest.mark.parametrize("value", ["citserms_v3_0", "citscarchival_v1_0", "cits3dpm_v1_0", "citsehpj_v2_0"])
def test_content_types_of_2_2_0_pass_rules_and_schema(tmp_path, value):
    text = sip.mets().replace('csip:CONTENTINFORMATIONTYPE="MIXED"', f'csip:CONTENTINFORMATIONTYPE="{value}"')
    assert not sip.codes(sip.make(tmp_path, text), "ERROR")


def test_a_wrong_csip_value_fails_the_schema(tmp_path):
    text = sip.mets().replace('csip:CONTENTINFORMATIONTYPE="MIXED"', 'csip:CONTENTINFORMATIONTYPE="X"')
    assert "SAM-XML-SCHEMA" in sip.codes(sip.make(tmp_path, text), "ERROR")


def test_findings_of_a_kind_are_counted_after_fifty(tmp_path):
    extra = {f"representations/rep1/data/{n}.txt": b"x" for n in range(60)}
    found = [one for one in sip.check(sip.make(tmp_path, changes=extra)) if one.code == "SAM-REF-UNLISTED"]
    assert len(found) == 51
    assert found[-1].found == "+10"
