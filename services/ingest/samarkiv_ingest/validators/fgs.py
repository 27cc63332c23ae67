"""FGS Paketstruktur 1.2: `sip.xml`, its few package rules, and what it lists against what is there."""

import re
import sqlite3
from collections.abc import Iterator

from lxml import etree
from samarkiv_contracts.findings import Finding

from samarkiv_ingest.packages.read import Tree
from samarkiv_ingest.validators.codes import finding
from samarkiv_ingest.validators.eark.listed import Entry, entries
from samarkiv_ingest.validators.eark.mets import M, Mets, read
from samarkiv_ingest.validators.eark.rules_structure import mark
from samarkiv_ingest.validators.eark.shapes import is_time
from samarkiv_ingest.validators.fixity import Digests, checksum, known
from samarkiv_ingest.validators.references import resolve
from samarkiv_ingest.validators.xml import XmlFault, text

EXT = "{ExtensionMETS}"
TYPES = frozenset(
    {
        "ERMS",
        "Personnel",
        "Medical record",
        "Economics",
        "Databases",
        "Webpages",
        "GIS",
        "No specification",
        "AIC",
        "Publication",
        "Archival information",
        "Unstructured",
        "Single records",
    }
)
_STATUS = frozenset({"SIP", "AIP", "DIP", "AIU", "AIC"})
_PROFILE = re.compile(r"CommonSpecificationSweden|ra\.se", re.IGNORECASE)


def sip_path(tree: Tree, root: str) -> str:
    """Return the path of sip.xml, in other case when it is not there in this one; `` when absent."""
    exact = f"{root}/sip.xml" if root else "sip.xml"
    if tree.has(exact):
        return exact
    return next((one for one in tree.children(root) if one.lower() == exact.lower()), "")


def validate_fgs(tree: Tree, root: str, digests: Digests) -> Iterator[Finding]:
    """Return the findings about one FGS 1.2 package; `digests(path, algorithm)` gives hex digests."""
    path = sip_path(tree, root)
    if not path:
        yield finding("SAM-REF-MISSING", "sip.xml")
        return
    try:
        with tree.open(path) as file:
            mets = read(file, path)
    except XmlFault as fault:
        yield finding(fault.code, path, str(fault.line or ""), found=fault.found)
        return
    try:
        yield from _rules(mets)
        yield from _identities(mets)
        yield from _files(tree, root, mets, digests)
    finally:
        mets.close()


def _rules(mets: Mets) -> Iterator[Finding]:
    root, path = mets.root, mets.path
    line = str(root.sourceline or "")
    if not _PROFILE.search(root.get("PROFILE", "")):
        yield finding("SAM-FGS-PROFILE", path, line, found=root.get("PROFILE", ""))
    if not root.get("OBJID", "").strip():
        yield finding("SAM-FGS-OBJID", path, line)
    if root.get("TYPE") not in TYPES:
        yield finding("SAM-FGS-TYPE", path, line, " | ".join(sorted(TYPES)), root.get("TYPE", ""))
    header = mets.one("metsHdr")
    if header is None or not is_time(header.get("CREATEDATE", "")):
        yield finding(
            "SAM-FGS-HEADER", path, line, found=header.get("CREATEDATE", "") if header is not None else ""
        )
    if header is not None:
        yield from _header(path, header)
    for name in ("fileSec", "structMap"):
        if mets.one(name) is None:
            yield finding("SAM-FGS-STRUCTURE", path, line, expected=name)


def _header(path: str, header: etree._Element) -> Iterator[Finding]:
    line = str(header.sourceline or "")
    status = header.get(f"{EXT}OAISSTATUS")
    if status not in _STATUS:
        yield finding("SAM-FGS-STATUS", path, line, " | ".join(sorted(_STATUS)), status or "")
    agents = [(one.get("ROLE"), one.get("TYPE"), one) for one in header if one.tag == f"{M}agent"]
    for role in ("ARCHIVIST", "CREATOR"):
        if not any(one == role and kind == "ORGANIZATION" for one, kind, _ in agents):
            yield finding("SAM-FGS-AGENT", path, line, expected=f"{role} ORGANIZATION")
    for _, _, agent in agents:
        if not any(text(child) for child in agent if child.tag == f"{M}name"):
            yield finding("SAM-FGS-AGENT", path, str(agent.sourceline or ""), expected="name")
    kinds = {one.get("TYPE") for one in header if one.tag == f"{M}altRecordID" and text(one)}
    if "SUBMISSIONAGREEMENT" not in kinds:
        yield finding("SAM-FGS-AGREEMENT", path, line)


def _identities(mets: Mets) -> Iterator[Finding]:
    for identity, kind, line in mets.duplicates():
        yield finding("SAM-METS-ID", mets.path, str(line), found=f"{kind} {identity}")
    for identity, attribute, kind, line in mets.dangling():
        yield finding("SAM-METS-IDREF", mets.path, str(line), attribute, f"{kind} → {identity}")


def _files(tree: Tree, root: str, mets: Mets, digests: Digests) -> Iterator[Finding]:
    seen = sqlite3.connect("", isolation_level=None)
    try:
        seen.executescript(
            "PRAGMA journal_mode=off; PRAGMA synchronous=off; PRAGMA temp_store=file;"
            "CREATE TABLE listed(path TEXT PRIMARY KEY) WITHOUT ROWID; BEGIN;"
        )
        for entry in entries(mets):
            target = resolve(tree, root, mets.folder, entry.href)
            if target.path and target.code in {"", "SAM-REF-CASE"}:
                seen.execute("INSERT OR IGNORE INTO listed VALUES(?)", (target.path,))
            if target.code:
                yield finding(target.code, mets.path, str(entry.line), entry.href, target.path)
            else:
                yield from _fixity(tree, mets, entry, target.path, digests)
        prefix = f"{root}/" if root else ""
        for path in tree.paths():
            if not path.startswith(prefix) or path == mets.path or mark(path):
                continue
            if not seen.execute("SELECT 1 FROM listed WHERE path=?", (path,)).fetchone():
                yield finding("SAM-REF-UNLISTED", path)
    finally:
        seen.close()


def _fixity(tree: Tree, mets: Mets, entry: Entry, path: str, digests: Digests) -> Iterator[Finding]:
    real = tree.get(path)
    place = f"{mets.path} {entry.line}"
    if not (entry.size or "").strip().isdecimal():
        yield finding("SAM-FGS-FILE", path, place, "SIZE", entry.size or "")
    elif int(entry.size or 0) != real.size:
        yield finding("SAM-FIX-SIZE", path, place, entry.size or "", real.size)
    if not entry.checksum or not entry.alg:
        yield finding("SAM-FIX-NONE", path, place)
        return
    name = known(entry.alg)
    if not name:
        yield finding("SAM-FIX-ALGORITHM", path, place, found=entry.alg)
        return
    if name in {"crc32", "adler32"}:
        found = checksum(tree.open, path, name)
    else:
        found = real.sha256 if name == "sha256" and real.sha256 else digests(path, name)
    if entry.checksum.strip().lower() != found.lower():
        yield finding("SAM-FIX-DIGEST", path, place, entry.checksum, found)
