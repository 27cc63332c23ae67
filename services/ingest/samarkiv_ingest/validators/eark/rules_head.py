"""Rules on the root element and the header: CSIP1–16 and CSIP117."""

from collections.abc import Callable

from lxml import etree
from samarkiv_contracts.findings import Severity

from samarkiv_ingest.validators.eark import values
from samarkiv_ingest.validators.eark.mets import CSIP, Mets
from samarkiv_ingest.validators.eark.requirement import Fault
from samarkiv_ingest.validators.eark.shapes import Faults, filled, fixed, is_time, other, time
from samarkiv_ingest.validators.xml import text

Rule = Callable[[Mets], Faults]


def _line(element: etree._Element) -> int:
    return element.sourceline or 0


def csip1(mets: Mets) -> Faults:
    """OBJID is there, and should be the name of the folder the METS lies in."""
    value = mets.root.get("OBJID", "")
    yield from filled(mets.root.get("OBJID"), _line(mets.root))
    name = mets.folder.rpartition("/")[2]
    if value.strip() and name and value != name:
        yield Fault(_line(mets.root), name, value, Severity.WARNING)


def csip2(mets: Mets) -> Faults:
    """TYPE is there and in the list."""
    value = mets.root.get("TYPE")
    if value is None or not values.category(value):
        yield Fault(_line(mets.root), "", value or "")


def csip3(mets: Mets) -> Faults:
    """OTHERTYPE goes with TYPE=OTHER and with nothing else."""
    yield from other(
        mets.root.get("TYPE"), mets.root.get(f"{CSIP}OTHERTYPE"), values.category, _line(mets.root)
    )


def csip4(mets: Mets) -> Faults:
    """CONTENTINFORMATIONTYPE is there (must be in a representation), in the list, and not an empty OTHER."""
    value, line = mets.root.get(f"{CSIP}CONTENTINFORMATIONTYPE"), _line(mets.root)
    if value is None:
        yield Fault(line, "", "", Severity.ERROR if mets.representation else None)
        return
    if value not in values.CONTENT_INFORMATION:
        yield Fault(line, "", value or '""', Severity.ERROR)
    if values.is_other(value) and not mets.root.get(f"{CSIP}OTHERCONTENTINFORMATIONTYPE", "").strip():
        yield Fault(line, "OTHERCONTENTINFORMATIONTYPE", "", Severity.ERROR)


def csip5(mets: Mets) -> Faults:
    """OTHERCONTENTINFORMATIONTYPE goes with CONTENTINFORMATIONTYPE=OTHER and with nothing else."""
    yield from other(
        mets.root.get(f"{CSIP}CONTENTINFORMATIONTYPE"),
        mets.root.get(f"{CSIP}OTHERCONTENTINFORMATIONTYPE"),
        values.CONTENT_INFORMATION.__contains__,
        _line(mets.root),
    )


def csip6(mets: Mets) -> Faults:
    """PROFILE is there, and a URL."""
    value = mets.root.get("PROFILE")
    if value is None or not value.startswith(("http://", "https://")):
        yield Fault(_line(mets.root), "URL", value or "")


def csip117(mets: Mets) -> Faults:
    """MetsHdr is there."""
    if mets.one("metsHdr") is None:
        yield Fault(_line(mets.root), "metsHdr")


def csip7(mets: Mets) -> Faults:
    """CREATEDATE is a time."""
    for header in mets.all("metsHdr"):
        yield from time(header.get("CREATEDATE"), _line(header))


def csip8(mets: Mets) -> Faults:
    """LASTMODDATE should be there (in the package's METS), and is a time."""
    for header in mets.all("metsHdr"):
        value = header.get("LASTMODDATE")
        if value is None:
            if not mets.representation:
                yield Fault(_line(header), "xs:dateTime")
        elif not is_time(value):
            yield Fault(_line(header), "xs:dateTime", value or '""', Severity.ERROR)
        elif value[:10] < header.get("CREATEDATE", "")[:10]:
            yield Fault(_line(header), f"≥ {header.get('CREATEDATE', '')}", value)


