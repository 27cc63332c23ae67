"""What a package is read into while it is indexed: rows in a private temporary database, never a list in memory."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Self

from samarkiv_contracts.description import RecordDescription

from samarkiv_search.domain.documents import MOST_TEXT, FileEntry

DATA = "/representations/original/data/"
_BATCH = 500


class FileSpool:
    """`Files` of one package: filled from its members and from the text that preservation extracted."""

    def __init__(self) -> None:
        # An empty name is SQLite's private temporary database: in memory while small, on disk when large.
        self._rows = sqlite3.connect("", check_same_thread=False)
        self._rows.execute("PRAGMA cache_size=-8000")
        self._rows.execute("CREATE TABLE file (n INTEGER PRIMARY KEY, path TEXT UNIQUE, puid TEXT, mime TEXT)")
        self._rows.execute("CREATE TABLE text (path TEXT PRIMARY KEY, text TEXT)")
        self.files = 0
        self._texts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_told: object) -> None:
        self._rows.close()

    def take_members(self, package: str, members: Iterable[Any]) -> None:
        """Keep the delivered originals among a package's members; `number` is their order."""
        start = package + DATA
        found = (
            (member.name[len(start) :], number, member.puid, member.mime)
            for number, member in enumerate((one for one in members if one.name.startswith(start)), 1)
        )
        self._rows.executemany("INSERT OR REPLACE INTO file (path, n, puid, mime) VALUES (?, ?, ?, ?)", found)
        self.files = self._rows.execute("SELECT count(*) FROM file").fetchone()[0]

    def take_texts(self, lines: Iterable[bytes]) -> int:
        """Keep extracted text, lines of `{"path", "text"}`; returns of how many files."""
        kept = 0
        for line in lines:
            if not line.strip():
                continue
            one = json.loads(line)
            path, text = str(one["path"]), str(one.get("text") or "")
            if DATA in f"/{path}":
                path = f"/{path}".split(DATA, 1)[1]
            if text:
                self._rows.execute("INSERT OR REPLACE INTO text VALUES (?, ?)", (path, text[:MOST_TEXT]))
                kept += 1
        self._texts += kept
        return kept

    def count(self, record: RecordDescription) -> int:
        """See `domain.documents.Files`."""
        return self.files if record.files is None else len(record.files)

    def each(self, record: RecordDescription) -> Iterator[FileEntry]:
        """See `domain.documents.Files`. A file's number is its place in the record's own list, as access shows it."""
        select = (
            "SELECT file.path, n, puid, mime, coalesce(text.text, '') "
            "FROM file LEFT JOIN text ON text.path = file.path"
            if self._texts
            else "SELECT path, n, puid, mime, '' FROM file"
        )
        if record.files is None:
            yield from (FileEntry(*row) for row in self._rows.execute(f"{select} ORDER BY n"))
            return
        numbered = enumerate(record.files, 1)
        while batch := list(islice(numbered, _BATCH)):
            marks = ",".join("?" * len(batch))
            rows = self._rows.execute(f"{select} WHERE file.path IN ({marks})", [path for _n, path in batch])
            held = {row[0]: row for row in rows}
            for number, path in batch:
                if path in held:
                    _path, _n, puid, mime, text = held[path]
                    yield FileEntry(path, number, puid, mime, text)
