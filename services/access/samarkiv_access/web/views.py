"""What preservation has made for viewing: extracted text and page images, read from the derivatives store."""

import json
from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock

from samarkiv_runtime.ocfl import split_lines
from samarkiv_runtime.ports import ObjectStore

from samarkiv_access.dissemination.packages import DATA
from samarkiv_access.usecases.ports import Packages, Shown

IMAGES = {"image/png", "image/jpeg"}
MOST_IMAGE = 12 << 20
_KEPT = 32


class DerivedViews:
    """Views of files, from `<package>/<version>/…` in the derivatives store; newest version first."""

    def __init__(self, store: ObjectStore, packages: Packages) -> None:
        self._store = store
        self._packages = packages
        self._texts: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._lock = Lock()

    def shown(self, package: str, member: str, mime: str, size: int) -> Shown:
        """Return what there is to show of a file."""
        return Shown(
            pages=1,
            text=bool(self.text(package, member, 1)),
            image=mime in IMAGES and size <= MOST_IMAGE,
        )

    def text(self, package: str, member: str, limit: int) -> str:
        """Return the extracted text, at most `limit` characters; empty when there is none."""
        with self._lock:
            kept = self._texts.get((package, member))
        if kept is None:
            kept = self._find(package, member)
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
        for version in range(self._packages.head(package), 0, -1):
            key = f"{package}/{version}/text.jsonl"
            if self._store.stat(key) is not None:
                yield from split_lines(self._store.read(key))
                return

    def image(self, package: str, member: str, mime: str, size: int, page: int) -> tuple[str, bytes] | None:
        """Return (MIME type, bytes) of a page image, or None: a small image is its own."""
        if page == 1 and mime in IMAGES and size <= MOST_IMAGE:
            return mime, b"".join(self._packages.read(package, member))
        return None
