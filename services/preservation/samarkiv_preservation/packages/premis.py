"""PREMIS 3 by template: one object, event, agent or rights statement a line (aip recipe)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from samarkiv_preservation.packages.markup import escaped

EVENT_TYPES = "http://id.loc.gov/vocabulary/preservation/eventType"
# The codes of the LoC vocabulary; a type outside it is written without a valueURI.
CODES = {
    "accession": "acc",
    "capture": "cap",
    "creation": "cre",
    "deletion": "del",
    "digital signature validation": "dsv",
    "dissemination": "dis",
    "fixity check": "fix",
    "format identification": "for",
    "ingestion": "ing",
    "message digest calculation": "mes",
    "metadata modification": "mem",
    "migration": "mig",
    "modification": "mod",
    "normalization": "nor",
    "policy assignment": "poa",
    "quarantine": "qua",
    "replication": "rep",
    "transfer": "tra",
    "unpacking": "unp",
    "validation": "val",
    "virus check": "vir",
}
SOFTWARE = "sw-samarkiv"


def opening(depth: int) -> bytes:
    """Return the start of a PREMIS file that lies `depth` folders below the package's root."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<premis xmlns="http://www.loc.gov/premis/v3"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xsi:schemaLocation="http://www.loc.gov/premis/v3 {"../" * depth}schemas/premis-v3-0.xsd" version="3.0">\n'
    ).encode()


CLOSING = b"</premis>\n"


def _local(name: str, value: str) -> str:
    return f"<{name}><{name}Type>local</{name}Type><{name}Value>{escaped(value)}</{name}Value></{name}>"


def _related(kind: str, sub: str, objects: Iterable[str], event: str = "") -> str:
    inner = "".join(_local("relatedObjectIdentifier", one) for one in objects)
    if event:
        inner += _local("relatedEventIdentifier", event)
    return (
        f"<relationship><relationshipType>{kind}</relationshipType>"
        f"<relationshipSubType>{sub}</relationshipSubType>{inner}</relationship>"
    )


def significant(kind: str, value: str) -> str:
    """Return one significantProperties element."""
    return (
        f"<significantProperties><significantPropertiesType>{escaped(kind)}</significantPropertiesType>"
        f"<significantPropertiesValue>{escaped(value)}</significantPropertiesValue></significantProperties>"
    )


def entity(package: str, label: str, representations: Iterable[str]) -> str:
    """Return the intellectual entity of a package and the representations it has."""
    return (
        f'<object xsi:type="intellectualEntity">{_local("objectIdentifier", package)}'
        f"<originalName>{escaped(label)}</originalName>"
        f"{_related('structural', 'is represented by', [f'{package}/{rep}' for rep in representations])}</object>\n"
    )


def representation_start(package: str, name: str) -> str:
    """Return the start of a representation object; significant properties follow, then `representation_end`."""
    return f'<object xsi:type="representation">{_local("objectIdentifier", f"{package}/{name}")}'


def representation_end(
    package: str, label: str, source: str = "", event: str = "", replaces: str = ""
) -> str:
    """Return the end of a representation object: what it stands for, was derived from (by `event`) and replaces."""
    text = f"<originalName>{escaped(label)}</originalName>{_related('structural', 'represents', [package])}"
    if source:
        text += _related("derivation", "has source", [f"{package}/{source}"], event)
    if replaces:
        text += _related("replacement", "supersedes", [f"{package}/{replaces}"])
    return f"{text}</object>\n"


@dataclass(frozen=True)
class FileObject:
    """A file as PREMIS tells it. `source` and `event` are set for a migrated file; `raw_name` is hex."""

    id: str
    path: str
    size: int
    sha256: str
    puid: str = ""
    format: str = ""
    raw_name: str = ""
    source: str = ""
    event: str = ""


def file_object(file: FileObject) -> str:
    """Return the object of one file; identifier = METS file/@ID."""
    registry = (
        "<formatRegistry><formatRegistryName>PRONOM</formatRegistryName>"
        f"<formatRegistryKey>{escaped(file.puid)}</formatRegistryKey></formatRegistry>"
        if file.puid
        else ""
    )
    raw = significant("delivered name, bytes in hex", file.raw_name) if file.raw_name else ""
    source = _related("derivation", "has source", [file.source], file.event) if file.source else ""
    return (
        '<object xsi:type="file"><objectIdentifier><objectIdentifierType>local</objectIdentifierType>'
        f"<objectIdentifierValue>{file.id}</objectIdentifierValue></objectIdentifier>{raw}<objectCharacteristics>"
        "<fixity><messageDigestAlgorithm>SHA-256</messageDigestAlgorithm>"
        f"<messageDigest>{file.sha256}</messageDigest></fixity><size>{file.size}</size><format><formatDesignation>"
        f"<formatName>{escaped(file.format) or 'unknown'}</formatName></formatDesignation>{registry}</format>"
        f"</objectCharacteristics><originalName>{escaped(file.path)}</originalName>{source}</object>\n"
    )


@dataclass(frozen=True)
class Agent:
    """Who or what acted."""

    id: str
    name: str
    kind: str = "software"
    version: str = ""

    def line(self) -> str:
        """Return the agent element."""
        version = f"<agentVersion>{escaped(self.version)}</agentVersion>" if self.version else ""
        return (
            f"<agent>{_local('agentIdentifier', self.id)}<agentName>{escaped(self.name)}</agentName>"
            f"<agentType>{self.kind}</agentType>{version}</agent>\n"
        )


