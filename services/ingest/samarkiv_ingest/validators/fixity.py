"""Comparing declared digests with real ones: METS names of algorithms, CRCs included."""

import zlib
from collections.abc import Callable
from typing import BinaryIO

from samarkiv_ingest.packages.digests import algorithm

Digests = Callable[[str, str], str]
WEAK = frozenset({"md5", "sha1", "crc32", "adler32"})
_CHUNK = 1 << 20


def known(name: str) -> str:
    """Return our name of a declared algorithm (`SHA-256` → `sha256`), `` for one we cannot compute."""
    plain = name.lower().replace("-", "")
    return plain if plain in {"crc32", "adler32"} else algorithm(name)


def checksum(open_file: Callable[[str], BinaryIO], path: str, name: str) -> str:
    """Return a CRC-32 or Adler-32 of a file in hex."""
    step = zlib.crc32 if name == "crc32" else zlib.adler32
    value = 0 if name == "crc32" else 1
    with open_file(path) as file:
        while piece := file.read(_CHUNK):
            value = step(piece, value)
    return f"{value:08x}"
