"""Rules of a submission package, on top of CSIP: SIP1–35."""

from collections.abc import Callable
from functools import partial

from lxml import etree
from samarkiv_contracts.findings import Severity

from samarkiv_ingest.validators.eark import values
from samarkiv_ingest.validators.eark.mets import CSIP, M, Mets
from samarkiv_ingest.validators.eark.requirement import Fault
from samarkiv_ingest.validators.eark.rules_head import Rule
from samarkiv_ingest.validators.eark.shapes import Faults
from samarkiv_ingest.validators.xml import text

PROFILES = frozenset(
    {
        "https://earksip.dilcis.eu/profile/E-ARK-SIP.xml",
        "https://earksip.dilcis.eu/profile/E-ARK-SIP-v2-1-0.xml",
        "https://earksip.dilcis.eu/profile/E-ARK-SIP-v2-2-0.xml",
    }
)
Find = Callable[[Mets], list["etree._Element"]]  # noqa: SLF001 - so lxml names its public type
_PERSONS = frozenset({"ORGANIZATION", "INDIVIDUAL"})


def _line(element: etree._Element) -> int:
    return element.sourceline or 0


def sip1(mets: Mets) -> Faults:
    """The package may have a name."""
    if not mets.representation and not mets.root.get("LABEL", "").strip():
        yield Fault(_line(mets.root), "LABEL", '""' if "LABEL" in mets.root.attrib else "")


def sip2(mets: Mets) -> Faults:
    """PROFILE is the one of E-ARK SIP, of any version."""
    if mets.root.get("PROFILE") not in PROFILES:
        yield Fault(_line(mets.root), max(PROFILES), mets.root.get("PROFILE", ""))


def sip3(mets: Mets) -> Faults:
    """RECORDSTATUS may be given, from the list."""
    for header in mets.all("metsHdr"):
        value = header.get("RECORDSTATUS")
        if value not in values.RECORD_STATUS and not (mets.representation and value is None):
            yield Fault(_line(header), " | ".join(sorted(values.RECORD_STATUS)), value or "")


def sip4(mets: Mets) -> Faults:
    """OAISPACKAGETYPE is SIP."""
    for header in mets.all("metsHdr"):
        value = header.get(f"{CSIP}OAISPACKAGETYPE")
        if value != "SIP":
            yield Fault(_line(header), "SIP", value or "")


def _record(kind: str, once: bool, mets: Mets) -> Faults:
    if mets.representation:
        return
    found = [one for one in mets.all("metsHdr", "altRecordID") if one.get("TYPE") == kind]
    if not found:
        yield Fault(expected=kind)
    elif once and len(found) > 1:
        yield Fault(_line(found[1]), "1", str(len(found)))
    elif any(not text(one) for one in found):
        yield Fault(_line(found[0]), kind, '""')


def _agents(mets: Mets) -> list[etree._Element]:
    """Return the agents that are not software, in order."""
    return (
        []
        if mets.representation
        else [one for one in mets.all("metsHdr", "agent") if one.get("OTHERTYPE") != "SOFTWARE"]
    )


def creators(mets: Mets) -> list[etree._Element]:
    """Return the archival creator: the ARCHIVIST, else the first of several organizations that are CREATOR."""
    agents = _agents(mets)
    archivists = [one for one in agents if one.get("ROLE") == "ARCHIVIST"]
    organizations = [
        one for one in agents if one.get("ROLE") == "CREATOR" and one.get("TYPE") == "ORGANIZATION"
    ]
    return archivists or (organizations[:1] if len(organizations) > 1 else [])


def submitters(mets: Mets) -> list[etree._Element]:
    """Return who submits: an OTHER SUBMITTER, else the last organization, else a person, that is CREATOR."""
    agents = _agents(mets)
    stated = [one for one in agents if one.get("OTHERROLE") == "SUBMITTER"]
    makers = [one for one in agents if one.get("ROLE") == "CREATOR"]
    organizations = [one for one in makers if one.get("TYPE") != "INDIVIDUAL"]
    return stated or organizations[-1:] or makers[:1]


def contacts(mets: Mets) -> list[etree._Element]:
    """Return the contact persons: individuals that are CREATOR."""
    return [one for one in _agents(mets) if one.get("TYPE") == "INDIVIDUAL" and one.get("ROLE") == "CREATOR"]


def preservers(mets: Mets) -> list[etree._Element]:
    """Return who preserves."""
    return [one for one in _agents(mets) if one.get("ROLE") == "PRESERVATION"]


def _there(find: Find, mets: Mets) -> Faults:
    if not mets.representation and mets.one("metsHdr") is not None and not find(mets):
        yield Fault(expected="agent")


def _type(find: Find, allowed: frozenset[str], mets: Mets) -> Faults:
    for one in find(mets):
        if one.get("TYPE") not in allowed:
            yield Fault(_line(one), " | ".join(sorted(allowed)), one.get("TYPE", ""))


def _name(find: Find, mets: Mets) -> Faults:
    for one in find(mets):
        names = [child for child in one if child.tag == f"{M}name"]
        if len(names) != 1 or not text(names[0]):
            yield Fault(_line(one), "name", str(len(names)))


def _note(find: Find, mets: Mets) -> Faults:
    for one in find(mets):
        if not any(child.tag == f"{M}note" and text(child) for child in one):
            yield Fault(_line(one), "note")


