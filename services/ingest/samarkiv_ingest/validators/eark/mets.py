"""Reading one METS file: a small skeleton of elements in memory, every file and ID as a row of a temporary database."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from lxml import etree

from samarkiv_ingest.validators.eark.requirement import Version
from samarkiv_ingest.validators.xml import XmlFault, events, local, namespace

METS = "http://www.loc.gov/METS/"
CSIP = "{https://DILCIS.eu/XML/METS/CSIPExtensionMETS}"
SIP = "{https://DILCIS.eu/XML/METS/SIPExtensionMETS}"
XLINK = "{http://www.w3.org/1999/xlink}"
M = f"{{{METS}}}"
_IDREFS = ("ADMID", "DMDID", "FILEID")
_HOLDS_OTHERS = frozenset({f"{M}xmlData", f"{M}binData"})
_BATCH = 1_000
_SPOOL = """
PRAGMA journal_mode=off; PRAGMA synchronous=off; PRAGMA temp_store=file; PRAGMA cache_size=-16000;
CREATE TABLE file(n INTEGER PRIMARY KEY, line INT, grp INT, id TEXT, mime TEXT, size TEXT, created TEXT, checksum TEXT,
  alg TEXT, ownerid TEXT, admid TEXT, dmdid TEXT, locats INT, loctype TEXT, linktype TEXT, href TEXT, formats TEXT);
