"""The members of one container, spooled to a temporary SQLite file: flat in memory whatever their number."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from samarkiv_ingest.packages.names import key, normal

_SCHEMA = """
PRAGMA journal_mode=off; PRAGMA synchronous=off; PRAGMA cache_size=-8000; PRAGMA temp_store=file;
CREATE TABLE member(n INTEGER PRIMARY KEY, path TEXT, raw TEXT, folder INT, at INT, data INT, packed INT, size INT,
                    crc INT, method INT, flags INT);
CREATE TABLE name(key TEXT, path TEXT, kind INT);
BEGIN;
"""
_BATCH = 1_000
_KNOWN_FOLDERS = 20_000
FILE, FOLDER, IMPLIED, BAD = 0, 1, 2, 3


class Member(NamedTuple):
    """One member as scanned. `at` is its header, `data` its first byte, `packed` its stored length.

    `raw` is the delivered name in hex when it was not UTF-8; `folder` is FILE, FOLDER or BAD (has a fault, place only).
    """

    n: int
    path: str
    raw: str
    folder: int
    at: int
    data: int
    packed: int
    size: int
    crc: int
    method: int
    flags: int


@dataclass(frozen=True)
class Clash:
    """Two entries that cannot stand beside each other."""

    path: str
    other: str


class Members:
    """The spool. One thread; `close` removes nothing: the file lies in the caller's scratch folder."""

    def __init__(self, spool: Path) -> None:
        self._db = sqlite3.connect(spool, isolation_level=None, check_same_thread=False)
        self._db.executescript(_SCHEMA)
        self._rows: list[Member] = []
        self._names: list[tuple[str, str, int]] = []
        self._implied: set[str] = set()
        self.count = 0
        self.files = 0
        self.bytes = 0
        self.deflated_bytes = 0

    def add(self, member: Member) -> None:
        """Add one member and the folders its path implies; the root folder and BAD ones only take their place."""
        self._rows.append(member)
        self.count += 1
        if not member.path or member.folder == BAD:
            return
        if not member.folder:
            self.files += 1
            self.bytes += member.size
            if member.method:
                self.deflated_bytes += member.size
        self._names.append((key(member.path), member.path, member.folder))
        parent = member.path.rpartition("/")[0]
        while parent and parent not in self._implied:
            if len(self._implied) >= _KNOWN_FOLDERS:
                self._implied.clear()
            self._implied.add(parent)
            self._names.append((key(parent), parent, IMPLIED))
            parent = parent.rpartition("/")[0]
        if len(self._rows) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        self._db.executemany("INSERT INTO member VALUES(?,?,?,?,?,?,?,?,?,?,?)", self._rows)
        self._db.executemany("INSERT INTO name VALUES(?,?,?)", self._names)
        self._rows.clear()
        self._names.clear()

    def seal(self) -> None:
        """End the adding."""
        self._flush()
        self._db.execute("CREATE INDEX name_key ON name(key)")
        self._db.execute("COMMIT")

    def clashes(self, limit: int = 50) -> Iterator[Clash]:
        """Return names that are one and the same (equal paths) or that collide (other case, form, or file and folder)."""
        groups = self._db.execute(
            "SELECT key FROM name GROUP BY key HAVING count(*) > 1 AND"
            " (count(DISTINCT path) > 1 OR sum(kind < 2) > 1 OR min(kind) = 0) LIMIT ?",
            (limit,),
        ).fetchall()
        for (one,) in groups:
            rows = self._db.execute(
                "SELECT path, kind FROM name WHERE key=? ORDER BY kind, rowid", (one,)
            ).fetchall()
            yield _worst(rows)

    def in_order(self) -> Iterator[Member]:
        """Return every member by where its header lies in the container."""
        for row in self._db.execute("SELECT * FROM member ORDER BY at, n"):
            yield Member._make(row)

    def small(self, stored: int, deflated: int) -> Iterator[Member]:
        """Return the files in order of place that are at most `stored` bytes stored or `deflated` bytes inflated."""
        query = "SELECT * FROM member WHERE folder=0 AND size <= iif(method, ?, ?) ORDER BY at, n"
        for row in self._db.execute(query, (deflated, stored)):
            yield Member._make(row)

    def small_deflated(self, stored: int, deflated: int) -> int:
        """Return how many bytes the deflated ones of the small files inflate to."""
        query = "SELECT coalesce(sum(size), 0) FROM member WHERE folder=0 AND method<>0 AND size <= iif(method, ?, ?)"
        (total,) = self._db.execute(query, (deflated, stored)).fetchone()
        return int(total)

    def large(self, stored: int, deflated: int) -> list[Member]:
        """Return the other files in order of place."""
        query = "SELECT * FROM member WHERE folder=0 AND size > iif(method, ?, ?) ORDER BY at, n"
        return [Member._make(row) for row in self._db.execute(query, (deflated, stored))]

    def empty_folders(self) -> Iterator[str]:
        """Return the delivered folders that hold nothing, in delivered order."""
        self._db.execute("CREATE INDEX IF NOT EXISTS name_path ON name(path)")
        query = (
            "SELECT path FROM name AS f WHERE kind=1 AND NOT EXISTS"
            " (SELECT 1 FROM name AS i WHERE i.path=f.path AND i.kind=2) ORDER BY rowid"
        )
        for (path,) in self._db.execute(query):
            yield path

    def find(self, path: str) -> Member | None:
        """Return the file of that exact path."""
        self._db.execute("CREATE INDEX IF NOT EXISTS member_path ON member(path)")
        row = self._db.execute("SELECT * FROM member WHERE path=? AND folder=0", (path,)).fetchone()
        return Member._make(row) if row else None

    def like(self, pattern: str) -> list[str]:
        """Return the paths of files that match a GLOB pattern, at most 1,000."""
        rows = self._db.execute(
            "SELECT path FROM member WHERE folder=0 AND path GLOB ? ORDER BY path LIMIT 1000", (pattern,)
        )
        return [path for (path,) in rows]

    def close(self) -> None:
        """Let go of the spool."""
        self._db.close()


def _worst(rows: list[tuple[str, int]]) -> Clash:
    """Return the worst clash of a group: one name twice, then two Unicode forms of one name, then another case."""
    kinds: dict[str, list[int]] = {}
    for path, kind in rows:
        kinds.setdefault(path, []).append(kind)
    for path, found in kinds.items():
        if sum(kind < IMPLIED for kind in found) > 1 or (len(found) > 1 and FILE in found):
            return Clash(path, path)
    forms: dict[str, str] = {}
    for path in kinds:
        other = forms.setdefault(normal(path), path)
        if other != path:
            return Clash(other, path)
    first, second = list(kinds)[:2]
    return Clash(first, second)