@dataclass(frozen=True)
class Event:
    """One act. `agents` are pairs of id and role; `object` is what it was done to or made (`role`)."""

    id: str
    type: str
    at: str
    outcome: str
    object: str
    detail: str = ""
    note: str = ""
    role: str = "outcome"
    agents: tuple[tuple[str, str], ...] = field(default=((SOFTWARE, "executing program"),))

    def line(self) -> str:
        """Return the event element."""
        code = CODES.get(self.type)
        uri = (
            f' authority="eventType" authorityURI="{EVENT_TYPES}" valueURI="{EVENT_TYPES}/{code}"'
            if code
            else ""
        )
        detail = (
            f"<eventDetailInformation><eventDetail>{escaped(self.detail)}</eventDetail></eventDetailInformation>"
            if self.detail
            else ""
        )
        note = (
            f"<eventOutcomeDetail><eventOutcomeDetailNote>{escaped(self.note)}</eventOutcomeDetailNote>"
            "</eventOutcomeDetail>"
            if self.note
            else ""
        )
        agents = "".join(
            _local("linkingAgentIdentifier", agent).replace(
                "</linkingAgentIdentifier>",
                f"<linkingAgentRole>{role}</linkingAgentRole></linkingAgentIdentifier>",
            )
            for agent, role in self.agents
        )
        linked = _local("linkingObjectIdentifier", self.object).replace(
            "</linkingObjectIdentifier>",
            f"<linkingObjectRole>{self.role}</linkingObjectRole></linkingObjectIdentifier>",
        )
        return (
            f"<event>{_local('eventIdentifier', self.id)}<eventType{uri}>{escaped(self.type)}</eventType>"
            f"<eventDateTime>{self.at}</eventDateTime>{detail}<eventOutcomeInformation>"
            f"<eventOutcome>{escaped(self.outcome)}</eventOutcome>{note}</eventOutcomeInformation>{agents}{linked}</event>\n"
        )


@dataclass(frozen=True)
class Right:
    """What may be done: `citation` is a legal reference (statute), else the agreement is the basis."""

    id: str
    restriction: str
    citation: str = ""
    agreement: str = ""
    note: str = ""
    start: str = ""
    end: str = ""

    def statement(self, package: str) -> str:
        """Return the rightsStatement element, linked to the package."""
        basis = "statute" if self.citation else "other"
        if self.citation:
            information = (
                "<statuteInformation><statuteJurisdiction>se</statuteJurisdiction>"
                f"<statuteCitation>{escaped(self.citation)}</statuteCitation>"
                + (f"<statuteNote>{escaped(self.note)}</statuteNote>" if self.note else "")
                + "</statuteInformation>"
            )
        else:
            information = (
                "<otherRightsInformation><otherRightsDocumentationIdentifier>"
                "<otherRightsDocumentationIdentifierType>local</otherRightsDocumentationIdentifierType>"
                f"<otherRightsDocumentationIdentifierValue>{escaped(self.agreement)}</otherRightsDocumentationIdentifierValue>"
                "</otherRightsDocumentationIdentifier><otherRightsBasis>submission agreement</otherRightsBasis>"
                "</otherRightsInformation>"
            )
        term = ""
        if self.start and self.end:
            term = f"<termOfRestriction><startDate>{self.start}</startDate><endDate>{self.end}</endDate></termOfRestriction>"
        return (
            "<rightsStatement><rightsStatementIdentifier>"
            "<rightsStatementIdentifierType>local</rightsStatementIdentifierType>"
            f"<rightsStatementIdentifierValue>{self.id}</rightsStatementIdentifierValue></rightsStatementIdentifier>"
            f"<rightsBasis>{basis}</rightsBasis>{information}<rightsGranted><act>disseminate</act>"
            f"<restriction>{escaped(self.restriction)}</restriction>{term}</rightsGranted>"
            f"{_local('linkingObjectIdentifier', package)}</rightsStatement>"
        )


@dataclass
class PackagePremis:
    """The package's own PREMIS file. Events, agents and rights are kept as the lines they are written as."""

    package: str
    label: str
    representations: list[str]
    events: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    rights: str = ""

    def add(self, *acts: Event) -> None:
        """Append events."""
        self.events.extend(act.line() for act in acts)

    def name(self, *agents: Agent) -> None:
        """Append the agents that are not described yet."""
        for agent in agents:
            mark = f"<agentIdentifierValue>{escaped(agent.id)}</agentIdentifierValue>"
            if not any(mark in line for line in self.agents):
                self.agents.append(agent.line())

    def grant(self, rights: Iterable[Right]) -> None:
        """Set the rights statements."""
        self.rights = f"<rights>{''.join(right.statement(self.package) for right in rights)}</rights>\n"

    def to_bytes(self) -> bytes:
        """Return the file."""
        parts = [
            entity(self.package, self.label, self.representations),
            *self.events,
            *self.agents,
            self.rights,
        ]
        return opening(2) + "".join(parts).encode() + CLOSING

    @classmethod
    def from_bytes(cls, data: bytes, package: str, label: str) -> "PackagePremis":
        """Read a file that this class wrote; what came before is kept to the letter."""
        doc = cls(package, label, [])
        for line in data.decode().split("\n"):
            if line.startswith("<object "):
                values = line.split("<relatedObjectIdentifierValue>")[1:]
                doc.representations = [value.split("<", 1)[0].removeprefix(f"{package}/") for value in values]
            elif line.startswith("<event>"):
                doc.events.append(f"{line}\n")
            elif line.startswith("<agent>"):
                doc.agents.append(f"{line}\n")
            elif line.startswith("<rights>"):
                doc.rights = f"{line}\n"
        return doc
