"""Which digest algorithms a package's own manifests use, so that the one pass can compute them beside SHA-256."""

import hashlib
import re
from collections.abc import Iterable

from samarkiv_ingest.packages.scan import Scan

_MANIFEST = re.compile(r"(?:[^/]+/)?(?:tag)?manifest-([A-Za-z0-9-]+)\.txt")
_CHECKSUMTYPE = re.compile(rb"CHECKSUMTYPE\s*=\s*[\"']([A-Za-z0-9-]{2,16})[\"']")
_METS_MOST = 16 << 20
_METS_COUNT = 50


def algorithm(name: str) -> str:
    """Return the hashlib name of an algorithm as manifests and METS write it (`SHA-512`, `sha3-256`), or ``."""
    plain = name.lower().strip()
    plain = plain.replace("-", "_") if plain.startswith("sha3") else plain.replace("-", "")
    return plain if plain in hashlib.algorithms_guaranteed and not plain.startswith("shake") else ""


def named(scan: Scan) -> tuple[str, ...]:
    """Return the algorithms other than SHA-256 that bag manifests and METS files in the package name."""
    found = {m[1] for path in scan.members.like("*manifest-*.txt") if (m := _MANIFEST.fullmatch(path))}
    for path in _mets(scan):
        found |= {one.decode("ascii") for one in _CHECKSUMTYPE.findall(scan.read(path, _METS_MOST) or b"")}
    return wanted(found)


def wanted(names: Iterable[str]) -> tuple[str, ...]:
    """Return hashlib names, known ones only, without SHA-256, sorted."""
    return tuple(sorted({algorithm(name) for name in names} - {"", "sha256"}))


def _mets(scan: Scan) -> list[str]:
    paths = scan.members.like("*METS.xml") + scan.members.like("*sip.xml")
    named = [
        path for path in paths if path.rpartition("/")[2] in {"METS.xml", "sip.xml"} and path.count("/") <= 3
    ]
    return named[:_METS_COUNT]
