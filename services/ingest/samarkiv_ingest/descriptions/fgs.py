"""An FGS 1.2 package: the header of sip.xml, and the case system's description inside."""

from lxml import etree

from samarkiv_ingest.descriptions import found
from samarkiv_ingest.descriptions.told import CLOSED, Told, day, short, whole
from samarkiv_ingest.domain.draft import RecordDraft
from samarkiv_ingest.packages.read import Tree
from samarkiv_ingest.validators.fgs import EXT, sip_path
from samarkiv_ingest.validators.xml import XmlFault, events, local, text


def describe(tree: Tree, root: str) -> Told:
    """Return what an FGS 1.2 package says of itself, also when its sip.xml is faulty."""
    prefix = f"{root}/" if root else ""
    folders = [root, f"{prefix}content", f"{prefix}metadata", f"{prefix}system"]
    told = found.read(tree, root, found.documents(tree, folders))
    header = _header(tree, sip_path(tree, root))
    label = header.title if header else ""
    records = told.records or ((header,) if header else ())
    if header and header.level is not None:
        records = tuple(one.model_copy(update={"level": header.level}) for one in records)
    return Told(label or told.label, records, told.findings)


def _header(tree: Tree, path: str) -> RecordDraft | None:
    """Return the record the header describes; None when sip.xml cannot be read that far."""
    if not path:
        return None
    root: etree._Element | None = None
    try:
        with tree.open(path) as file:
            for event, element in events(file):
                root = element if root is None else root
                if event == "end" and local(element) == "metsHdr":
                    return _record(root, element)
    except XmlFault:
        pass  # the validators tell of it
    return None


def _record(root: etree._Element, header: etree._Element) -> RecordDraft | None:
    ids = {one.get("TYPE", ""): text(one) for one in header if local(one) == "altRecordID"}
    dates = {"created": day(ids.get("STARTDATE", "")), "closed": day(ids.get("ENDDATE", ""))}
    title = root.get("LABEL", "") or ids.get("REFERENCECODE", "")
    if not title:
        return None
    restricted = (
        root.get(f"{EXT}ACCESSRESTRICT") or header.get(f"{EXT}ACCESSRESTRICT") or ids.get("ACCESSRESTRICT")
    )
    creators = (one for one in header if local(one) == "agent" and one.get("ROLE") == "ARCHIVIST")
    names = (
        text(name)
        for one in creators
        if one.get("TYPE") == "ORGANIZATION"
        for name in one
        if local(name) == "name"
    )
    return whole(
        short(title),
        level=CLOSED if restricted else None,
        registry_no=ids.get("REFERENCECODE", ""),
        dates={role: value for role, value in dates.items() if value},
        parties=tuple(name for name in names if name),
    )
