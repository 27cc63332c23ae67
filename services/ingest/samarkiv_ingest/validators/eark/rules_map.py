"""Rules on the structural map: CSIP80–112, CSIP116, CSIP118, CSIP119."""

from collections.abc import Iterable
from functools import partial

from lxml import etree
from samarkiv_contracts.findings import Severity

from samarkiv_ingest.validators.eark import shapes
from samarkiv_ingest.validators.eark.mets import XLINK, Group, M, Mets
from samarkiv_ingest.validators.eark.requirement import Fault
from samarkiv_ingest.validators.eark.rules_files import is_for
from samarkiv_ingest.validators.eark.rules_head import Rule
from samarkiv_ingest.validators.eark.rules_metadata import current
from samarkiv_ingest.validators.eark.shapes import Faults

PARTS = ("Metadata", "Documentation", "Schemas", "Representations")


def _line(element: etree._Element) -> int:
    return element.sourceline or 0


def _maps(mets: Mets) -> list[etree._Element]:
    return [one for one in mets.all("structMap") if one.get("LABEL") == "CSIP"]


def _mains(mets: Mets) -> list[etree._Element]:
    return [div for one in _maps(mets) for div in one if div.tag == f"{M}div"]


def parts(mets: Mets, label: str = "") -> list[etree._Element]:
    """Return the divisions right under the main one, of a label or all."""
    divs = [div for main in _mains(mets) for div in main if div.tag == f"{M}div"]
    return [div for div in divs if div.get("LABEL") == label] if label else divs


def representation_parts(mets: Mets) -> list[etree._Element]:
    """Return the divisions of single representations: `Representations/…`, or any other that has an mptr."""
    return [
        div
        for div in parts(mets)
        if div.get("LABEL", "").startswith("Representations/")
        or (div.get("LABEL") not in PARTS and _inside(div, "mptr"))
    ]


def _inside(div: etree._Element, name: str, *, deep: bool = False) -> list[etree._Element]:
    found = div.iter(f"{M}{name}") if deep else (one for one in div if one.tag == f"{M}{name}")
    return list(found)


def csip80(mets: Mets) -> Faults:
    """There is a structural map, and only one of CSIP."""
    if not mets.all("structMap"):
        yield Fault(_line(mets.root), "structMap")
    elif len(_maps(mets)) > 1:
        yield Fault(_line(_maps(mets)[1]), "1", str(len(_maps(mets))))


def csip81(mets: Mets) -> Faults:
    """The CSIP map is physical."""
    for one in _maps(mets) or mets.all("structMap")[:1]:
        yield from shapes.fixed(one.get("TYPE"), "PHYSICAL", _line(one))


def csip82(mets: Mets) -> Faults:
    """A map is named CSIP."""
    if mets.all("structMap") and not _maps(mets):
        first = mets.all("structMap")[0]
        yield Fault(_line(first), "CSIP", first.get("LABEL", ""))


def csip83(mets: Mets) -> Faults:
    """The map has an ID."""
    for one in _maps(mets):
        yield from shapes.identity(one.get("ID"), _line(one))


def csip84(mets: Mets) -> Faults:
    """The map has one main division."""
    for one in _maps(mets):
        count = len(_inside(one, "div"))
        if count != 1:
            yield Fault(_line(one), "1", str(count))


def csip85(mets: Mets) -> Faults:
    """The main division has an ID."""
    for main in _mains(mets):
        yield from shapes.identity(main.get("ID"), _line(main))


def csip86(mets: Mets) -> Faults:
    """The main division's label is the package's ID, in 2.0.4."""
    # The address of the profile is the same for 2.0.4 and 2.1.0, which dropped the requirement: then it is a remark.
    level = Severity.WARNING if mets.version == "2.1.0" else None
    if mets.version == "2.2.0" or "v2-1-0" in mets.root.get("PROFILE", ""):
        return
    for main in _mains(mets):
        if main.get("LABEL") != mets.root.get("OBJID"):
            yield Fault(_line(main), mets.root.get("OBJID", ""), main.get("LABEL", ""), level)


