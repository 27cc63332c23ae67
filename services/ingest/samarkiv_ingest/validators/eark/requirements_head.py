"""CSIP requirements on the root element and the header: ID, level (MUST = ERROR, SHOULD = WARNING, MAY = INFO), meaning."""

from samarkiv_ingest.validators.eark.requirement import row, table

ROOT = table(
    row("CSIP1", "MUST", "mets/@OBJID", "Paketets ID ska anges", "The ID of the package must be given"),
    row(
        "CSIP2",
        "MUST",
        "mets/@TYPE",
        "Innehållskategorin ska anges ur värdelistan",
        "The content category must be given from the value list",
    ),
    row(
        "CSIP3",
        "SHOULD",
        "mets/@csip:OTHERTYPE",
        "Annan innehållskategori anges när TYPE är OTHER",
        "The other content category is given when TYPE is OTHER",
    ),
    row(
        "CSIP4",
        "SHOULD",
        "mets/@csip:CONTENTINFORMATIONTYPE",
        "Specifikationen för innehållet (CITS) bör anges ur värdelistan; i en representation ska den anges",
        "The content information type should be given from the value list; in a representation it must be",
    ),
    row(
        "CSIP5",
        "MAY",
        "mets/@csip:OTHERCONTENTINFORMATIONTYPE",
        "Annan specifikation anges när CONTENTINFORMATIONTYPE är OTHER",
        "The other content information type is given when CONTENTINFORMATIONTYPE is OTHER",
    ),
    row("CSIP6", "MUST", "mets/@PROFILE", "METS-profilen ska anges", "The METS profile must be given"),
)

HEADER = table(
    row(
        "CSIP117",
        "MUST",
        "mets/metsHdr",
        "Paketet ska ha ett huvud (metsHdr)",
        "The package must have a header (metsHdr)",
    ),
    row(
        "CSIP7",
        "MUST",
        "mets/metsHdr/@CREATEDATE",
        "Tiden då paketet skapades ska anges",
        "The time the package was created must be given",
    ),
    row(
        "CSIP8",
        "SHOULD",
        "mets/metsHdr/@LASTMODDATE",
        "Tiden för senaste ändring bör anges",
        "The time of the last change should be given",
    ),
    row(
        "CSIP9",
        "MUST",
        "mets/metsHdr/@csip:OAISPACKAGETYPE",
        "Pakettypen ska anges: SIP, AIP, DIP, AIU eller AIC",
        "The package type must be given: SIP, AIP, DIP, AIU or AIC",
    ),
    row(
        "CSIP10",
        "MUST",
        "mets/metsHdr/agent",
        "Programvaran som skapade paketet ska anges som agent",
        "The software that made the package must be given as an agent",
    ),
    row(
        "CSIP11",
        "MUST",
        "mets/metsHdr/agent/@ROLE",
        "Programvarans roll ska vara CREATOR",
        "The role of the software must be CREATOR",
    ),
    row(
        "CSIP12",
        "MUST",
        "mets/metsHdr/agent/@TYPE",
        "Programvarans typ ska vara OTHER",
        "The type of the software must be OTHER",
    ),
    row(
        "CSIP13",
        "MUST",
        "mets/metsHdr/agent/@OTHERTYPE",
        "Programvarans OTHERTYPE ska vara SOFTWARE",
        "The OTHERTYPE of the software must be SOFTWARE",
    ),
    row(
        "CSIP14",
        "MUST",
        "mets/metsHdr/agent/name",
        "Programvarans namn ska anges",
        "The name of the software must be given",
    ),
    row(
        "CSIP15",
        "MUST",
        "mets/metsHdr/agent/note",
        "Programvarans version ska anges i en note",
        "The version of the software must be given in one note",
    ),
    row(
        "CSIP16",
        "MUST",
        "mets/metsHdr/agent/note/@csip:NOTETYPE",
        "Versionens note ska ha typen SOFTWARE VERSION",
        "The note of the version must have the type SOFTWARE VERSION",
    ),
)
