"""An E-ARK package: LABEL of METS, and the case system's or archival description inside."""

from samarkiv_ingest.descriptions import found
from samarkiv_ingest.descriptions.told import Told, short
from samarkiv_ingest.packages.read import Tree
from samarkiv_ingest.validators.xml import XmlFault, events

_PARTS = ("metadata/descriptive", "metadata/other", "metadata", "data")


def describe(tree: Tree, root: str) -> Told:
    """Return what an E-ARK package says of itself, also when its METS is faulty."""
    label = _label(tree, f"{root}/METS.xml" if root else "METS.xml")
    told = found.read(tree, root, found.documents(tree, _folders(tree, root)))
    records = told.records
    if not records and label:
        return Told(label, (), told.findings)
    if label and len(records) == 1 and records[0].files is None and told.label:
        # An archival description of the whole package: its name is the package's.
        records = (records[0].model_copy(update={"title": records[0].title or label}),)
    return Told(label or told.label, records, told.findings)


def _folders(tree: Tree, root: str) -> list[str]:
    prefix = f"{root}/" if root else ""
    representations = f"{prefix}representations"
    inner = tree.children(representations) if tree.has_folder(representations) else []
    bases = [prefix, *(one for one in inner if one.endswith("/"))]
    return [f"{base}{part}" for part in _PARTS for base in bases]


def _label(tree: Tree, path: str) -> str:
    """Return LABEL of a METS file, by its first element only."""
    if not tree.has(path):
        return ""
    try:
        with tree.open(path) as file:
            for _, element in events(file):
                return short(element.get("LABEL", ""))
    except XmlFault:
        pass  # the validators tell of it; the label falls back
    return ""