def _one_part(label: str, mets: Mets) -> Faults:
    """A part must be there once (Metadata), or once when there is something for it."""
    found = parts(mets, label)
    if len(found) > 1:
        yield Fault(_line(found[1]), "1", str(len(found)), Severity.ERROR)
    elif not found and _mains(mets) and _needed(mets, label):
        yield Fault(_line(_mains(mets)[0]), label, "", Severity.ERROR)


def _needed(mets: Mets, label: str) -> bool:
    if label == "Metadata":
        return True
    if label == "Representations" and representation_parts(mets):
        return False
    return not mets.representation and any(is_for(group, label) for group in mets.groups)


def _part_identity(label: str, mets: Mets) -> Faults:
    for div in parts(mets, label):
        yield from shapes.identity(div.get("ID"), _line(div))


def _names(mets: Mets, attribute: str, sections: tuple[str, ...]) -> Faults:
    """The Metadata part names every current section, and nothing else."""
    wanted = {identity for identity in current(mets, *sections) if mets.kind(identity) in sections}
    grouped = set(current(mets, "amdSec")) if attribute == "ADMID" else set()
    for div in parts(mets, "Metadata"):
        value = div.get(attribute)
        if value is None:
            if wanted:
                yield Fault(_line(div), " ".join(sorted(wanted)), "", Severity.ERROR)
            continue
        named = set(value.split())
        lost = set() if named & grouped else wanted - named
        wrong = {one for one in named if mets.kind(one) not in {*sections, "amdSec" if grouped else ""}}
        if lost:
            yield Fault(_line(div), " ".join(sorted(lost)), value, Severity.ERROR)
        if wrong:
            yield Fault(_line(div), attribute, " ".join(sorted(wrong)), Severity.ERROR)


def csip91(mets: Mets) -> Faults:
    """The Metadata part names the administrative metadata."""
    yield from _names(mets, "ADMID", ("techMD", "rightsMD", "sourceMD", "digiprovMD"))


def csip92(mets: Mets) -> Faults:
    """The Metadata part names the descriptive metadata."""
    yield from _names(mets, "DMDID", ("dmdSec",))


def _pointed(mets: Mets, divs: Iterable[etree._Element]) -> set[str]:
    """Return the IDs of groups that the divisions point at: by group, by a file of it, or by mptr title."""
    found = set()
    for div in divs:
        for pointer in div.iter(f"{M}fptr"):
            identity = pointer.get("FILEID", "")
            group = mets.group_of_file(identity)
            found.add(group.element.get("ID", "") if group else identity)
        found |= {pointer.get(f"{XLINK}title", "") for pointer in div.iter(f"{M}mptr")}
    return found


def _points(label: str, mets: Mets) -> Faults:
    """Every group of a label is pointed at by the part (or, for content, a representation's part)."""
    divs = parts(mets, label)
    if mets.representation or not divs:
        return
    pointed = _pointed(mets, _mains(mets))
    own = _pointed(mets, divs)
    groups = [group for group in mets.groups if is_for(group, label)]
    for group in groups:
        if group.element.get("ID", "") not in pointed:
            yield Fault(_line(divs[0]), f"fptr → {group.element.get('ID', '')}", "", about=group.use)
    if (
        groups
        and own
        and not any(group.element.get("ID", "") in own for group in groups)
        and not _others(mets, label)
    ):
        yield Fault(_line(divs[0]), label, " ".join(sorted(own)))


def _others(mets: Mets, label: str) -> bool:
    return label == "Representations" and bool(representation_parts(mets))


def _targets(label: str, mets: Mets) -> Faults:
    """Each pointer of a part names a group of its label, or a file of one."""
    for div in parts(mets, label):
        for pointer in _inside(div, "fptr"):
            identity = pointer.get("FILEID")
            group = _group(mets, identity or "")
            if not identity or group is None or not (mets.representation or is_for(group, label)):
                yield Fault(_line(pointer), label, identity or "")


def _group(mets: Mets, identity: str) -> Group | None:
    for group in mets.groups:
        if group.element.get("ID") == identity:
            return group
    return mets.group_of_file(identity)


