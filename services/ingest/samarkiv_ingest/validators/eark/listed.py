"""What METS lists against what the package holds: both ways, sizes, digests, IDs and cycles."""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree
from samarkiv_contracts.findings import Finding, Layer, Severity

from samarkiv_ingest.packages.read import Tree
from samarkiv_ingest.validators import codes
from samarkiv_ingest.validators.eark import rules_metadata, values
from samarkiv_ingest.validators.eark.mets import XLINK, M, Mets
from samarkiv_ingest.validators.eark.requirement import Fault, Requirement, told
from samarkiv_ingest.validators.eark.requirements_files import FILES
from samarkiv_ingest.validators.eark.requirements_map import MAP
from samarkiv_ingest.validators.eark.requirements_metadata import ADMINISTRATIVE, DESCRIPTIVE
from samarkiv_ingest.validators.eark.rules_files import has_group
from samarkiv_ingest.validators.eark.rules_map import representation_parts
from samarkiv_ingest.validators.eark.rules_structure import Folders, mark
from samarkiv_ingest.validators.fixity import Digests, checksum, known
from samarkiv_ingest.validators.references import Target, resolve

_BY_ID = {**DESCRIPTIVE, **ADMINISTRATIVE, **FILES, **MAP}
# The requirement that an element's ID be unique, where one exists.
_IDENTITY = {
    "dmdSec": "CSIP18",
    "digiprovMD": "CSIP33",
    "rightsMD": "CSIP46",
    "fileSec": "CSIP59",
    "fileGrp": "CSIP65",
    "file": "CSIP67",
    "structMap": "CSIP83",
}


class Entry(NamedTuple):
    """One file as METS lists it, with the requirements on its address, size, checksum and algorithm."""

    href: str
    size: str | None
    checksum: str | None
    alg: str | None
    line: int
    rules: tuple[str, str, str, str]


def entries(mets: Mets) -> Iterator[Entry]:
    """Return every file that a METS lists with an address: metadata first, then files."""
    for section in rules_metadata.SECTIONS:
        rules = (section.href, section.size, section.checksum, section.algorithm)
        yield from _metadata(rules_metadata.references(mets, section), rules)
    for name in ("techMD", "sourceMD"):
        yield from _metadata(mets.all("amdSec", name, "mdRef"), ("", "", "", ""))
    rules = ("CSIP79", "CSIP69", "CSIP71", "CSIP72")
    for file in mets.files():
        if file.href is not None:
            yield Entry(file.href, file.size, file.checksum, file.alg, file.line, rules)


def _metadata(elements: list[etree._Element], rules: tuple[str, str, str, str]) -> Iterator[Entry]:
    for one in elements:
        href = one.get(f"{XLINK}href")
        if href is not None:
            line = one.sourceline or 0
            yield Entry(href, one.get("SIZE"), one.get("CHECKSUM"), one.get("CHECKSUMTYPE"), line, rules)


def compare(tree: Tree, root: str, parts: list[Mets], digests: Digests) -> Iterator[Finding]:
    """Return what differs between the METS files of a package and the package itself."""
    seen = sqlite3.connect("", isolation_level=None)
    try:
        seen.executescript(
            "PRAGMA journal_mode=off; PRAGMA synchronous=off; PRAGMA temp_store=file;"
            "CREATE TABLE listed(path TEXT PRIMARY KEY) WITHOUT ROWID; BEGIN;"
        )
        for mets in parts:
            yield from _entries(tree, root, mets, digests, seen)
            yield from _pointers(tree, root, mets, seen, {one.path for one in parts})
        yield from _unlisted(tree, root, parts, seen)
    finally:
        seen.close()


def _entries(
    tree: Tree, root: str, mets: Mets, digests: Digests, seen: sqlite3.Connection
) -> Iterator[Finding]:
    for entry in entries(mets):
        target = resolve(tree, root, mets.folder, entry.href)
        if target.path and target.code in {"", "SAM-REF-CASE"}:
            seen.execute("INSERT OR IGNORE INTO listed VALUES(?)", (target.path,))
        if target.code:
            yield _misled(mets, target, entry.href, entry.line, entry.rules[0])
        else:
            yield from _fixity(tree, mets, entry, target.path, digests)


