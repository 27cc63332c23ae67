"""Rules on the file section: CSIP58–79 and CSIP113, CSIP114."""

from collections.abc import Callable

from samarkiv_contracts.findings import Severity

from samarkiv_ingest.validators.eark import rules_metadata, shapes, values
from samarkiv_ingest.validators.eark.mets import CSIP, File, Group, Mets
from samarkiv_ingest.validators.eark.requirement import Fault
from samarkiv_ingest.validators.eark.rules_head import Rule
from samarkiv_ingest.validators.eark.rules_metadata import WHAT_AMDSEC_HOLDS
from samarkiv_ingest.validators.eark.shapes import Faults


def csip58(mets: Mets) -> Faults:
    """There is one fileSec."""
    count = len(mets.all("fileSec"))
    if count > 1:
        yield Fault(mets.all("fileSec")[1].sourceline or 0, "1", str(count), Severity.ERROR)
    elif not count:
        yield Fault(expected="fileSec")


def csip59(mets: Mets) -> Faults:
    """The fileSec has an ID."""
    for one in mets.all("fileSec"):
        yield from shapes.identity(one.get("ID"), one.sourceline or 0)


def has_group(mets: Mets, name: str) -> bool:
    """Tell whether a group is used for Documentation, Schemas or Representations (or a folder under it)."""
    return any(is_for(group, name) for group in mets.groups)


def is_for(group: Group, name: str) -> bool:
    """Tell whether a group is used for `name` or a folder under it."""
    return group.use == name or group.use.startswith(name + "/")


def csip60(mets: Mets) -> Faults:
    """Documentation has a group; that a package brings none is remarked, not refused."""
    if not mets.representation and mets.all("fileSec") and not has_group(mets, "Documentation"):
        yield Fault(expected="Documentation", severity=Severity.WARNING)


def csip61(mets: Mets) -> Faults:
    """A group's ADMID names administrative metadata, and no ADMID names a group."""
    for identity, what, named, line in mets.references("ADMID"):
        if what == "fileGrp" and named not in WHAT_AMDSEC_HOLDS:
            yield Fault(line, "amdSec", f"{identity} ({named})", Severity.WARNING)
        elif named == "fileGrp":
            yield Fault(line, "amdSec", f"{identity} (fileGrp)", Severity.WARNING)
    for identity, attribute, what, line in mets.dangling():
        if attribute == "ADMID" and what == "fileGrp":
            yield Fault(line, "amdSec", identity, Severity.WARNING)


def csip62(mets: Mets) -> Faults:
    """A group of a representation states its content information type, from the list."""
    for group in mets.groups:
        value = group.element.get(f"{CSIP}CONTENTINFORMATIONTYPE")
        if value is None:
            if not mets.representation and is_for(group, "Representations"):
                yield Fault(group.line, "CONTENTINFORMATIONTYPE", "", Severity.ERROR, about=group.use)
        elif value not in values.CONTENT_INFORMATION:
            yield Fault(group.line, "", value or '""', Severity.ERROR, about=group.use)


def csip63(mets: Mets) -> Faults:
    """OTHERCONTENTINFORMATIONTYPE goes with OTHER and with nothing else."""
    for group in mets.groups:
        yield from shapes.other(
            group.element.get(f"{CSIP}CONTENTINFORMATIONTYPE"),
            group.element.get(f"{CSIP}OTHERCONTENTINFORMATIONTYPE"),
            values.CONTENT_INFORMATION.__contains__,
            group.line,
            group.use,
        )


def csip64(mets: Mets) -> Faults:
    """A group has USE, and in the package's METS it is one of the folders or a path under one."""
    for group in mets.groups:
        if not group.use.strip():
            yield Fault(group.line, "USE", group.element.get("USE") or "")
        elif not mets.representation and group.use.partition("/")[0] not in values.GROUPS:
            yield Fault(group.line, " | ".join(values.GROUPS), group.use)


def csip65(mets: Mets) -> Faults:
    """A group has an ID."""
    for group in mets.groups:
        yield from shapes.identity(group.element.get("ID"), group.line, group.use)


