"""Which package is which, in the order of STANDARDS §5.1."""

from pathlib import Path

import pytest
from samarkiv_ingest.packages.profile import detect
from samarkiv_ingest.packages.read import FolderTree

SIP22 = "https://earksip.dilcis.eu/profile/E-ARK-SIP-v2-2-0.xml"


def mets(profile: str = SIP22, kind: str = "SIP", prefix: str = "") -> str:
    p = f"{prefix}:" if prefix else ""
    space = f"xmlns:{prefix}" if prefix else "xmlns"
    return (
        f'<?xml version="1.0"?><!-- x --><{p}mets {space}="http://www.loc.gov/METS/" OBJID="p" PROFILE="{profile}" '
        f'xmlns:csip="https://DILCIS.eu/XML/METS/CSIPExtensionMETS"><{p}metsHdr csip:OAISPACKAGETYPE="{kind}"/></{p}mets>'
    )


FGS = mets("http://xml.ra.se/METS/CommonSpecificationSwedenPackageProfile.xml")
CASES = {
    "sip 2.2.0": ({"METS.xml": mets()}, "e-ark-sip-2.2.0", "p"),
    "prefixed": ({"METS.xml": mets(prefix="m")}, "e-ark-sip-2.2.0", "p"),
    "sip 2.1.0": (
        {"METS.xml": mets("https://earksip.dilcis.eu/profile/E-ARK-SIP-v2-1-0.xml")},
        "e-ark-sip-2.1.0",
        "p",
    ),
    "sip without version": (
        {"METS.xml": mets("https://earksip.dilcis.eu/profile/E-ARK-SIP.xml")},
        "e-ark-sip-2.1.0",
        "p",
    ),
    "before 2.1": ({"METS.xml": mets("http://www.eark-project.com/METS/IP.xml")}, "e-ark-sip-2.0.4", "p"),
    "csip": ({"METS.xml": mets("https://earkcsip.dilcis.eu/profile/E-ARK-CSIP.xml")}, "e-ark-sip-2.2.0", "p"),
    "aip": (
        {"METS.xml": mets("https://earkaip.dilcis.eu/profile/E-ARK-AIP-v2-2-0.xml", "AIP")},
        "e-ark-aip-2.2.0",
        "p",
    ),
    "dip": (
        {"METS.xml": mets("https://earkdip.dilcis.eu/profile/E-ARK-DIP.xml", "DIP")},
        "e-ark-dip-2.2.0",
        "p",
    ),
    "other case": ({"mets.XML": mets()}, "e-ark-sip-2.2.0", "p"),
    "broken METS": ({"METS.xml": "<mets"}, "e-ark-sip-2.2.0", "p"),
    "METS with a DOCTYPE": (
        {"METS.xml": "<!DOCTYPE mets [<!ENTITY a 'b'>]>" + mets()},
        "e-ark-sip-2.2.0",
        "p",
    ),
    "METS missing": ({"metadata/x": "", "representations/r/data/x": ""}, "e-ark-sip-2.2.0", "p"),
    "bag 1.0": ({"bagit.txt": "BagIt-Version: 1.0\n", "data/x": ""}, "bagit-1.0", "p"),
    "bag 0.97": ({"bagit.txt": "BagIt-Version: 0.97\n", "data/x": ""}, "bagit-0.97", "p"),
    "bag with a strange version": ({"bagit.txt": "BagIt-Version: one\n"}, "bagit-1.0", "p"),
    "bag without bagit.txt": ({"manifest-sha256.txt": "", "data/x": ""}, "bagit-1.0", "p"),
    "fgs without root folder": ({"sip.xml": FGS, "content/x": ""}, "fgs-1.2", ""),
    "fgs and no METS": ({"sip.xml": "<x/>", "content/x": ""}, "folder", ""),
    "folder": ({"a.txt": "", "data/x": ""}, "folder", "p"),
}


@pytest.mark.parametrize(("files", "profile", "root"), CASES.values(), ids=CASES)
def test_packages_are_told_apart(files, profile, root, tmp_path):
    base = tmp_path / "p"
    put(base, files)
    seen = detect(FolderTree(base))
    assert (seen.profile, seen.root) == (profile, root)


def put(base: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (base / path).parent.mkdir(parents=True, exist_ok=True)
        (base / path).write_text(text)


def test_the_package_in_a_bag_is_told_too(tmp_path):
    put(tmp_path / "p", {"bagit.txt": "BagIt-Version: 1.0\n", "data/ip/METS.xml": mets()})
    seen = detect(FolderTree(tmp_path / "p"))
    assert seen.profile == "bagit-1.0"
    assert seen.inner is not None
    assert (seen.inner.profile, seen.inner.root) == ("e-ark-sip-2.2.0", "p/data/ip")
