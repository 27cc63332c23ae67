"""BagIt 0.93–0.97 and 1.0 (RFC 8493): declaration, manifests, completeness both ways, digests, Oxum; nothing is fetched."""

import codecs
import io
import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from samarkiv_contracts.findings import Finding, Severity

from samarkiv_ingest.packages.digests import algorithm
from samarkiv_ingest.packages.names import key
from samarkiv_ingest.packages.read import Tree
from samarkiv_ingest.validators.baginfo import Declaration, check_info, declaration, join
from samarkiv_ingest.validators.codes import finding
from samarkiv_ingest.validators.fixity import Digests

_MANIFEST = re.compile(r"(tag)?manifest-([a-z0-9-]+)\.txt", re.IGNORECASE)
_LINE = re.compile(r"[ \t]*([0-9A-Fa-f]+)[ \t]+\*?(\S.*)")
_FETCH = re.compile(r"(\S+)[ \t]+(\d+|-)[ \t]+(\S.*)")
_PERCENT = re.compile(r"%(0A|0D|25)", re.IGNORECASE)
_SPOOL = """
PRAGMA journal_mode=off; PRAGMA synchronous=off; PRAGMA temp_store=file;
CREATE TABLE line(manifest INT, path TEXT, digest TEXT, n INT, PRIMARY KEY(path, manifest)) WITHOUT ROWID;
BEGIN;
"""


class Manifest(NamedTuple):
    """One manifest: its path in the tree, hashlib name (`` when unknown), and whether it is for tag files."""

    path: str
    alg: str
    tags: bool


def validate_bag(tree: Tree, root: str, digests: Digests) -> Iterator[Finding]:
    """Return the findings about one bag; `digests(path, algorithm)` gives hex digests."""
    said = declaration(tree, root)
    yield from said.findings
    spool = sqlite3.connect("", isolation_level=None)
    try:
        spool.executescript(_SPOOL)
        yield from _Bag(tree, root, said, digests, spool).findings()
    finally:
        spool.close()