def csip66(mets: Mets) -> Faults:
    """A group holds files."""
    for group in mets.groups:
        if not group.files:
            yield Fault(group.line, "file", "0", about=group.use)


FileRule = Callable[[File, Mets], Faults]


def _about(file: File) -> str:
    return f"#{file.id}" if file.id else (file.href or "")


def csip67(file: File, _mets: Mets) -> Faults:
    """A file has an ID."""
    yield from shapes.identity(file.id, file.line, file.href or "")


def csip68(file: File, mets: Mets) -> Faults:
    """A file has a MIME type."""
    yield from shapes.mime(file.mime, file.line, mets.version, _about(file))


def csip69(file: File, mets: Mets) -> Faults:
    """A file has a size."""
    yield from rules_metadata.size(file.size, file.line, mets, _about(file))


def csip70(file: File, _mets: Mets) -> Faults:
    """A file has a time of creation."""
    yield from shapes.time(file.created, file.line, _about(file))


def csip71(file: File, mets: Mets) -> Faults:
    """A file has a checksum."""
    yield from rules_metadata.checksum(file.checksum, file.line, mets, _about(file))


def csip72(file: File, mets: Mets) -> Faults:
    """A file's checksum has an algorithm of the METS list."""
    yield from rules_metadata.algorithm(file.alg, file.line, mets, _about(file))


def csip76(file: File, _mets: Mets) -> Faults:
    """A file has one FLocat."""
    if file.locats != 1:
        yield Fault(file.line, "1", str(file.locats), about=_about(file))


def csip77(file: File, _mets: Mets) -> Faults:
    """The locator's type is URL."""
    if file.locats:
        yield from shapes.fixed(file.loctype, "URL", file.line, _about(file))


def csip78(file: File, _mets: Mets) -> Faults:
    """The link's type is simple."""
    if file.locats:
        yield from shapes.fixed(file.linktype, "simple", file.line, _about(file))


def csip79(file: File, _mets: Mets) -> Faults:
    """The locator has an address."""
    if file.locats and file.href is None:
        yield Fault(file.line, "xlink:href", about=_about(file))


def _optional(attribute: str, targets: frozenset[str], element: str) -> Rule:
    """Return the rule of an optional reference: INFO when no file has it, WARNING when it names the wrong thing."""
    column = attribute.lower()

    def rule(mets: Mets) -> Faults:
        query = f"SELECT count(*), count({column}), sum({column}='') FROM file"  # noqa: S608 - our own column
        files, given, empty = mets.spool.execute(query).fetchone()
        if files and not given and not mets.representation:
            yield Fault(expected=attribute)
        if empty:
            yield Fault(expected=attribute, found='""', severity=Severity.WARNING)
        for identity, what, named, line in mets.references(attribute) if targets else ():
            if what == element and named not in targets:
                yield Fault(line, " | ".join(sorted(targets)), f"{identity} ({named})", Severity.WARNING)
        for identity, by, what, line in mets.dangling() if targets else ():
            if by == attribute and what == element:
                yield Fault(line, " | ".join(sorted(targets)), identity, Severity.WARNING)

    rule.__doc__ = f"A file may have {attribute}."
    return rule


RULES: dict[str, Rule] = {
    "CSIP58": csip58,
    "CSIP59": csip59,
    "CSIP60": csip60,
    "CSIP61": csip61,
    "CSIP62": csip62,
    "CSIP63": csip63,
    "CSIP64": csip64,
    "CSIP65": csip65,
    "CSIP66": csip66,
    "CSIP73": _optional("OWNERID", frozenset(), "file"),
    "CSIP74": _optional("ADMID", WHAT_AMDSEC_HOLDS, "file"),
    "CSIP75": _optional("DMDID", frozenset({"dmdSec"}), "file"),
}

FILE_RULES: dict[str, FileRule] = {
    "CSIP67": csip67,
    "CSIP68": csip68,
    "CSIP69": csip69,
    "CSIP70": csip70,
    "CSIP71": csip71,
    "CSIP72": csip72,
    "CSIP76": csip76,
    "CSIP77": csip77,
    "CSIP78": csip78,
    "CSIP79": csip79,
}