def csip106(mets: Mets) -> Faults:
    """The part of a representation has an ID."""
    for div in representation_parts(mets):
        yield from shapes.identity(div.get("ID"), _line(div), div.get("LABEL", ""))


def csip107(mets: Mets) -> Faults:
    """The part of a representation is labelled Representations/ and the folder of its METS."""
    for div in representation_parts(mets):
        label = div.get("LABEL", "")
        folder = _folder(div)
        if not label.startswith("Representations/"):
            yield Fault(_line(div), "Representations/…", label)
        elif folder and label.rstrip("/") != f"Representations/{folder}":
            yield Fault(_line(div), f"Representations/{folder}", label)


def _folder(div: etree._Element) -> str:
    """Return the representation's folder by its mptr, `` when the address is of another form."""
    for pointer in _inside(div, "mptr"):
        steps = pointer.get(f"{XLINK}href", "").removeprefix("file:").lstrip("./").split("/")
        if len(steps) > 2 and steps[-1] == "METS.xml" and steps[-3].lower() == "representations":
            return steps[-2]
    return ""


def _pointers(mets: Mets) -> list[etree._Element]:
    return [pointer for div in parts(mets) for pointer in _inside(div, "mptr")]


def csip108(mets: Mets) -> Faults:
    """An mptr names the file group in xlink:title."""
    groups = {group.element.get("ID") for group in mets.groups}
    for pointer in _pointers(mets):
        title = pointer.get(f"{XLINK}title")
        if title not in groups:
            yield Fault(_line(pointer), "fileGrp/@ID", title or "")


def csip109(mets: Mets) -> Faults:
    """The part of a representation has one mptr; that it is missing is asked where its METS is known."""
    for div in representation_parts(mets):
        count = len(_inside(div, "mptr"))
        if count > 1:
            yield Fault(_line(div), "1", str(count), about=div.get("LABEL", ""))


def csip110(mets: Mets) -> Faults:
    """An mptr has an address."""
    for pointer in _pointers(mets):
        if not pointer.get(f"{XLINK}href"):
            yield Fault(_line(pointer), "xlink:href")


def csip111(mets: Mets) -> Faults:
    """An mptr's link is simple."""
    for pointer in _pointers(mets):
        yield from shapes.fixed(pointer.get(f"{XLINK}type"), "simple", _line(pointer))


def csip112(mets: Mets) -> Faults:
    """An mptr's locator is URL."""
    for pointer in _pointers(mets):
        yield from shapes.fixed(pointer.get("LOCTYPE"), "URL", _line(pointer))


RULES: dict[str, Rule] = {
    "CSIP80": csip80,
    "CSIP81": csip81,
    "CSIP82": csip82,
    "CSIP83": csip83,
    "CSIP84": csip84,
    "CSIP85": csip85,
    "CSIP86": csip86,
    "CSIP88": partial(_one_part, "Metadata"),
    "CSIP90": partial(_one_part, "Metadata"),
    "CSIP93": partial(_one_part, "Documentation"),
    "CSIP97": partial(_one_part, "Schemas"),
    "CSIP101": partial(_one_part, "Representations"),
    "CSIP89": partial(_part_identity, "Metadata"),
    "CSIP94": partial(_part_identity, "Documentation"),
    "CSIP98": partial(_part_identity, "Schemas"),
    "CSIP102": partial(_part_identity, "Representations"),
    "CSIP91": csip91,
    "CSIP92": csip92,
    "CSIP95": partial(_one_part, "Documentation"),
    "CSIP99": partial(_one_part, "Schemas"),
    "CSIP103": partial(_one_part, "Representations"),
    "CSIP96": partial(_points, "Documentation"),
    "CSIP100": partial(_points, "Schemas"),
    "CSIP104": partial(_points, "Representations"),
    "CSIP116": partial(_targets, "Documentation"),
    "CSIP118": partial(_targets, "Schemas"),
    "CSIP119": partial(_targets, "Representations"),
    "CSIP106": csip106,
    "CSIP107": csip107,
    "CSIP108": csip108,
    "CSIP109": csip109,
    "CSIP110": csip110,
    "CSIP111": csip111,
    "CSIP112": csip112,
}
