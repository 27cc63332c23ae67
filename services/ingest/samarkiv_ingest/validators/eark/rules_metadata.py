"""Rules on the metadata sections: CSIP17–57. The three kinds of section share their rules; the tables say which ID is which."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from lxml import etree
from samarkiv_contracts.findings import Severity

from samarkiv_ingest.validators.eark import shapes, values
from samarkiv_ingest.validators.eark.mets import XLINK, M, Mets
from samarkiv_ingest.validators.eark.requirement import Fault
from samarkiv_ingest.validators.eark.rules_head import Rule
from samarkiv_ingest.validators.eark.shapes import Faults
from samarkiv_ingest.validators.xml import local


@dataclass(frozen=True)
class Section:
    """A kind of metadata section: where it stands, the number of its ID requirement and of its first mdRef one."""

    path: tuple[str, ...]
    first: int
    reference: int

    def code(self, step: int) -> str:
        """Return the requirement `step` after the first of its mdRef requirements."""
        return f"CSIP{self.reference + step}"

    @property
    def href(self) -> str:
        """Return the requirement that the file is there."""
        return self.code(2)

    @property
    def size(self) -> str:
        """Return the requirement on the file's size."""
        return self.code(5)

    @property
    def checksum(self) -> str:
        """Return the requirement on the file's checksum."""
        return self.code(7)

    @property
    def algorithm(self) -> str:
        """Return the requirement on the checksum's algorithm."""
        return self.code(8)


DESCRIPTIVE = Section(("dmdSec",), 18, 22)
PROVENANCE = Section(("amdSec", "digiprovMD"), 33, 36)
RIGHTS = Section(("amdSec", "rightsMD"), 46, 49)
SECTIONS = (DESCRIPTIVE, PROVENANCE, RIGHTS)


def _sections(mets: Mets, section: Section) -> list[etree._Element]:
    return mets.all(*section.path)


def references(mets: Mets, section: Section) -> list[etree._Element]:
    """Return the mdRef elements of a kind of section."""
    return mets.all(*section.path, "mdRef")


def _about(element: etree._Element) -> str:
    parent = element.getparent()
    identity = element.get("ID") or (parent.get("ID") if parent is not None else None)
    return f"#{identity}" if identity else ""


def _identity(section: Section, mets: Mets) -> Faults:
    for one in _sections(mets, section):
        yield from shapes.identity(one.get("ID"), one.sourceline or 0)


def csip19(mets: Mets) -> Faults:
    """Each dmdSec has CREATED."""
    for one in _sections(mets, DESCRIPTIVE):
        yield from shapes.time(one.get("CREATED"), one.sourceline or 0, _about(one))


def _status(section: Section, mets: Mets) -> Faults:
    for one in _sections(mets, section):
        yield from shapes.status(one.get("STATUS"), one.sourceline or 0, _about(one))


def _refers(section: Section, mets: Mets) -> Faults:
    for one in _sections(mets, section):
        count = sum(child.tag == f"{M}mdRef" for child in one)
        if count > 1:
            yield Fault(one.sourceline or 0, "1", str(count), Severity.ERROR, about=_about(one))
        elif not count and section is not DESCRIPTIVE and not any(child.tag == f"{M}mdWrap" for child in one):
            # Of descriptive metadata it is asked together with the folder that may hold some.
            yield Fault(one.sourceline or 0, "mdRef", about=_about(one))


def csip31(mets: Mets) -> Faults:
    """There is one amdSec, and it holds something."""
    sections = mets.all("amdSec")
    if len(sections) > 1:
        yield Fault(sections[1].sourceline or 0, "1", str(len(sections)))
    elif not mets.representation and not any(len(one) for one in sections):
        yield Fault(expected="amdSec", found=f"{len(sections)} amdSec")


def csip32(mets: Mets) -> Faults:
    """Administrative metadata has digiprovMD."""
    sections = mets.all("amdSec")
    if not mets.representation and sections and not _sections(mets, PROVENANCE):
        yield Fault(sections[0].sourceline or 0, "digiprovMD")


