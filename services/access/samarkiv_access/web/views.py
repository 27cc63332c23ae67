"""What preservation has made for viewing: extracted text and page images, read from the derivatives store."""

import json
import struct
from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock
from typing import Any

from samarkiv_runtime.ocfl import split_lines
from samarkiv_runtime.ports import ObjectStore

from samarkiv_access.dissemination.packages import DATA
from samarkiv_access.usecases.ports import Packages, Shown

PICTURE = "image/webp"
_KEPT = 32


class DerivedViews:
    """Views of files, from `<package>/<version>/…` in the derivatives store; newest version first."""

    def __init__(self, store: ObjectStore, packages: Packages) -> None:
        self._store = store
        self._packages = packages
        self._texts: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._lock = Lock()

    def shown(self, package: str, member: str, sha256: str) -> Shown:
        """Return what there is to show of a file."""
        pages = [one for one in self._pictures(package, sha256) if one["kind"] == "page"]
        width = height = 0
        if pages:
            found = self.image(package, sha256, 1)
            width, height = size_of(found[1]) if found else (0, 0)
        return Shown(len(pages), bool(self.text(package, member, 1)), width, height)

    def text(self, package: str, member: str, limit: int) -> str:
        """Return the extracted text, at most `limit` characters; empty when there is none."""
        with self._lock:
            kept = self._texts.get((package, member))
        if kept is None:
            kept = self._find(package, member)
            if not kept:
                # Perhaps it is only not made yet.
                return ""
            with self._lock:
                self._texts[package, member] = kept
                while len(self._texts) > _KEPT:
                    self._texts.popitem(last=False)
        return kept[:limit]

    def _find(self, package: str, member: str) -> str:
        path = member.split(DATA, 1)[-1]
        needles = [json.dumps(path, ensure_ascii=ascii_only).encode()[1:-1] for ascii_only in (True, False)]
        for line in self._lines(package):
            if not any(needle in line for needle in needles):
                continue
            one = json.loads(line)
            if str(one["path"]).split(DATA, 1)[-1] == path:
                return str(one.get("text") or "")
        return ""

    def _lines(self, package: str) -> Iterator[bytes]:
        base = self._base(package, "text.jsonl")
        if base:
            yield from split_lines(self._store.read(f"{base}/text.jsonl"))

    def _base(self, package: str, name: str) -> str:
        """Return the newest version's folder that holds a file of this name, empty when nothing was made yet."""
        for version in range(self._packages.head(package), 0, -1):
            if self._store.stat(f"{package}/{version}/{name}") is not None:
                return f"{package}/{version}"
        return ""

    def _pictures(self, package: str, sha256: str) -> list[dict[str, Any]]:
        base = self._base(package, "pictures.jsonl")
        if not base:
            return []
        needle = sha256.encode()
        lines = split_lines(self._store.read(f"{base}/pictures.jsonl"))
        return [{**json.loads(line), "base": base} for line in lines if needle in line]

    def image(self, package: str, sha256: str, page: int) -> tuple[str, bytes] | None:
        """Return (MIME type, bytes) of a page image (0: the thumbnail), or None."""
        for one in self._pictures(package, sha256):
            if one["page"] == page:
                data = self._store.read(f"{one['base']}/pictures.bin", one["offset"], one["length"])
                return PICTURE, b"".join(data)
        return None


def size_of(webp: bytes) -> tuple[int, int]:
    """Return width and height of a lossy WebP (RFC 9649 §2.5), (0, 0) for any other."""
    if len(webp) < 30 or webp[12:16] != b"VP8 ":
        return 0, 0
    width, height = struct.unpack("<HH", webp[26:30])
    return width & 0x3FFF, height & 0x3FFF
