"""Finding the XML documents of a package that describe it, by their namespace, and reading them."""

from collections.abc import Iterable, Iterator

from lxml import etree
from samarkiv_contracts.findings import Finding

from samarkiv_ingest.descriptions import cases, ead
from samarkiv_ingest.descriptions.told import Told, find
from samarkiv_ingest.domain.draft import RecordDraft
from samarkiv_ingest.packages.read import Tree
from samarkiv_ingest.validators.codes import finding
from samarkiv_ingest.validators.xml import XmlFault, events, load, local, namespace, text

_MOST = 200
_DC = "http://purl.org/dc/elements/1.1/"


def sniff(tree: Tree, path: str) -> tuple[str, str]:
    """Return namespace and name of a document's root element. Raises XmlFault."""
    with tree.open(path) as file:
        for _, element in events(file):
            return namespace(element), local(element)
    return "", ""


def documents(tree: Tree, folders: Iterable[str]) -> Iterator[str]:
    """Return the XML files right in the folders, at most 200 of a package."""
    count = 0
    for folder in folders:
        for path in tree.children(folder) if tree.has_folder(folder) else ():
            if path.lower().endswith(".xml") and path.rpartition("/")[2] not in {"METS.xml", "sip.xml"}:
                count += 1
                if count > _MOST:
                    return
                yield path


def read(tree: Tree, root: str, paths: Iterable[str]) -> Told:
    """Return what the documents say: the cases of a case system, else the first archival description."""
    described: list[RecordDraft] = []
    findings: list[Finding] = []
    for path in paths:
        try:
            space, name = sniff(tree, path)
            if space in cases.NAMESPACES:
                told = _cases(tree, root, path)
                if told.records:
                    return Told(records=told.records, findings=(*findings, *told.findings))
            elif space in ead.NAMESPACES or name == "ead":
                record = ead.read(_load(tree, path))
                described += [record] if record else []
            else:
                record = _dublin_core(tree, path) if space else None
                described += [record] if record else []
        except XmlFault as fault:
            if "/metadata/" in f"/{path}":
                findings.append(finding("SAM-XML-UNREAD", path, str(fault.line or ""), found=fault.code))
    return Told(described[0].title if described else "", tuple(described[:1]), tuple(findings))


def _load(tree: Tree, path: str) -> etree._Element:
    with tree.open(path) as file:
        return load(file)


def _cases(tree: Tree, root: str, path: str) -> Told:
    folder = path.rpartition("/")[0]
    upper = folder.rpartition("/")[0]
    folders = tuple(
        dict.fromkeys((folder, upper, root, f"{root}/content".lstrip("/"), f"{upper}/data".lstrip("/")))
    )
    records: list[RecordDraft] = []
    findings: list[Finding] = []
    with tree.open(path) as file:
        for case in cases.read(file):
            files = []
            for href in case.hrefs:
                real = find(tree, root, folders, href)
                if real:
                    files.append(real)
                else:
                    findings.append(finding("SAM-CASE-FILE", path, case.record.registry_no, found=href))
            records.append(case.record.model_copy(update={"files": tuple(dict.fromkeys(files))}))
    if len(records) == 1 and not records[0].files:
        # A package of one case that names no files is all of it.
        records = [records[0].model_copy(update={"files": None})]
    return Told(records=tuple(records), findings=tuple(findings))


def _dublin_core(tree: Tree, path: str) -> RecordDraft | None:
    """Return the record a small Dublin Core document describes, None for any other."""
    if tree.get(path).size > 1 << 20:
        return None
    root = _load(tree, path)
    facts: dict[str, list[str]] = {}
    for one in root.iter():
        if namespace(one) == _DC and text(one):
            facts.setdefault(local(one), []).append(text(one))
    if "title" not in facts:
        return None
    return RecordDraft(
        title=facts["title"][0][:500],
        description=" ".join(facts.get("description", []))[:4000],
        registry_no=facts.get("identifier", [""])[0],
        parties=tuple(facts.get("creator", [])),
    )