def csip45(mets: Mets) -> Faults:
    """Rights may be stated."""
    if not mets.representation and not _sections(mets, RIGHTS):
        yield Fault(expected="rightsMD")


Ask = Callable[[str | None, int, Mets, str], Faults]


def _each(section: Section, attribute: str, ask: Ask, mets: Mets) -> Faults:
    for one in references(mets, section):
        yield from ask(one.get(attribute), one.sourceline or 0, mets, _about(one))


def _loctype(value: str | None, line: int, _mets: Mets, about: str) -> Faults:
    yield from shapes.fixed(value, "URL", line, about)


def _linktype(value: str | None, line: int, _mets: Mets, about: str) -> Faults:
    yield from shapes.fixed(value, "simple", line, about)


def _href(value: str | None, line: int, _mets: Mets, about: str) -> Faults:
    # An empty href is a reference that leads nowhere: found by the reference rules.
    if value is None:
        yield Fault(line, "xlink:href", about=about)


def _mdtype(value: str | None, line: int, _mets: Mets, about: str) -> Faults:
    if value not in values.METADATA_TYPE:
        yield Fault(line, "METS MDTYPE", value or "", about=about)


def _mime(value: str | None, line: int, mets: Mets, about: str) -> Faults:
    yield from shapes.mime(value, line, mets.version, about)


def size(value: str | None, line: int, _mets: Mets, about: str) -> Faults:
    """Find a size that is absent or no number; whether it matches is asked by the fixity rules."""
    if value is None or not value.strip().isdecimal():
        yield Fault(line, "xs:long", value or "", about=about)


def _created(value: str | None, line: int, _mets: Mets, about: str) -> Faults:
    yield from shapes.time(value, line, about)


def checksum(value: str | None, line: int, _mets: Mets, about: str) -> Faults:
    """Find a checksum that is absent; whether it matches is asked by the fixity rules."""
    yield from shapes.filled(value, line, about)


def algorithm(value: str | None, line: int, _mets: Mets, about: str) -> Faults:
    """Find an algorithm that is absent or not in the METS list."""
    if value not in values.CHECKSUM:
        yield Fault(line, "METS CHECKSUMTYPE", value or "", about=about)


# In the order the requirements are numbered.
_REFERENCE: tuple[tuple[str, Ask], ...] = (
    ("LOCTYPE", _loctype),
    (f"{XLINK}type", _linktype),
    (f"{XLINK}href", _href),
    ("MDTYPE", _mdtype),
    ("MIMETYPE", _mime),
    ("SIZE", size),
    ("CREATED", _created),
    ("CHECKSUM", checksum),
    ("CHECKSUMTYPE", algorithm),
)

RULES: dict[str, Rule] = {
    **{f"CSIP{one.first}": partial(_identity, one) for one in SECTIONS},
    "CSIP19": csip19,
    "CSIP20": partial(_status, DESCRIPTIVE),
    "CSIP34": partial(_status, PROVENANCE),
    "CSIP47": partial(_status, RIGHTS),
    "CSIP21": partial(_refers, DESCRIPTIVE),
    "CSIP35": partial(_refers, PROVENANCE),
    "CSIP48": partial(_refers, RIGHTS),
    "CSIP31": csip31,
    "CSIP32": csip32,
    "CSIP45": csip45,
    **{
        section.code(step): partial(_each, section, attribute, ask)
        for section in SECTIONS
        for step, (attribute, ask) in enumerate(_REFERENCE)
    },
}

WHAT_AMDSEC_HOLDS = frozenset({"amdSec", "techMD", "rightsMD", "sourceMD", "digiprovMD"})


def current(mets: Mets, *names: str) -> dict[str, etree._Element]:
    """Return the sections of these names that are not superseded, by ID."""
    found = {}
    for one in (*mets.all("dmdSec"), *mets.all("amdSec")):
        for section in (one, *one):
            identity = section.get("ID")
            if identity and local(section) in names and section.get("STATUS", "CURRENT") == "CURRENT":
                found[identity] = section
    return found
