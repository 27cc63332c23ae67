"""What goes into an index and what comes out: documents, filters, hits and pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ANALYSED = ("head", "light", "lemmas", "stems", "parts", "plain", "ids")
KEYWORDS = (
    "kind",
    "package",
    "record",
    "tenant",
    "authority",
    "record_type",
    "format",
    "custody",
    "title_order",
)
NUMBERS = ("level", "year", "date", "date_up")
FACETS = ("tenant", "authority", "record_type", "year", "format")
SCHEMA = 1

DEEPEST = 10_000
Sort = Literal["relevance", "newest", "oldest", "title"]
SORTS: Mapping[str, tuple[str, bool]] = {
    "newest": ("date", True),
    "oldest": ("date_up", False),
    "title": ("title_order", False),
}


@dataclass(frozen=True, slots=True)
class IndexDocument:
    """One whole document as the index takes it.

    `analysed` are whitespace-joined tokens by field, `keywords` exact words (none, one or several), `numbers` whole
    numbers (`year` may have several), `stored` what comes back with a hit, `text` the long text for snippets. The
    orders (`date`, `date_up`, `title_order`) are different for every document.
    """

    id: str
    analysed: Mapping[str, str]
    keywords: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, tuple[int, ...]]
    stored: Mapping[str, Any]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a hit must be: for each keyword (or `level`) one of the values; a year between two, both included.

    `either` holds whole sets of conditions of which one must hold (() = nothing may be seen); `none_of` takes out.
    """

    any_of: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)
    year_from: int | None = None
    year_to: int | None = None
    either: tuple[Mapping[str, tuple[str | int, ...]], ...] | None = None
    none_of: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)


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
