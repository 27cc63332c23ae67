"""The embedded adapter: one tantivy index in a folder, versions of packages in a small SQLite file beside it."""

import base64
import hashlib
import json
import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from zlib import crc32

import tantivy
from samarkiv_contracts.problems import Unavailable

from samarkiv_search.backends.port import SearchIndex, bad_cursor
from samarkiv_search.backends.tantivy_query import narrowed
from samarkiv_search.domain.index import (
    ANALYSED,
    DEEPEST,
    KEYWORDS,
    NUMBERS,
    SCHEMA,
    SORTS,
    Filters,
    Hit,
    IndexDocument,
    Page,
    Sort,
)
from samarkiv_search.domain.query import Node

HEAP = 16_000_000  # of each index; tantivy's least is 15 MB
CHUNK = 500
FACET_SIZE = 200
# Equal scores would stand in the order of segments, which tells of what happened elsewhere; a nudge of up to one
# hundredth, from the id alone, gives them an order of their own.
NUDGE = 0.0139


def make_schema() -> tantivy.Schema:
    """Return the schema: whitespace fields, exact keywords, numbers, and two stored blobs."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", tokenizer_name="raw", index_option="basic")
    for name in ANALYSED:
        option = "position" if name in {"light", "head"} else "freq"
        builder.add_text_field(name, tokenizer_name="samarkiv", index_option=option)
    for name in KEYWORDS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in NUMBERS:
        builder.add_integer_field(name, indexed=True, fast=True)
    builder.add_integer_field("version", indexed=True, fast=True)
    builder.add_float_field("nudge", fast=True)
    builder.add_bytes_field("stored", stored=True)
    builder.add_bytes_field("text", stored=True)
    return builder.build()


class _Generation:
    """One folder with an index in it. Adds are staged by chunk; commits are shared by whoever waits."""

    def __init__(self, folder: Path, bulk: bool) -> None:
        self.folder = folder
        self.bulk = bulk
        folder.mkdir(parents=True, exist_ok=True)
        self.schema = make_schema()
        self.index = tantivy.Index(self.schema, path=str(folder))
        self.index.register_tokenizer(
            "samarkiv", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        )
        self.index.config_reader("manual")
        self._writer: tantivy.IndexWriter | None = None
        self._lock = threading.Lock()
        self._staged = 0
        self._committed = 0
        self.epoch = 0
        self._versions = sqlite3.connect(folder / "versions.sqlite", check_same_thread=False)
        self._versions.execute("PRAGMA journal_mode=WAL")
        self._versions.execute("PRAGMA synchronous=FULL")
        self._versions.execute("CREATE TABLE IF NOT EXISTS held (package TEXT PRIMARY KEY, version INTEGER)")
        self._versions.commit()

    def version(self, package: str) -> int:
        """Return the version the index holds of a package, also of a removed one; 0 when it never came."""
        with self._lock:
            row = self._versions.execute("SELECT version FROM held WHERE package = ?", (package,)).fetchone()
        return int(row[0]) if row else 0

    def knows(self, package: str) -> bool:
        """Return whether documents of the package may be there, so that a removal has something to take."""
        with self._lock:
            return self._staged > self._committed or self.index.searcher().doc_freq("package", package) > 0

    def hold(self, package: str, version: int) -> None:
        """Remember a package's version, never lowering it."""
        with self._lock, self._versions:
            self._versions.execute(
                "INSERT INTO held VALUES (?, ?) ON CONFLICT (package) "
                "DO UPDATE SET version = max(version, excluded.version)",
                (package, version),
            )

    def stage(self, epoch: int, clear: str | None, documents: list[tantivy.Document]) -> int:
        """Add a chunk, after taking out package `clear`; returns its number for `commit`."""
        with self._lock:
            if epoch != self.epoch:
                raise Unavailable("Sökindexets skrivare startades om.", "The index writer was restarted.")
            try:
                writer = self._open_writer()
                if clear is not None:
                    writer.delete_documents_by_term("package", clear)
                for document in documents:
                    writer.add_document(document)
            except (ValueError, RuntimeError, OSError) as error:
                raise self._reopened(error) from error
            self._staged += 1
            return self._staged

    def commit(self, epoch: int, number: int) -> None:
        """Make chunk `number` durable and visible, with everything staged so far; one commit serves all who wait."""
        with self._lock:
            if number <= self._committed:
                return
            if epoch != self.epoch:
                raise Unavailable("Sökindexets skrivare startades om.", "The index writer was restarted.")
            try:
                self._open_writer().commit()
            except (ValueError, RuntimeError, OSError) as error:
                raise self._reopened(error) from error
            self._committed = self._staged
            self.index.reload()

    def commit_all(self) -> None:
        """Commit whatever is staged."""
        self.commit(self.epoch, self._staged)

    def _open_writer(self) -> tantivy.IndexWriter:
        if self._writer is None:
            self._writer = self.index.writer(heap_size=HEAP, num_threads=1)
        return self._writer

    def _reopened(self, error: Exception) -> Unavailable:
        """A writer that failed once is dead: let it go, so that the next call opens a new one and replays."""
        self._writer = None
        self.epoch += 1
        return Unavailable(
            f"Sökindexets skrivare startades om: {error}", f"The index writer was restarted: {error}"
        )

    def close(self, remove: bool = False) -> None:
        """Let go of files; staged chunks that were not committed are lost, as the port says."""
        with self._lock:
            if self._writer is not None:
                if not remove:
                    self._writer.rollback()
                self._writer = None
            self._versions.close()
        if remove:
            shutil.rmtree(self.folder, ignore_errors=True)


