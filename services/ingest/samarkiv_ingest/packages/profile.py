"""Which kind of package a tree is, and where its root lies, in the order of STANDARDS §5.1."""

import re
from dataclasses import dataclass

from lxml import etree

from samarkiv_ingest.packages.names import junk
from samarkiv_ingest.packages.read import Tree

METS = "http://www.loc.gov/METS/"
CSIP = "https://DILCIS.eu/XML/METS/CSIPExtensionMETS"
_HEAD = 256 << 10
_DEFAULT = "2.2.0"
_TYPES = {"AIP": "aip", "AIC": "aip", "AIU": "aip", "DIP": "dip"}
_VERSION = re.compile(r"v(2)-(\d)-(\d)")
_BAGIT_VERSION = re.compile(rb"BagIt-Version:\s*(\d+\.\d+)")
_MANIFEST = re.compile(r"manifest-[a-z0-9-]+\.txt", re.IGNORECASE)
_EARK_FOLDERS = ("metadata", "schemas", "documentation")


@dataclass(frozen=True)
class Seen:
    """What was detected. `root` is the package's root folder in the tree (empty = the top), without slash.

    `profile`: `e-ark-sip-2.2.0` (also aip, dip; 2.0.4, 2.1.0), `fgs-1.2`, `bagit-1.0` (0.93 …), or `folder`.
    `inner` is the package in the payload of a bag when that is an E-ARK or FGS package itself.
    """

    profile: str
    root: str
    inner: "Seen | None" = None


@dataclass(frozen=True)
class MetsHead:
    """What the first element of a METS file says."""

    profile: str
    package_type: str
    objid: str


def detect(tree: Tree) -> Seen:
    """Return what the package is; anything that is nothing else is a plain folder."""
    top = _single_folder(tree, "")
    roots = [top, ""] if top else [""]
    for root in roots:
        mets = _named(tree, root, "METS.xml")
        if mets:
            return Seen(_eark(mets_head(tree, mets)), root)
    for root in ("", *roots):
        sip = _named(tree, root, "sip.xml")
        if sip and _is_fgs(mets_head(tree, sip)):
            return Seen("fgs-1.2", root)
    for root in roots:
        version = _bagit(tree, root)
        if version:
            return Seen(version, root, _payload(tree, _join(root, "data")))
    for root in roots:
        if _eark_shaped(tree, root):
            return Seen(f"e-ark-sip-{_DEFAULT}", root)
    return _beside(tree) or Seen("folder", top if len(tree.children("")) == 1 else "")


def _beside(tree: Tree) -> Seen | None:
    """Return an E-ARK package that lies beside other things at the top: a rule (CSIPSTR1) tells that it may not."""
    found = [
        (folder.rstrip("/"), head)
        for folder in tree.children("")
        if folder.endswith("/") and tree.has(f"{folder}METS.xml")
        if (head := mets_head(tree, f"{folder}METS.xml")) is not None
    ]
    return Seen(_eark(found[0][1]), found[0][0]) if len(found) == 1 else None


def mets_head(tree: Tree, path: str) -> MetsHead | None:
    """Return what a METS file says of itself in its first 256 KiB, None when that is no METS (or has a DOCTYPE)."""
    with tree.open(path) as file:
        head = file.read(_HEAD)
    if b"<!DOCTYPE" in head:
        return None
    parser = etree.XMLPullParser(events=("start",), resolve_entities=False, no_network=True, load_dtd=False)
    root: etree._Element | None = None
    try:
        parser.feed(head)
        for _, element in parser.read_events():
            if root is None:
                root = element
                if root.tag != f"{{{METS}}}mets":
                    return None
            if element.tag == f"{{{METS}}}metsHdr":
                kind = element.get(f"{{{CSIP}}}OAISPACKAGETYPE") or ""
                return MetsHead(root.get("PROFILE") or "", kind, root.get("OBJID") or "")
    except etree.XMLSyntaxError:
        pass  # what came before the fault may be enough; the rules tell of the fault
    return None if root is None else MetsHead(root.get("PROFILE") or "", "", root.get("OBJID") or "")


def _eark(head: MetsHead | None) -> str:
    if head is None:
        return f"e-ark-sip-{_DEFAULT}"
    kind = _TYPES.get(head.package_type.strip().upper(), "sip")
    told = _VERSION.search(head.profile)
    version = ".".join(told.groups()) if told else _DEFAULT
    if not told and "eark-project.com" in head.profile:
        version = "2.0.4"
    elif not told and head.profile.endswith("/E-ARK-SIP.xml"):
        # SIP profiles up to 2.1 share one address without a version (STANDARDS §1.2).
        version = "2.1.0"
    return f"e-ark-{kind}-{version}"


def _is_fgs(head: MetsHead | None) -> bool:
    return head is not None and ("ra.se" in head.profile or "CommonSpecificationSweden" in head.profile)


def _bagit(tree: Tree, root: str) -> str:
    """Return the profile of a bag, also of one that lacks its `bagit.txt`: a rule tells of that."""
    path = _join(root, "bagit.txt")
    if tree.has(path):
        with tree.open(path) as file:
            told = _BAGIT_VERSION.search(file.read(4096))
        return f"bagit-{told[1].decode('ascii')}" if told else "bagit-1.0"
    if not tree.has_folder(_join(root, "data")):
        return ""
    names = (child.rpartition("/")[2] for child in tree.children(root))
    return "bagit-1.0" if any(_MANIFEST.fullmatch(name) for name in names) else ""


def _eark_shaped(tree: Tree, root: str) -> bool:
    """Tell an E-ARK package without its METS.xml: better told so than taken for a plain folder."""
    return tree.has_folder(_join(root, "representations")) and any(
        tree.has_folder(_join(root, name)) for name in _EARK_FOLDERS
    )


def _payload(tree: Tree, data: str) -> Seen | None:
    """Return the E-ARK or FGS package that is the payload of a bag."""
    for root in (data, _single_folder(tree, data)):
        if root:
            mets, sip = _named(tree, root, "METS.xml"), _named(tree, root, "sip.xml")
            if mets:
                return Seen(_eark(mets_head(tree, mets)), root)
            if sip and _is_fgs(mets_head(tree, sip)):
                return Seen("fgs-1.2", root)
    return None


def _single_folder(tree: Tree, under: str) -> str:
    """Return the only thing there when it is a folder; what a computer added does not count."""
    found = [path for path in tree.children(under) if not junk(path) and not junk(f"{path}x")]
    return found[0].rstrip("/") if len(found) == 1 and found[0].endswith("/") else ""


def _named(tree: Tree, root: str, name: str) -> str:
    """Return the file of that name in the root, in other case when it is not there in this one."""
    exact = _join(root, name)
    if tree.has(exact):
        return exact
    lower = exact.lower()
    return next((path for path in tree.children(root) if path.lower() == lower), "")


def _join(root: str, name: str) -> str:
    return f"{root}/{name}" if root else name
