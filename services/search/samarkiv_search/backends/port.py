"""The port `SearchIndex`: packages of whole documents in, pages of hits out; two adapters, one conformance suite."""

from collections.abc import Iterable
from typing import Protocol

from samarkiv_contracts.problems import BadRequest

from samarkiv_search.domain.index import Filters, Hit, IndexDocument, Page, Sort
from samarkiv_search.domain.query import Node


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
