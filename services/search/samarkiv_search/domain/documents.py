"""What a record and its files become in the two indexes (POLICY §7): `public` and `closed`, never mixed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from samarkiv_contracts.description import PackageDescription, RecordDescription
from samarkiv_contracts.levels import Level, strictest

from samarkiv_search.domain.formats import family
from samarkiv_search.domain.index import IndexDocument
from samarkiv_search.domain.orders import UNKNOWN_LAST, in_order, sort_date, title_order, years

Where = Literal["public", "closed"]
Analysed = Mapping[str, str]

NO_TITLE = "Handling"
MOST_NAMES = 200
FILES_APART = 20
MOST_TEXT = 200_000
MOST_FILE_TEXT = 100_000


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One delivered file of a record: its path, its number in the record, what it is, and its text when there is any."""

    path: str
    number: int
    puid: str = ""
    mime: str = ""
    text: str = ""


class Files(Protocol):
    """The files of a package while it is indexed; rows, not a list in memory."""

    def count(self, record: RecordDescription) -> int:
        """Return how many files a record has."""
        ...

    def each(self, record: RecordDescription) -> Iterator[FileEntry]:
        """Return the files of a record in its order, with their texts."""
        ...


class Analysis(Protocol):
    """The Swedish analysis, as far as documents need it."""

    def both(self, texts: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Return the fields for an open and for a closed index; the same object when no personal number stands there."""
        ...

    def named(self, path: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return the fields of a file's path for an open and for a closed index; quick for many in one folder."""
        ...

    def masked(self, text: str) -> str:
        """Return text without personal numbers."""
        ...


@dataclass(slots=True)
class _Gathered:
    """Names and text of a record's files, bounded; `shown` are those that everyone may read."""

    names: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    shown_text: list[str] = field(default_factory=list)
    families: dict[str, None] = field(default_factory=dict)
    shown_families: dict[str, None] = field(default_factory=dict)
    room: int = MOST_TEXT
    shown_room: int = MOST_TEXT

    def take(self, entry: FileEntry, shown: bool) -> None:
        """Take a file as far as there is room."""
        kind = family(entry.mime)
        self.families[kind] = None
        if len(self.names) < MOST_NAMES:
            self.names.append(entry.path)
        if entry.text and self.room > 0:
            self.text.append(entry.text[: self.room])
            self.room -= len(entry.text)
        if shown:
            self.shown_families[kind] = None
            if len(self.shown) < MOST_NAMES:
                self.shown.append(entry.path)
            if entry.text and self.shown_room > 0:
                self.shown_text.append(entry.text[: self.shown_room])
                self.shown_room -= len(entry.text)


def level_of(package: PackageDescription, record: RecordDescription) -> Level:
    """Return the level that counts for a record: the strictest on the path; protected is closed."""
    return Level.CLOSED if record.protected else strictest(package.level, record.level)


def file_level(record: RecordDescription, level: Level, path: str) -> Level:
    """Return the level of one file of a record whose own level is `level`."""
    return strictest(level, record.file_levels[path]) if path in record.file_levels else level


def documents(
    package: PackageDescription,
    record: RecordDescription,
    files: Files,
    analysis: Analysis,
    progress: Callable[[int], None] = lambda _n: None,
) -> Iterator[tuple[Where, IndexDocument]]:
    """Return every document of a record and the index it belongs in: files first, the record last.

    Level 0: all in both indexes. Level 1: only the public title's fields in `public`. Level 2: nothing in `public`.
    A file under a stricter level than its record keeps name and text out of `public`.
    """
    level = level_of(package, record)
    apart = files.count(record) > FILES_APART
    base = _Base(package, record, level)
    gathered = _Gathered()
    for done, entry in enumerate(files.each(record)):
        own = file_level(record, level, entry.path)
        gathered.take(entry, shown=own is Level.OPEN)
        if apart:
            yield from base.file(entry, own, analysis)
        if done % 1000 == 999:
            progress(done + 1)
    yield from base.record(gathered, analysis)
    if level is Level.ON_REQUEST:
        yield "public", base.public_title(analysis)


class _Base:
    """What all documents of one record share."""

    def __init__(self, package: PackageDescription, record: RecordDescription, level: Level) -> None:
        self._package = package
        self._record = record
        self._level = level
        self._years = years(record.dates.values())
        self._date = sort_date(record.dates)
        self._date_order = in_order(self._date, record.id)
        self._date_up_order = in_order(self._date or UNKNOWN_LAST, record.id)
        self._title_order = title_order(record.title if level is Level.OPEN else "", record.id)
        self._keywords = {
            "package": (package.id,),
            "record": (record.id,),
            "tenant": (package.tenant,),
            "authority": (package.authority,),
            "custody": (package.custody,),
            "record_type": (record.record_type,) if record.record_type else (),
        }
        self._open_title = record.public_title or record.title
        self._path = tuple(one for one in (package.tenant_name, package.authority_name, record.series) if one)

    def _document(
        self,
        fields: Analysed,
        title: str,
        stored: Mapping[str, Any],
        families: tuple[str, ...],
        text: str = "",
    ) -> IndexDocument:
        name = self._record.id
        return IndexDocument(
            name,
            fields,
            {
                **self._keywords,
                "kind": ("record",),
                "format": families,
                "title_order": (title_order(title, name),),
            },
            {
                "year": self._years,
                "level": (int(self._level),),
                "date": (in_order(self._date, name),),
                "date_up": (in_order(self._date or UNKNOWN_LAST, name),),
            },
            {"kind": "record", "record": name, "package": self._package.id, **stored},
            text,
        )

    def _stored(self, title: str) -> dict[str, Any]:
        record, package = self._record, self._package
        return {
            "title": title,
            "path": self._path,
            "tenant": package.tenant,
            "tenant_name": package.tenant_name,
            "authority": package.authority,
            "authority_name": package.authority_name,
            "series": record.series,
            "record_type": record.record_type,
            "registry_no": record.registry_no,
            "dates": dict(record.dates),
            "level": int(self._level),
        }

    def record(self, gathered: _Gathered, analysis: Analysis) -> Iterator[tuple[Where, IndexDocument]]:
        """Return the record with all its metadata: for `closed`, and of an open record for `public` with open files only."""
        head = analysis.both([self._record.title, self._record.public_title, self._record.registry_no])
        said = self._said(gathered.names, gathered.text)
        shown, closed = analysis.both(said)
        body = "\n".join(gathered.text)
        yield (
            "closed",
            self._whole(_with_head(closed, head[1]), gathered.names, gathered.families, body),
        )
        if self._level is not Level.OPEN:
            return
        if gathered.shown != gathered.names or gathered.shown_text != gathered.text:
            shown, closed = analysis.both(self._said(gathered.shown, gathered.shown_text))
            body = "\n".join(gathered.shown_text)
        # The same object twice says that no personal number stands anywhere.
        body = body if shown is closed else analysis.masked(body)
        yield (
            "public",
            self._whole(_with_head(shown, head[0]), gathered.shown, gathered.shown_families, body),
        )

    def _said(self, names: list[str], text: list[str]) -> list[str]:
        record = self._record
        return [
            record.title,
            record.public_title,
            record.registry_no,
            record.record_type,
            record.classification,
            *self._path,
            *record.places,
            *record.parties,
            record.description,
            *names,
            *text,
        ]

    def _whole(self, fields: Analysed, names: list[str], families: Iterable[str], text: str) -> IndexDocument:
        record = self._record
        stored = self._stored(record.title) | {
            "public_title": record.public_title,
            "places": record.places,
            "description": record.description[:2000],
            "names": names[:20],
            "protected": record.protected,
        }
        return self._document(fields, record.title, stored, tuple(families), text)

    def public_title(self, analysis: Analysis) -> IndexDocument:
        """Return a level 1 record as everyone may see it: the fields of POLICY §2 only."""
        record = self._record
        title = record.public_title or record.record_type or record.registry_no or NO_TITLE
        fields, _closed = analysis.both([title, record.registry_no, record.record_type, *self._path])
        head, _closed = analysis.both([title, record.registry_no])
        stored = self._stored(title) | {"public_title": title}
        return self._document(_with_head(fields, head), title, stored, ())

    def file(
        self, entry: FileEntry, level: Level, analysis: Analysis
    ) -> Iterator[tuple[Where, IndexDocument]]:
        """Return a file of a large record: name, number, format and its own text; it sorts beside its record."""
        text = entry.text[:MOST_FILE_TEXT]
        shown, closed = analysis.both((entry.path, text)) if text else analysis.named(entry.path)
        number = entry.number
        name = f"{self._record.id}/{number}"
        keywords = {
            **self._keywords,
            "kind": ("file",),
            "format": (family(entry.mime),),
            "title_order": (f"{self._title_order} {number:09d}",),
        }
        numbers: dict[str, tuple[int, ...]] = {
            "year": self._years,
            "level": (int(level),),
            "date": (self._date_order + number,),
            "date_up": (self._date_up_order + number,),
        }
        stored = {
            "kind": "file",
            "record": self._record.id,
            "package": self._package.id,
            "file": entry.path,
            "number": number,
            "puid": entry.puid,
            "level": int(level),
        }
        yield "closed", IndexDocument(name, closed, keywords, numbers, stored, text)
        if level is Level.OPEN:
            masked = text if shown is closed else analysis.masked(text)
            yield "public", IndexDocument(name, shown, keywords, numbers, stored, masked)


def _with_head(fields: Analysed, head: Analysed) -> dict[str, str]:
    return {**fields, "head": f"{head['light']} {head['lemmas']}".strip()}