class TantivyIndex:
    """`SearchIndex` in a folder; safe for several threads of one process."""

    def __init__(self, home: "TantivyBackend", name: str, generation: _Generation) -> None:
        self._home = home
        self._name = name
        self.generation = generation

    def put(self, package: str, version: int, documents: Iterable[IndexDocument]) -> bool:
        """See the port. Packages of up to 500 documents change in one commit."""
        gen = self.generation
        if version < gen.version(package):
            return False
        epoch, number = gen.epoch, 0
        clear: str | None = package
        for chunk in _chunks(documents):
            number = gen.stage(epoch, clear, [_document(one, version) for one in chunk])
            clear = None
        if clear is not None and gen.knows(package):
            number = gen.stage(epoch, clear, [])
        if number and not gen.bulk:
            gen.commit(epoch, number)
        gen.hold(package, version)
        return True

    def remove(self, package: str, version: int) -> bool:
        """See the port."""
        return self.put(package, version, ())

    def search(
        self,
        tree: Node,
        filters: Filters,
        *,
        facets: tuple[str, ...] = (),
        sort: Sort = "relevance",
        cursor: str | None = None,
        limit: int = 20,
    ) -> Page:
        """See the port. Pages end at 10,000 hits."""
        gen = self.generation
        query = narrowed(gen.schema, tree, filters)
        mark = _mark(tree, filters, sort)
        offset = _offset(cursor, mark)
        searcher = gen.index.searcher()
        limit = max(0, min(limit, DEEPEST - offset))
        if sort in SORTS:
            field, descending = SORTS[sort]
            order = tantivy.Order.Desc if descending else tantivy.Order.Asc
            found = searcher.search(
                query, limit=max(limit, 1), offset=offset, order_by_field=field, order=order
            )
        else:
            found = searcher.search(query, limit=max(limit, 1), offset=offset, weight_by_field="nudge")
        total = _total(found)
        hits = tuple(
            _hit(score if isinstance(score, float) else 0.0, searcher.doc(address))
            for score, address in found.hits[:limit]
        )
        after = offset + len(hits)
        more = after < min(total, DEEPEST) and hits
        return Page(hits, total, _facets(searcher, query, facets), _cursor(after, mark) if more else None)

    def get(self, id: str) -> Hit | None:  # noqa: A002 - the port's word
        """See the port."""
        gen = self.generation
        searcher = gen.index.searcher()
        found = searcher.search(tantivy.Query.term_query(gen.schema, "id", id, "basic"), limit=1)
        return _hit(0.0, searcher.doc(found.hits[0][1])) if found.hits else None

    def count(self, kind: str | None = None) -> int:
        """See the port."""
        gen = self.generation
        searcher = gen.index.searcher()
        if kind is None:
            return searcher.num_docs
        query = tantivy.Query.term_query(gen.schema, "kind", kind, "basic")
        return _total(searcher.search(query, limit=1))

    def refresh(self) -> None:
        """See the port."""
        self.generation.commit_all()

    def switch(self, shadow: SearchIndex) -> None:
        """See the port: the folder's CURRENT is replaced, then the old generation is removed."""
        assert isinstance(shadow, TantivyIndex)
        shadow.refresh()
        self._home.point(self._name, shadow.generation.folder.name)
        old, self.generation = self.generation, shadow.generation
        self.generation.bulk = False
        old.close(remove=True)