def _misled(mets: Mets, target: Target, href: str, line: int, rule: str) -> Finding:
    """Tell of an address that leads nowhere: by the official ID when the file is missing, else by our code."""
    own = codes.finding(target.code, mets.path, str(line or ""), expected=href, found=target.path)
    if rule and target.code in {"SAM-REF-MISSING", "SAM-REF-CASE"}:
        fault = Fault(
            line, href, target.path if target.code == "SAM-REF-CASE" else "", Severity.ERROR, own.layer
        )
        return told(_BY_ID[rule], fault, mets.version, mets.path)
    return own


def _fixity(tree: Tree, mets: Mets, entry: Entry, path: str, digests: Digests) -> Iterator[Finding]:
    real = tree.get(path)
    if entry.size and entry.size.strip().isdecimal() and int(entry.size) != real.size:
        yield _unfixed(mets, entry, 1, "SAM-FIX-SIZE", path, entry.size, str(real.size))
    if not entry.checksum or not entry.alg:
        return
    name = known(entry.alg)
    if not name:
        if entry.alg in values.CHECKSUM:
            yield codes.finding("SAM-FIX-ALGORITHM", mets.path, str(entry.line), found=entry.alg)
        return
    if name in {"crc32", "adler32"}:
        found = checksum(tree.open, path, name)
    else:
        found = real.sha256 if name == "sha256" and real.sha256 else digests(path, name)
    if entry.checksum.strip().lower() != found.lower():
        yield _unfixed(mets, entry, 2, "SAM-FIX-DIGEST", path, entry.checksum, found)


def _unfixed(mets: Mets, entry: Entry, step: int, own: str, path: str, expected: str, found: str) -> Finding:
    rule = entry.rules[step]
    if not rule:
        return codes.finding(own, path, str(entry.line), expected, found)
    fault = Fault(entry.line, expected, found, Severity.ERROR, Layer.FIXITY, entry.href)
    return told(_BY_ID[rule], fault, mets.version, mets.path)


def pointed(tree: Tree, root: str, mets: Mets) -> list[str]:
    """Return the METS files that a METS points at and that are there."""
    found = []
    for pointer in mets.root.iter(f"{M}mptr"):
        target = resolve(tree, root, mets.folder, pointer.get(f"{XLINK}href", ""))
        if not target.code and target.path != mets.path:
            found.append(target.path)
    return found


def _pointers(
    tree: Tree, root: str, mets: Mets, seen: sqlite3.Connection, known_mets: set[str]
) -> Iterator[Finding]:
    for pointer in mets.root.iter(f"{M}mptr"):
        href, line = pointer.get(f"{XLINK}href", ""), pointer.sourceline or 0
        if not href:
            continue
        target = resolve(tree, root, mets.folder, href)
        if target.code:
            yield _misled(mets, target, href, line, "CSIP110")
            continue
        seen.execute("INSERT OR IGNORE INTO listed VALUES(?)", (target.path,))
        # Only the package's METS points at others; one that points at itself or back goes round.
        if target.path == mets.path or (mets.representation and target.path in known_mets):
            yield codes.finding("SAM-METS-CYCLE", mets.path, str(line), found=href)


def _unlisted(tree: Tree, root: str, parts: list[Mets], seen: sqlite3.Connection) -> Iterator[Finding]:
    main = parts[0]
    prefix = f"{root}/" if root else ""
    described, preserved = bool(main.all("dmdSec")), bool(main.all("amdSec"))
    inner = {mets.path: mets for mets in parts[1:]}
    for path in tree.paths():
        if not path.startswith(prefix) or path == main.path or mark(path):
            continue
        if seen.execute("SELECT 1 FROM listed WHERE path=?", (path,)).fetchone():
            continue
        if path in inner:
            yield codes.finding("SAM-METS-REPRESENTATION", main.path, found=path)
            continue
        steps = path[len(prefix) :].split("/")
        if steps[:2] == ["metadata", "descriptive"]:
            level = Severity.WARNING if described else Severity.ERROR
            fault = Fault(expected="dmdSec", found=path, severity=level, layer=Layer.REFERENCE)
            yield told(_BY_ID["CSIP17"], fault, main.version, main.path)
        elif steps[:2] == ["metadata", "preservation"]:
            level = Severity.WARNING if preserved else Severity.ERROR
            fault = Fault(expected="amdSec", found=path, severity=level, layer=Layer.REFERENCE)
            rule = "CSIP32" if preserved and "premis" in path.lower() else "CSIP31"
            yield told(_BY_ID[rule], fault, main.version, main.path)
        else:
            yield codes.finding("SAM-REF-UNLISTED", path)