def _note_type(find: Find, mets: Mets) -> Faults:
    for one in find(mets):
        notes = [child for child in one if child.tag == f"{M}note"]
        types = [note.get(f"{CSIP}NOTETYPE") for note in notes]
        if notes and "IDENTIFICATIONCODE" not in types:
            yield Fault(_line(notes[0]), "IDENTIFICATIONCODE", types[0] or "")


def _strangers(mets: Mets) -> list[etree._Element]:
    """Return agents whose role is absent or none that METS knows: nobody can tell which party they are."""
    return [one for one in _agents(mets) if one.get("ROLE") not in values.AGENT_ROLE]


def _role(find: Find, mets: Mets) -> Faults:
    """An agent has no role METS knows, while nobody has this one for sure."""
    found = find(mets)
    # One organization that is CREATOR may be creator or submitter, and a person seldom submits: the stranger may be it.
    unsure = find is submitters and (
        not creators(mets) or all(one.get("TYPE") == "INDIVIDUAL" for one in found)
    )
    if not found or unsure:
        for one in _strangers(mets):
            if one.get("TYPE") != "INDIVIDUAL":
                yield Fault(_line(one), "ROLE", one.get("ROLE", ""))


def sip22(mets: Mets) -> Faults:
    """A person without a role METS knows was to be a contact person."""
    for one in _strangers(mets):
        if one.get("TYPE") == "INDIVIDUAL":
            yield Fault(_line(one), "CREATOR", one.get("ROLE", ""))


def _untyped(mets: Mets, *, identified: bool) -> list[etree._Element]:
    """Return agents that are CREATOR but neither organization nor person; those with an identification code, or those without."""
    found = [
        one
        for one in _agents(mets)
        if one.get("ROLE") in {"CREATOR", "ARCHIVIST"} and one.get("TYPE") not in _PERSONS
    ]
    return [one for one in found if _identified(one) is identified]


def _identified(agent: etree._Element) -> bool:
    return any(child.get(f"{CSIP}NOTETYPE") == "IDENTIFICATIONCODE" for child in agent)


def _party_type(find: Find, mets: Mets) -> Faults:
    """A party is an organization or a person."""
    for one in dict.fromkeys((*find(mets), *_untyped(mets, identified=True))):
        if one.get("TYPE") not in _PERSONS:
            yield Fault(_line(one), " | ".join(sorted(_PERSONS)), one.get("TYPE", ""))


def sip23(mets: Mets) -> Faults:
    """A contact person is an individual."""
    for one in _untyped(mets, identified=False):
        yield Fault(_line(one), "INDIVIDUAL", one.get("TYPE", ""))


def _format(attribute: str, names: tuple[str, ...], mets: Mets) -> Faults:
    """A format attribute that no file has is remarked once; an empty one is a warning."""
    if mets.representation:
        return
    given = False
    for file in mets.files(with_formats=True):
        for name in names:
            value = file.format(name)
            given = given or value is not None
            if value is not None and not value.strip():
                yield Fault(file.line, attribute, '""', Severity.WARNING, about=f"#{file.id}")
    if not given and mets.groups:
        yield Fault(expected=attribute)


RULES: dict[str, Rule] = {
    "SIP1": sip1,
    "SIP2": sip2,
    "SIP3": sip3,
    "SIP4": sip4,
    "SIP5": partial(_record, "SUBMISSIONAGREEMENT", True),
    "SIP6": partial(_record, "PREVIOUSSUBMISSIONAGREEMENT", False),
    "SIP7": partial(_record, "REFERENCECODE", True),
    "SIP8": partial(_record, "PREVIOUSREFERENCECODE", False),
    "SIP9": partial(_there, creators),
    "SIP10": partial(_role, creators),
    "SIP11": partial(_party_type, creators),
    "SIP12": partial(_name, creators),
    "SIP13": partial(_note, creators),
    "SIP14": partial(_note_type, creators),
    "SIP15": partial(_there, submitters),
    "SIP16": partial(_role, submitters),
    "SIP17": partial(_party_type, submitters),
    "SIP18": partial(_name, submitters),
    "SIP19": partial(_note, submitters),
    "SIP20": partial(_note_type, submitters),
    "SIP21": partial(_there, contacts),
    "SIP22": sip22,
    "SIP23": sip23,
    "SIP24": partial(_name, contacts),
    "SIP25": partial(_note, contacts),
    "SIP26": partial(_there, preservers),
    "SIP27": partial(_role, preservers),
    "SIP28": partial(_type, preservers, frozenset({"ORGANIZATION"})),
    "SIP29": partial(_name, preservers),
    "SIP30": partial(_note, preservers),
    "SIP31": partial(_note_type, preservers),
    "SIP32": partial(_format, "FILEFORMATNAME", ("FILEFORMATNAME",)),
    "SIP33": partial(_format, "FILEFORMATVERSION", ("FILEFORMATVERSION",)),
    "SIP34": partial(_format, "FILEFORMATREGISTRY", ("FILEFORMATREGISTRY", "FORMATREGISTRY")),
    "SIP35": partial(_format, "FILEFORMATKEY", ("FILEFORMATKEY", "FORMATREGISTRYKEY")),
}