class TantivyBackend:
    """Indexes under one folder: `<folder>/<name>/CURRENT` names the live generation."""

    def __init__(self, folder: Path, analysis: str = "") -> None:
        self._folder = folder
        self._flavour = f"s{SCHEMA}{analysis}"
        self._open: list[TantivyIndex] = []
        self._shadows: dict[str, _Generation] = {}

    def open(self, name: str) -> TantivyIndex:
        """Open the live index; one of another schema or analysis, or one that cannot be read, is left aside for a new, empty one."""
        folder = self._current(name)
        if not folder or not folder.endswith(f"-{self._flavour}"):
            folder = self._next(name)
        try:
            generation = _Generation(self._folder / name / folder, bulk=False)
        except (ValueError, OSError):
            folder = self._next(name)
            generation = _Generation(self._folder / name / folder, bulk=False)
        self.point(name, folder)
        for stale in (self._folder / name).glob("g*-s*"):
            if stale.name != folder:
                shutil.rmtree(stale, ignore_errors=True)
        index = TantivyIndex(self, name, generation)
        self._open.append(index)
        return index

    def shadow(self, name: str) -> TantivyIndex:
        """Begin an empty generation beside the live one; its puts are durable by `refresh`. One left over is removed."""
        left = self._shadows.pop(name, None)
        if left is not None and left.folder.name != self._current(name):
            left.close(remove=True)
            self._open = [one for one in self._open if one.generation is not left]
        index = TantivyIndex(self, name, _Generation(self._folder / name / self._next(name), bulk=True))
        self._shadows[name] = index.generation
        self._open.append(index)
        return index

    def generation(self, name: str) -> int:
        """Return the live generation's number, 0 before the first `open`."""
        folder = self._current(name)
        return int(folder.split("-")[0][1:]) if folder else 0

    def _current(self, name: str) -> str:
        current = self._folder / name / "CURRENT"
        return current.read_text().strip() if current.exists() else ""

    def close(self) -> None:
        """Close every index opened here."""
        for generation in {id(one.generation): one.generation for one in self._open}.values():
            generation.close()
        self._open.clear()

    def point(self, name: str, folder: str) -> None:
        """Let CURRENT name a generation's folder, atomically."""
        current = self._folder / name / "CURRENT"
        current.parent.mkdir(parents=True, exist_ok=True)
        fresh = current.with_suffix(".new")
        fresh.write_text(folder)
        fresh.replace(current)

    def _next(self, name: str) -> str:
        used = [int(one.name.split("-")[0][1:]) for one in (self._folder / name).glob("g*-s*")]
        return f"g{max([*used, self.generation(name)], default=0) + 1}-{self._flavour}"


def _chunks(documents: Iterable[IndexDocument]) -> Iterator[list[IndexDocument]]:
    rest = iter(documents)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _document(one: IndexDocument, version: int) -> tantivy.Document:
    out = tantivy.Document()
    out.add_text("id", one.id)
    for name, words in one.analysed.items():
        if words:
            out.add_text(name, words)
    for name, values in one.keywords.items():
        for value in values:
            out.add_text(name, value)
    for name, numbers in one.numbers.items():
        for number in numbers:
            out.add_integer(name, number)
    out.add_integer("version", version)
    out.add_float("nudge", crc32(one.id.encode()) / 2**32 * NUDGE)
    out.add_bytes("stored", json.dumps({"id": one.id, **one.stored}, ensure_ascii=False).encode())
    if one.text:
        out.add_bytes("text", one.text.encode())
    return out


def _total(found: Any) -> int:
    return int(found.count or 0)  # the package's stub lacks the attribute


def _hit(score: float, document: tantivy.Document) -> Hit:
    stored = json.loads(bytes(document.get_first("stored") or b"{}"))
    text = bytes(document.get_first("text") or b"").decode()
    return Hit(stored["id"], score, stored, text)


def _facets(
    searcher: tantivy.Searcher, query: tantivy.Query, names: tuple[str, ...]
) -> dict[str, tuple[tuple[str, int], ...]]:
    if not names:
        return {}
    asked = {name: {"terms": {"field": name, "size": FACET_SIZE}} for name in names}
    told = searcher.aggregate(query, asked)
    return {
        name: tuple(
            sorted(
                ((_key(bucket["key"]), int(bucket["doc_count"])) for bucket in told[name]["buckets"]),
                key=lambda pair: (-pair[1], pair[0]),
            )
        )
        for name in names
    }


def _key(key: object) -> str:
    return str(int(key)) if isinstance(key, (int, float)) else str(key)


def _mark(tree: Node, filters: Filters, sort: Sort) -> str:
    return hashlib.sha256(repr((tree, filters, sort)).encode()).hexdigest()[:16]


def _cursor(offset: int, mark: str) -> str:
    return base64.urlsafe_b64encode(f"{offset}.{mark}".encode()).decode().rstrip("=")


def _offset(cursor: str | None, mark: str) -> int:
    if cursor is None:
        return 0
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        offset, _, belongs = raw.partition(".")
        number = int(offset)
    except ValueError as error:
        raise bad_cursor() from error
    if belongs != mark or not 0 <= number <= DEEPEST:
        raise bad_cursor()
    return number