def csip9(mets: Mets) -> Faults:
    """OAISPACKAGETYPE is there and in the list."""
    for header in mets.all("metsHdr"):
        value = header.get(f"{CSIP}OAISPACKAGETYPE")
        if value not in values.PACKAGE_TYPE:
            yield Fault(_line(header), " | ".join(sorted(values.PACKAGE_TYPE)), value or "")


_WANTED = {"ROLE": "CREATOR", "TYPE": "OTHER", "OTHERTYPE": "SOFTWARE"}


def _versions(agent: etree._Element) -> list[etree._Element]:
    return [one for one in agent if str(one.tag).endswith("}note")]


def _likeness(agent: etree._Element) -> int:
    """Say how much an agent looks like the software agent: attributes, then a version note."""
    same = sum(agent.get(name) == value for name, value in _WANTED.items())
    typed = any(note.get(f"{CSIP}NOTETYPE") == "SOFTWARE VERSION" for note in _versions(agent))
    return same * 2 + typed + (agent.get("OTHERTYPE") == "SOFTWARE") * 2


def software(mets: Mets) -> etree._Element | None:
    """Return the software agent, or the agent that looks most like one; None when there are no agents."""
    return max(mets.all("metsHdr", "agent"), key=_likeness, default=None)


def csip10(mets: Mets) -> Faults:
    """There is an agent."""
    for header in mets.all("metsHdr"):
        if mets.one("metsHdr", "agent") is None:
            yield Fault(_line(header), "agent")


def _attribute(name: str) -> Rule:
    def rule(mets: Mets) -> Faults:
        agent = software(mets)
        if agent is not None:
            yield from fixed(agent.get(name), _WANTED[name], _line(agent))

    rule.__doc__ = f"The software agent has {name}={_WANTED[name]}."
    return rule


def csip14(mets: Mets) -> Faults:
    """The software agent has exactly one name, with text."""
    agent = software(mets)
    if agent is not None:
        names = [one for one in agent if str(one.tag).endswith("}name")]
        if len(names) != 1 or not text(names[0]):
            yield Fault(_line(agent), "1", str(len(names)) if len(names) != 1 else '""')


def csip15(mets: Mets) -> Faults:
    """The software agent has exactly one version note, with text."""
    agent = software(mets)
    if agent is None:
        return
    notes = _versions(agent)
    typed = [note for note in notes if note.get(f"{CSIP}NOTETYPE") == "SOFTWARE VERSION"]
    if not notes or len(typed) > 1:
        yield Fault(_line(agent), "1", str(len(notes)))
    elif any(not text(note) for note in typed or notes):
        yield Fault(_line(agent), "", '""')


def csip16(mets: Mets) -> Faults:
    """A note of the software agent is typed SOFTWARE VERSION."""
    agent = software(mets)
    if agent is None:
        return
    types = [note.get(f"{CSIP}NOTETYPE") for note in _versions(agent)]
    if types and "SOFTWARE VERSION" not in types:
        yield Fault(_line(agent), "SOFTWARE VERSION", types[0] or "")


RULES: dict[str, Rule] = {
    "CSIP1": csip1,
    "CSIP2": csip2,
    "CSIP3": csip3,
    "CSIP4": csip4,
    "CSIP5": csip5,
    "CSIP6": csip6,
    "CSIP117": csip117,
    "CSIP7": csip7,
    "CSIP8": csip8,
    "CSIP9": csip9,
    "CSIP10": csip10,
    "CSIP11": _attribute("ROLE"),
    "CSIP12": _attribute("TYPE"),
    "CSIP13": _attribute("OTHERTYPE"),
    "CSIP14": csip14,
    "CSIP15": csip15,
    "CSIP16": csip16,
}