class _Bag:
    """The walk over one bag. The lines of its manifests lie in a temporary database."""

    def __init__(
        self, tree: Tree, root: str, said: Declaration, digests: Digests, spool: sqlite3.Connection
    ) -> None:
        self._tree = tree
        self._root = root
        self._said = said
        self._digests = digests
        self._spool = spool
        self._manifests: list[Manifest] = []

    def findings(self) -> Iterator[Finding]:
        yield from self._find_manifests()
        if not self._tree.has_folder(join(self._root, "data")):
            yield finding("BAG-PAYLOAD", self._root, expected="data/")
        for at, manifest in enumerate(self._manifests):
            yield from self._read(at, manifest)
        yield from self._listed()
        yield from self._unlisted()
        yield from self._fetch()

    def _find_manifests(self) -> Iterator[Finding]:
        for path in self._tree.children(self._root):
            match = _MANIFEST.fullmatch(path.rpartition("/")[2])
            if match:
                alg = algorithm(match[2])
                self._manifests.append(Manifest(path, alg, bool(match[1])))
                if not alg:
                    yield finding("BAG-ALGORITHM", path, found=match[2])
        if not any(not one.tags for one in self._manifests):
            yield finding("BAG-MANIFEST", self._root, expected="manifest-sha256.txt")

    def _read(self, at: int, manifest: Manifest) -> Iterator[Finding]:
        """Read one manifest line by line into the spool."""
        for number, line in self._lines(manifest.path):
            if line is None:
                yield finding("BAG-ENCODING", manifest.path, str(number), self._said.encoding)
                return
            match = _LINE.fullmatch(line)
            if match is None:
                if line.strip():
                    yield finding("BAG-LINE", manifest.path, str(number), "digest path", line)
                continue
            yield from self._take(at, manifest, match[1].lower(), match[2], number)

    def _take(self, at: int, manifest: Manifest, digest: str, written: str, number: int) -> Iterator[Finding]:
        place = str(number)
        name = written.removeprefix("./")
        if _forbidden(name):
            yield finding("BAG-PATH", manifest.path, place, found=written)
            return
        in_data = name.startswith("data/")
        if in_data == manifest.tags or (manifest.tags and name.lower().startswith("tagmanifest-")):
            yield finding("BAG-SCOPE", manifest.path, place, found=written)
            return
        path, code, severity = self._real(name)
        if code:
            yield finding(code, manifest.path, place, written, path, severity)
        known = self._spool.execute(
            "SELECT digest FROM line WHERE manifest=? AND path=?", (at, path)
        ).fetchone()
        if known:
            same = known[0] == digest and not self._said.final
            yield finding(
                "BAG-TWICE", manifest.path, place, found=written, severity=Severity.WARNING if same else None
            )
            return
        self._spool.execute("INSERT INTO line VALUES(?,?,?,?)", (at, path, digest, number))

    def _real(self, name: str) -> tuple[str, str, Severity | None]:
        """Return the file a name of a manifest means, and a code when it is written otherwise than it should."""
        decoded = _PERCENT.sub(lambda match: chr(int(match[1], 16)), name)
        # Before 1.0 a percent sign stood for itself.
        order = (decoded, name) if self._said.final else (name, decoded)
        for one in dict.fromkeys(order):
            path = join(self._root, one)
            if self._tree.has(path):
                return path, "", None
        path = join(self._root, order[0])
        folder = path.rpartition("/")[0]
        for one in self._tree.children(folder) if self._tree.has_folder(folder) else ():
            if not one.endswith("/") and key(one) == key(path):
                form = unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", path)
                return one, "BAG-CASE", Severity.WARNING if form else None
        return path, "", None

    def _listed(self) -> Iterator[Finding]:
        """Find listed files that are not there or differ."""
        query = "SELECT path, manifest, digest, n FROM line ORDER BY path, manifest"
        for path, at, digest, number in self._spool.execute(query):
            manifest = self._manifests[at]
            if not self._tree.has(path):
                yield finding("BAG-MISSING", manifest.path, str(number), found=path)
            elif manifest.alg:
                found = self._digests(path, manifest.alg)
                if found.lower() != digest:
                    yield finding("BAG-DIGEST", path, f"{manifest.path} {number}", digest, found)

    def _unlisted(self) -> Iterator[Finding]:
        """Find files that are in no manifest, or not in all; then compare the payload with bag-info.txt."""
        payload = {at for at, one in enumerate(self._manifests) if not one.tags}
        has_tags = any(one.tags for one in self._manifests)
        data, prefix = join(self._root, "data/"), f"{self._root}/" if self._root else ""
        size = count = 0
        for path in self._tree.paths():
            if not path.startswith(prefix):
                continue
            listed = {
                row[0] for row in self._spool.execute("SELECT manifest FROM line WHERE path=?", (path,))
            }
            if path.startswith(data):
                size += self._tree.get(path).size
                count += 1
                if not listed & payload:
                    yield finding("BAG-UNLISTED", path)
                else:
                    for at in sorted(payload - listed):
                        code = "BAG-PARTIAL" if self._said.final else "BAG-PARTIAL-OLD"
                        yield finding(code, path, expected=self._manifests[at].path)
            elif has_tags and not listed and not _is_tag_manifest(path):
                yield finding("BAG-TAG-UNLISTED", path)
        yield from check_info(self._tree, self._root, self._said, (size, count))

    def _fetch(self) -> Iterator[Finding]:
        """Look at fetch.txt and fetch nothing: what it names must be in the bag already."""
        path = join(self._root, "fetch.txt")
        if not self._tree.has(path):
            return
        yield finding("BAG-FETCH-UNUSED", path)
        for number, line in self._lines(path):
            if line is None:
                yield finding("BAG-ENCODING", path, str(number), self._said.encoding)
                return
            match = _FETCH.fullmatch(line.strip())
            if match is None:
                if line.strip():
                    yield finding("BAG-LINE", path, str(number), "url length path", line)
                continue
            name = match[3].removeprefix("./")
            if _forbidden(name) or not name.startswith("data/"):
                yield finding("BAG-FETCH-PATH", path, str(number), "data/…", match[3])
            elif not self._tree.has(self._real(name)[0]):
                yield finding("BAG-FETCH", path, str(number), match[3], match[1])

    def _lines(self, path: str) -> Iterator[tuple[int, str | None]]:
        """Return the numbered lines of a tag file; None, and no more, where its encoding fails."""
        number = 0
        with self._tree.open(path) as file:
            try:
                codec = codecs.lookup(self._said.encoding).name
                for line in io.TextIOWrapper(file, encoding=codec):
                    number += 1
                    yield number, line.rstrip("\n").removeprefix("\ufeff" if number == 1 else "\n")
            except (UnicodeError, LookupError):
                yield number + 1, None


def _is_tag_manifest(path: str) -> bool:
    match = _MANIFEST.fullmatch(path.rpartition("/")[2])
    return bool(match and match[1])


def _forbidden(name: str) -> bool:
    """Tell a path that could lead out of the bag or is not relative."""
    return (
        not name
        or name[0] in "/~"
        or "\\" in name
        or bool(re.match(r"[A-Za-z]:", name))
        or any(step in {"", ".", ".."} for step in name.split("/"))
    )
