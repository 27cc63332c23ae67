"""The metadata documents of a package: well-formed, nothing hostile in them, PREMIS 3 and EAD3 by their schemas."""

from collections.abc import Iterator

from samarkiv_contracts.findings import Finding, Severity

from samarkiv_ingest.packages.read import Tree
from samarkiv_ingest.validators import codes
from samarkiv_ingest.validators.schemas import SchemaMissing, schema
from samarkiv_ingest.validators.xml import XmlFault, events, namespace, prune

PREMIS = "http://www.loc.gov/premis/v3"
EAD3 = "http://ead3.archivists.org/schema/"
_SCHEMAS = {PREMIS: "premis-v3-0.xsd", EAD3: "ead3.xsd"}
_MOST = 1_000


def validate_metadata(tree: Tree, root: str) -> Iterator[Finding]:
    """Return findings about the XML documents in the metadata folders of a package, at most 1,000 of them."""
    prefix = f"{root}/" if root else ""
    count = 0
    for path in tree.paths():
        if path.startswith(prefix) and path.lower().endswith(".xml") and _is_metadata(path[len(prefix) :]):
            count += 1
            if count > _MOST:
                return
            yield from _document(tree, path)


def _is_metadata(path: str) -> bool:
    steps = path.split("/")
    return steps[0] == "metadata" or (steps[0] == "representations" and steps[2:3] == ["metadata"])


def _document(tree: Tree, path: str) -> Iterator[Finding]:
    space = ""
    try:
        with tree.open(path) as file:
            for event, element in events(file):
                space = space or namespace(element) or "-"
                if event == "end":
                    prune(element)
    except XmlFault as fault:
        # EAD 2002 was written with a DTD; PREMIS never was.
        strict = space == PREMIS or "premis" in path.lower() or fault.code != "SAM-XML-DOCTYPE"
        severity = None if strict else Severity.WARNING
        yield codes.finding(fault.code, path, str(fault.line or ""), found=fault.found, severity=severity)
        return
    if space in _SCHEMAS:
        # No requirement asks for more than the language itself.
        yield from by_schema(tree, path, _SCHEMAS[space], Severity.WARNING)


def by_schema(tree: Tree, path: str, name: str, severity: Severity | None = None) -> Iterator[Finding]:
    """Validate a document against a schema in a streaming pass; the first violation is told."""
    try:
        compiled = schema(name)
    except SchemaMissing as missing:
        yield codes.finding("SAM-XML-NO-SCHEMA", path, found=missing)
        return
    try:
        with tree.open(path) as file:
            for event, element in events(file, schema=compiled):
                if event == "end":
                    prune(element)
    except XmlFault as fault:
        yield codes.finding(fault.code, path, str(fault.line or ""), found=fault.found, severity=severity)