def content(folders: Folders, mets: Mets) -> Iterator[tuple[str, Fault]]:
    """Return faults of rules that need both METS and the folders: CSIP21, 64, 105, 109, 113, 114."""
    if not mets.representation:
        yield from _groups(folders, mets)
        yield from _representations(folders, mets)
    where = mets.folder[len(folders.root) + 1 :] if folders.root else mets.folder
    metadata = f"{where}/metadata" if where else "metadata"
    if folders.holds(f"{metadata}/descriptive"):
        for one in mets.all("dmdSec"):
            if not len(one):
                yield "CSIP21", Fault(one.sourceline or 0, "mdRef", severity=Severity.ERROR)


def _groups(folders: Folders, mets: Mets) -> Iterator[tuple[str, Fault]]:
    for group in mets.groups:
        top, _, rest = group.use.partition("/")
        if top == "Representations" and rest and not folders.has(f"representations/{rest}"):
            yield "CSIP64", Fault(group.line, f"representations/{rest}/", "", about=group.use)
    if not mets.all("fileSec"):
        return
    if not has_group(mets, "Schemas"):
        # As with documentation (CSIP60): that none is listed is remarked; a schema that lies unlisted is an error itself.
        yield "CSIP113", Fault(expected="Schemas", severity=Severity.WARNING)
    if not has_group(mets, "Representations") and any(
        folders.holds(one) for one in folders.representations()
    ):
        yield "CSIP114", Fault(expected="Representations")


def _representations(folders: Folders, mets: Mets) -> Iterator[tuple[str, Fault]]:
    """Each representation with a METS of its own has a division, with one mptr."""
    divs = {div.get("LABEL", "").rstrip("/"): div for div in representation_parts(mets)}
    hrefs = " ".join(one.get(f"{XLINK}href", "") for one in mets.root.iter(f"{M}mptr"))
    for one in folders.representations():
        if not folders.tree.has(folders.at(f"{one}/METS.xml")):
            continue
        div = divs.get(f"Representations/{one.rpartition('/')[2]}")
        if div is None and f"{one}/METS.xml" not in hrefs:
            yield "CSIP105", Fault(expected=f"Representations/{one.rpartition('/')[2]}")
        elif div is not None and not any(child.tag == f"{M}mptr" for child in div):
            yield "CSIP109", Fault(div.sourceline or 0, "mptr", "0", about=div.get("LABEL", ""))


def identities(mets: Mets, requirements: dict[str, Requirement]) -> Iterator[Finding]:
    """Return IDs that stand twice, references to IDs that are not there, and pointers that go round."""
    for identity, kind, line in mets.duplicates():
        rule = _IDENTITY.get(kind)
        if rule:
            fault = Fault(line, "", identity, Severity.ERROR)
            yield told(requirements[rule], fault, mets.version, mets.path)
        else:
            yield codes.finding("SAM-METS-ID", mets.path, str(line), found=f"{kind} {identity}")
    for identity, attribute, kind, line in mets.dangling():
        yield codes.finding("SAM-METS-IDREF", mets.path, str(line), attribute, f"{kind} → {identity}")
    for identity, kind, named, line in mets.references("FILEID"):
        if named in {"div", "structMap", "fptr", "mets"}:
            yield codes.finding("SAM-METS-CYCLE", mets.path, str(line), found=f"{kind} → {named} {identity}")