CREATE TABLE ident(id TEXT, kind TEXT, line INT);
CREATE TABLE idref(id TEXT, attribute TEXT, kind TEXT, line INT);
BEGIN;
"""


class File(NamedTuple):
    """A `file` element. Attributes that are not there are None; `locats` counts its FLocat elements."""

    n: int
    line: int
    group: int
    id: str | None
    mime: str | None
    size: str | None
    created: str | None
    checksum: str | None
    alg: str | None
    ownerid: str | None
    admid: str | None
    dmdid: str | None
    locats: int
    loctype: str | None
    linktype: str | None
    href: str | None
    formats: str

    def format(self, name: str) -> str | None:
        """Return one of the SIP format attributes by its name, None when absent."""
        found: dict[str, str] = json.loads(self.formats) if self.formats else {}
        return found.get(name)


@dataclass
class Group:
    """A `fileGrp`: its element (without files) and how many files it holds, those of groups inside counted too."""

    element: etree._Element
    files: int = 0

    @property
    def line(self) -> int:
        """Return the line it begins at."""
        return self.element.sourceline or 0

    @property
    def use(self) -> str:
        """Return @USE, `` when absent."""
        return self.element.get("USE", "")


@dataclass
class Mets:
    """One METS file. `folder` is the folder it lies in (`` at the top); `version` the rules it is read by."""

    path: str
    root: etree._Element
    spool: sqlite3.Connection
    representation: bool = False
    version: Version = "2.2.0"
    groups: list[Group] = field(default_factory=list)

    @property
    def folder(self) -> str:
        """Return the folder the file lies in."""
        return self.path.rpartition("/")[0]

    def all(self, *path: str) -> list[etree._Element]:
        """Return the METS elements at a path of names under the root."""
        found = [self.root]
        for name in path:
            found = [child for one in found for child in one if child.tag == M + name]
        return found

    def one(self, *path: str) -> etree._Element | None:
        """Return the first METS element at a path, or None."""
        found = self.all(*path)
        return found[0] if found else None

    def files(self, *, with_formats: bool = False) -> Iterator[File]:
        """Return every file element in order, or only those that have SIP format attributes."""
        where = "WHERE formats <> ''" if with_formats else ""
        for row in self.spool.execute(f"SELECT * FROM file {where} ORDER BY n"):  # noqa: S608 - our own words
            yield File._make(row)

    def kind(self, identity: str) -> str:
        """Return the local name of the element with an ID, `` when there is none."""
        row = self.spool.execute("SELECT kind FROM ident WHERE id=?", (identity,)).fetchone()
        return str(row[0]) if row else ""

    def group_of_file(self, identity: str) -> Group | None:
        """Return the group that holds the file of an ID."""
        row = self.spool.execute("SELECT grp FROM file WHERE id=?", (identity,)).fetchone()
        return self.groups[row[0]] if row and row[0] >= 0 else None

    def duplicates(self) -> Iterator[tuple[str, str, int]]:
        """Return every use (id, kind, line) of an ID that stands more than once."""
        query = (
            "SELECT id, kind, line FROM ident WHERE id IN"
            " (SELECT id FROM ident GROUP BY id HAVING count(*)>1) ORDER BY id, line LIMIT 1000"
        )
        yield from self.spool.execute(query)

    def dangling(self) -> Iterator[tuple[str, str, str, int]]:
        """Return every reference (id, attribute, kind of element, line) to an ID that is not there."""
        query = (
            "SELECT id, attribute, kind, line FROM idref WHERE id NOT IN (SELECT id FROM ident)"
            " ORDER BY line LIMIT 1000"
        )
        yield from self.spool.execute(query)

    def references(self, attribute: str) -> Iterator[tuple[str, str, str, int]]:
        """Return (id, kind of what refers, kind of what is referred to, line) of references by an attribute."""
        query = (
            "SELECT r.id, r.kind, i.kind, r.line FROM idref r JOIN ident i ON i.id=r.id WHERE r.attribute=?"
            " ORDER BY r.line"
        )
        yield from self.spool.execute(query, (attribute,))

    def close(self) -> None:
        """Let go of the temporary database."""
        self.spool.close()


def read(stream: BinaryIO, path: str, *, representation: bool = False) -> Mets:
    """Return a METS file read in one streaming pass. Raises XmlFault (SAM-XML codes, SAM-METS-ROOT)."""
    spool = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    try:
        spool.executescript(_SPOOL)
        reader = _Reader(spool)
        root = reader.read(stream)
        spool.execute("CREATE INDEX ident_id ON ident(id)")
        spool.execute("CREATE INDEX file_id ON file(id)")
        spool.execute("COMMIT")
    except BaseException:
        spool.close()
        raise
    return Mets(path, root, spool, representation=representation, groups=reader.groups)


class _Reader:
    """Keeps what the rules need of a document and drops the rest while it is read."""

    def __init__(self, spool: sqlite3.Connection) -> None:
        self._spool = spool
        self._files: list[tuple[object, ...]] = []
        self._idents: list[tuple[str, str, int]] = []
        self._idrefs: list[tuple[str, str, str, int]] = []
        self._open: list[int] = []
        self._other_map = 0
        self._n = 0
        self.groups: list[Group] = []

    def read(self, stream: BinaryIO) -> etree._Element:
        root: etree._Element | None = None
        for event, element in events(stream):
            if root is None:
                root = element
                if element.tag != f"{M}mets":
                    raise XmlFault("SAM-METS-ROOT", element.sourceline or 0, str(element.tag)[:200])
            if event == "start":
                self._start(element)
            else:
                self._end(element)
        if root is None:
            raise XmlFault("SAM-XML-SYNTAX", 1, "no element")
        self._flush()
        return root

    def _flush(self) -> None:
        marks = ",".join("?" * len(File._fields))
        self._spool.executemany(f"INSERT INTO file VALUES({marks})", self._files)
        self._spool.executemany("INSERT INTO ident VALUES(?,?,?)", self._idents)
        self._spool.executemany("INSERT INTO idref VALUES(?,?,?,?)", self._idrefs)
        for rows in (self._files, self._idents, self._idrefs):
            rows.clear()

    def _start(self, element: etree._Element) -> None:
        if namespace(element) != METS:
            return
        name, line = local(element), element.sourceline or 0
        identity = element.get("ID")
        if identity:
            self._idents.append((identity, name, line))
        for attribute in _IDREFS:
            for one in element.get(attribute, "").split():
                self._idrefs.append((one, attribute, name, line))
        if name == "fileGrp":
            self._open.append(len(self.groups))
            self.groups.append(Group(element))
        elif name == "structMap":
            self._other_map = 0 if element.get("LABEL") == "CSIP" else 1

    def _end(self, element: etree._Element) -> None:
        tag = element.tag
        if tag == f"{M}file":
            self._file(element)
            _drop(element)
        elif tag == f"{M}fileGrp":
            self._open.pop()
        elif tag in _HOLDS_OTHERS or (
            self._other_map and tag in {f"{M}fptr", f"{M}area", f"{M}par", f"{M}seq"}
        ):
            _drop(element)
        elif tag == f"{M}structMap":
            self._other_map = 0

    def _file(self, element: etree._Element) -> None:
        get = element.get
        locats = [one for one in element if one.tag == f"{M}FLocat"]
        first = locats[0] if locats else None
        formats = {
            key[len(SIP) :]: value for key, value in element.attrib.items() if str(key).startswith(SIP)
        }
        self._n += 1
        for at in self._open:
            self.groups[at].files += 1
        row = (
            self._n,
            element.sourceline or 0,
            self._open[-1] if self._open else -1,
            *(get(name) for name in ("ID", "MIMETYPE", "SIZE", "CREATED", "CHECKSUM", "CHECKSUMTYPE")),
            *(get(name) for name in ("OWNERID", "ADMID", "DMDID")),
            len(locats),
            *(
                (first.get("LOCTYPE"), first.get(f"{XLINK}type"), first.get(f"{XLINK}href"))
                if first is not None
                else (None,) * 3
            ),
            json.dumps(formats) if formats else "",
        )
        self._files.append(row)
        if len(self._files) >= _BATCH:
            self._flush()


def _drop(element: etree._Element) -> None:
    """Empty an element that has ended, and remove its emptied older siblings of the same kind."""
    element.clear(keep_tail=True)
    parent, before = element.getparent(), element.getprevious()
    while parent is not None and before is not None and before.tag == element.tag:
        parent.remove(before)
        before = element.getprevious()
