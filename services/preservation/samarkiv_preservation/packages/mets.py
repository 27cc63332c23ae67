"""METS by template for AIPs: the root (read back and written anew by every version) and representations."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import unquote

from lxml import etree

from samarkiv_preservation.packages.markup import escaped, href
from samarkiv_preservation.packages.mime import mets_mime

PROFILE = "https://earkdip.dilcis.eu/profile/E-ARK-AIP-v2-2-0.xml"
_M = "{http://www.loc.gov/METS/}"
_CSIP = "{https://DILCIS.eu/XML/METS/CSIPExtensionMETS}"
_XLINK = "{http://www.w3.org/1999/xlink}"
Status = Literal["CURRENT", "SUPERSEDED"]
Kind = Literal["dmdSec", "rightsMD", "digiprovMD"]
KINDS: tuple[Kind, ...] = ("dmdSec", "rightsMD", "digiprovMD")


@dataclass(frozen=True)
class Listed:
    """A file that METS lists: href target (a path, not quoted), MIME type, size, creation time, SHA-256."""

    id: str
    path: str
    mime: str
    size: int
    created: str
    sha256: str

    def _attributes(self) -> str:
        return (
            f'MIMETYPE="{mets_mime(self.mime)}" SIZE="{self.size}" CREATED="{self.created}"'
            f' CHECKSUM="{self.sha256}" CHECKSUMTYPE="SHA-256"'
        )

    def file(self) -> str:
        """Return the `file` element, one line."""
        return (
            f'<file ID="{self.id}" {self._attributes()}>'
            f'<FLocat LOCTYPE="URL" xlink:type="simple" xlink:href="{href(self.path)}"/></file>\n'
        )


@dataclass(frozen=True)
class Section:
    """A metadata section of the root: dmdSec, rightsMD or digiprovMD around one mdRef."""

    kind: Kind
    listed: Listed
    mdtype: str
    version: str = ""
    other: str = ""
    status: Status = "CURRENT"

    def line(self) -> str:
        """Return the element, one line."""
        one = self.listed
        other = f' OTHERMDTYPE="{escaped(self.other)}"' if self.other else ""
        version = f' MDTYPEVERSION="{self.version}"' if self.version else ""
        return (
            f'<{self.kind} ID="{one.id}" CREATED="{one.created}" STATUS="{self.status}"><mdRef ID="{one.id}-ref"'
            f' LOCTYPE="URL" xlink:type="simple" xlink:href="{href(one.path)}" MDTYPE="{self.mdtype}"{other}{version}'
            f' MIMETYPE="{one.mime}" SIZE="{one.size}" CREATED="{one.created}" CHECKSUM="{one.sha256}"'
            f' CHECKSUMTYPE="SHA-256"/></{self.kind}>\n'
        )


@dataclass(frozen=True)
class Agent:
    """An agent of the header; `code` is its identification code, `role_other` set for ROLE=OTHER."""

    role: str
    name: str
    code: str
    role_other: str = ""

    def line(self) -> str:
        """Return the element."""
        other = f' OTHERROLE="{self.role_other}"' if self.role_other else ""
        return (
            f'<agent ROLE="{self.role}"{other} TYPE="ORGANIZATION"><name>{escaped(self.name)}</name>'
            f'<note csip:NOTETYPE="IDENTIFICATIONCODE">{escaped(self.code)}</note></agent>\n'
        )


@dataclass(frozen=True)
class Representation:
    """A representation as the root lists it: its METS file and the id of its digiprovMD."""

    name: str
    size: int
    created: str
    sha256: str

    @property
    def digiprov(self) -> str:
        """Return the id of the digiprovMD of its first PREMIS file."""
        return f"ID-rep-premis-{self.name}"

    def listed(self, prefix: str) -> Listed:
        """Return its METS file under an id with `prefix`."""
        return Listed(
            f"{prefix}-{self.name}",
            f"representations/{self.name}/METS.xml",
            "application/xml",
            self.size,
            self.created,
            self.sha256,
        )


def opening(objid: str, label: str, depth: int) -> str:
    """Return the start tag of a METS file that lies `depth` folders below the root."""
    up = "../" * depth
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<mets xmlns="http://www.loc.gov/METS/"'
        ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns:csip="https://DILCIS.eu/XML/METS/CSIPExtensionMETS"\n'
        f' xsi:schemaLocation="http://www.loc.gov/METS/ {up}schemas/mets.xsd http://www.w3.org/1999/xlink'
        f' {up}schemas/xlink.xsd https://DILCIS.eu/XML/METS/CSIPExtensionMETS {up}schemas/DILCISExtensionMETS.xsd"\n'
        f' OBJID="{escaped(objid)}" LABEL="{escaped(label)}" TYPE="Mixed" csip:CONTENTINFORMATIONTYPE="MIXED"'
        f' PROFILE="{PROFILE}">\n'
    )


def header(created: str, modified: str, software: str, inner: str = "") -> str:
    """Return the metsHdr with the software agent first."""
    return (
        f'<metsHdr CREATEDATE="{created}" LASTMODDATE="{modified}" csip:OAISPACKAGETYPE="AIP">\n'
        '<agent ROLE="CREATOR" TYPE="OTHER" OTHERTYPE="SOFTWARE"><name>Samarkiv</name>'
        f'<note csip:NOTETYPE="SOFTWARE VERSION">{escaped(software)}</note></agent>\n{inner}</metsHdr>\n'
    )


def representation_head(
    name: str, label: str, created: str, software: str, premis: Iterable[Listed], files: bool
) -> str:
    """Return a representation METS up to its first file; `premis` paths are relative to it."""
    sections = "".join(Section("digiprovMD", one, "PREMIS", "3.0").line() for one in premis)
    start = f"<amdSec>\n{sections}</amdSec>\n"
    if files:
        start += f'<fileSec ID="ID-{name}-files"><fileGrp ID="ID-{name}-data" USE="Data">\n'
    return opening(name, label, 2) + header(created, created, software) + start


def representation_tail(name: str, premis_ids: Iterable[str], files: bool) -> str:
    """Return a representation METS after its last file."""
    end = "</fileGrp></fileSec>\n" if files else ""
    data = f'<fptr FILEID="ID-{name}-data"/>' if files else ""
    return (
        f'{end}<structMap ID="ID-{name}-map" TYPE="PHYSICAL" LABEL="CSIP"><div ID="ID-{name}-div" LABEL="{name}">'
        f'<div ID="ID-{name}-div-metadata" LABEL="Metadata" ADMID="{" ".join(premis_ids)}"/>'
        f'<div ID="ID-{name}-div-data" LABEL="Data">{data}</div></div></structMap>\n</mets>\n'
    )


@dataclass
class RootMets:
    """The root METS as data. `software` is the version that writes it; `created` stays that of version 1."""

    objid: str
    label: str
    created: str
    modified: str
    software: str
    agents: list[Agent] = field(default_factory=list)
    alternatives: list[tuple[str, str]] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    documentation: list[Listed] = field(default_factory=list)
    schemas: list[Listed] = field(default_factory=list)
    representations: list[Representation] = field(default_factory=list)

    def supersede(self, *ids: str) -> None:
        """Mark sections SUPERSEDED."""
        self.sections = [
            replace(one, status="SUPERSEDED") if one.listed.id in ids else one for one in self.sections
        ]

    def current(self, kind: str, other: str = "") -> list[Section]:
        """Return the CURRENT sections of a kind (and OTHERMDTYPE)."""
        return [
            one
            for one in self.sections
            if one.kind == kind and one.status == "CURRENT" and (not other or one.other == other)
        ]

    def to_bytes(self) -> bytes:
        """Return the file."""
        inner = "".join(agent.line() for agent in self.agents) + "".join(
            f'<altRecordID TYPE="{kind}">{escaped(value)}</altRecordID>\n'
            for kind, value in self.alternatives
        )
        by_kind = {kind: "".join(one.line() for one in self.sections if one.kind == kind) for kind in KINDS}
        return "".join(
            (
                opening(self.objid, self.label, 0),
                header(self.created, self.modified, self.software, inner),
                by_kind["dmdSec"],
                "<amdSec>\n",
                by_kind["rightsMD"],
                by_kind["digiprovMD"],
                "</amdSec>\n",
                self._files(),
                self._map(),
                "</mets>\n",
            )
        ).encode()

    def _files(self) -> str:
        parts = ['<fileSec ID="ID-files">\n']
        for name, use, files in (
            ("documentation", "Documentation", self.documentation),
            ("schemas", "Schemas", self.schemas),
        ):
            if files:
                parts += [
                    f'<fileGrp ID="ID-grp-{name}" USE="{use}">\n',
                    *(one.file() for one in files),
                    "</fileGrp>\n",
                ]
        mixed = ' csip:CONTENTINFORMATIONTYPE="MIXED"'
        parts.append(f'<fileGrp ID="ID-grp-representations" USE="Representations"{mixed}>\n')
        parts += [one.listed("ID-rep").file() for one in self.representations]
        parts.append("</fileGrp>\n")
        for one in self.representations:
            parts += [
                f'<fileGrp ID="ID-grp-rep-{one.name}" USE="Representations/{one.name}" ADMID="{one.digiprov}"{mixed}>\n',
                one.listed("ID-repmets").file(),
                "</fileGrp>\n",
            ]
        return "".join((*parts, "</fileSec>\n"))

    def _map(self) -> str:
        current = [one for one in self.sections if one.status == "CURRENT"]
        dmd = " ".join(one.listed.id for one in current if one.kind == "dmdSec")
        adm = " ".join(one.listed.id for one in current if one.kind != "dmdSec")
        parts = [
            '<structMap ID="ID-map" TYPE="PHYSICAL" LABEL="CSIP">\n',
            f'<div ID="ID-div" LABEL="{escaped(self.objid)}">\n',
            f'<div ID="ID-div-metadata" LABEL="Metadata" DMDID="{dmd}" ADMID="{adm}"/>\n',
        ]
        parts += [
            f'<div ID="ID-div-{name}" LABEL="{name.capitalize()}"><fptr FILEID="ID-grp-{name}"/></div>\n'
            for name, there in (
                ("documentation", bool(self.documentation)),
                ("schemas", bool(self.schemas)),
                ("representations", True),
            )
            if there
        ]
        parts += [
            f'<div ID="ID-div-rep-{one.name}" LABEL="Representations/{one.name}"><mptr LOCTYPE="URL"'
            f' xlink:type="simple" xlink:href="representations/{one.name}/METS.xml"'
            f' xlink:title="ID-grp-rep-{one.name}"/></div>\n'
            for one in self.representations
        ]
        return "".join((*parts, "</div>\n</structMap>\n"))

    @classmethod
    def from_bytes(cls, data: bytes) -> "RootMets":
        """Read a root METS that this class wrote; raises etree.XMLSyntaxError, KeyError when it is none."""
        return _read_root(data)


def _listed(element: "etree._Element", at: "etree._Element") -> Listed:
    """Return what an element says of a file; the attributes stand on it (`file`) or on its child (`mdRef`)."""
    told = {**at.attrib, **element.attrib}
    return Listed(
        str(element.attrib["ID"]),
        unquote(str(at.attrib[f"{_XLINK}href"])),
        str(told["MIMETYPE"]),
        int(told["SIZE"]),
        str(element.attrib["CREATED"]),
        str(told["CHECKSUM"]),
    )


def _read_sections(root: "etree._Element") -> list[Section]:
    return [
        Section(
            kind,
            _listed(one, one[0]),
            str(one[0].attrib["MDTYPE"]),
            str(one[0].attrib.get("MDTYPEVERSION", "")),
            str(one[0].attrib.get("OTHERMDTYPE", "")),
            "SUPERSEDED" if one.attrib.get("STATUS") == "SUPERSEDED" else "CURRENT",
        )
        for kind in KINDS
        for one in root.iter(f"{_M}{kind}")
    ]


def _read_root(data: bytes) -> RootMets:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(data, parser)
    head = root.find(f"{_M}metsHdr")
    if head is None or root.getroottree().docinfo.doctype:
        raise KeyError("metsHdr")

    def group(use: str) -> list[Listed]:
        found = root.findall(f"{_M}fileSec/{_M}fileGrp[@USE='{use}']/{_M}file")
        return [_listed(one, one[0]) for one in found]

    agents = [
        Agent(
            str(one.attrib["ROLE"]),
            one.findtext(f"{_M}name", ""),
            one.findtext(f"{_M}note", ""),
            str(one.attrib.get("OTHERROLE", "")),
        )
        for one in head.findall(f"{_M}agent")
        if one.attrib.get("TYPE") == "ORGANIZATION"
    ]
    return RootMets(
        objid=str(root.attrib["OBJID"]),
        label=str(root.attrib["LABEL"]),
        created=str(head.attrib["CREATEDATE"]),
        modified=str(head.attrib["LASTMODDATE"]),
        software=head.findtext(f"{_M}agent/{_M}note", ""),
        agents=agents,
        alternatives=[(str(one.attrib["TYPE"]), one.text or "") for one in head.findall(f"{_M}altRecordID")],
        sections=_read_sections(root),
        documentation=group("Documentation"),
        schemas=group("Schemas"),
        representations=[
            Representation(one.id.removeprefix("ID-rep-"), one.size, one.created, one.sha256)
            for one in group("Representations")
        ],
    )
