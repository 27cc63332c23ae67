"""The port `SearchIndex`: packages of whole documents in, pages of hits out; two adapters, one conformance suite."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from samarkiv_contracts.problems import BadRequest

from samarkiv_search.domain.query import Node

ANALYSED = ("head", "light", "lemmas", "stems", "parts", "plain", "ids")
KEYWORDS = ("kind", "package", "record", "tenant", "authority", "record_type", "format")
NUMBERS = ("level", "year", "date", "date_up", "title_key")
FACETS = ("tenant", "authority", "record_type", "year", "format")
SCHEMA = 1

DEEPEST = 10_000
Sort = Literal["relevance", "newest", "oldest", "title"]
SORTS: Mapping[str, tuple[str, bool]] = {
    "newest": ("date", True),
    "oldest": ("date_up", False),
    "title": ("title_key", False),
}


@dataclass(frozen=True, slots=True)
class IndexDocument:
    """One whole document as the index takes it.

    `analysed` are whitespace-joined tokens by field, `keywords` exact words (none, one or several), `numbers` whole
    numbers (`year` may have several), `stored` what comes back with a hit, `text` the long text for snippets.
    """

    id: str
    analysed: Mapping[str, str]
    keywords: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, tuple[int, ...]]
    stored: Mapping[str, Any]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a hit must be: for each keyword (or `level`) one of the values; a year between two, both included."""

    any_of: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)
    year_from: int | None = None
    year_to: int | None = None
    either: tuple[Mapping[str, tuple[str | int, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found: its id, what was stored with it, and its long text."""

    id: str
    score: float
    stored: Mapping[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of hits in a stable order, how many there are in all, counts by facet, and where to go on."""

    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    next: str | None


class SearchIndex(Protocol):
    """One index (`public` or `closed`): a package's documents are put and removed together, by version.

    Versions: a package's documents carry one version; a lower version never replaces a higher one, and an equal one
    replaces it by itself (so a replay changes nothing). A removed package leaves its version behind, so that an
    older put that comes late stays out. Raises `Unavailable` when the engine does not answer; then nothing that was
    not durable counts, and the same call may be made again.
    """

    def put(self, package: str, version: int, documents: Iterable[IndexDocument]) -> bool:
        """Make the package's documents exactly these; durable at return. False when a higher version is there."""
        ...

    def remove(self, package: str, version: int) -> bool:
        """Take every document of the package out and remember the version; durable and out of sight at return."""
        ...

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
        """Return a page. Order: the sort, then one stable order; walking by `next` gives each hit once.

        Raises BadRequest for a cursor that is none of ours or belongs to another search.
        """
        ...

    def get(self, id: str) -> Hit | None:  # noqa: A002 - the port's word
        """Return one document, None when it is not there."""
        ...

    def count(self, kind: str | None = None) -> int:
        """Return how many documents there are, of one kind or of all."""
        ...

    def refresh(self) -> None:
        """Make everything put so far visible to searches and, in a shadow, durable."""
        ...

    def switch(self, shadow: "SearchIndex") -> None:
        """Let searches see the shadow's documents instead of these, at once; the shadow object is used no more."""
        ...


class Backend(Protocol):
    """Where indexes live: opens the live one by name, or begins an empty shadow beside it."""

    def open(self, name: str) -> SearchIndex:
        """Open the live index `public` or `closed`; a missing one is made, empty."""
        ...

    def shadow(self, name: str) -> SearchIndex:
        """Begin a new, empty index that nobody searches yet. Puts may be durable only after `refresh`."""
        ...

    def generation(self, name: str) -> int:
        """Return the number of the live generation; it rises by every switch."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def bad_cursor() -> BadRequest:
    """Return the problem of a cursor that does not belong to this search."""
    return BadRequest(
        sv="Bläddringsmärket hör inte till den här sökningen.",
        en="The cursor does not belong to this search.",
    )
