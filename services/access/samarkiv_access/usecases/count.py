"""The portal's figures: counted from public records only, kept until the holdings change."""

import threading
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from samarkiv_runtime.database import Database

from samarkiv_access.store import reads, sums
from samarkiv_access.store.reads import Held


@dataclass(frozen=True)
class Member:
    """A municipality in the archive."""

    id: str
    name: str
    slug: str
    population: int
    records: int


@dataclass(frozen=True)
class RecordType:
    """A kind of record with its public records, how many members have it and from when."""

    name: str
    records: int
    members: int
    tenant: str
    first: int
    last: int


@dataclass(frozen=True)
class Figures:
    """What everyone may know of the holdings."""

    records: int
    open_records: int
    open_files: int
    copies: int
    first: int
    last: int
    members: tuple[Member, ...]
    decades: tuple[tuple[int, int], ...]
    types: tuple[RecordType, ...]
    latest: tuple[Held, ...]
    names: dict[str, str]
    example: str


class Counter:
    """Counts when asked, and again only when the holdings have changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._kept: tuple[int, Figures] | None = None

    def figures(self) -> Figures:
        """Return the figures as they stand."""
        with self._database.read() as tx:
            mark = sums.mark(tx)
            kept = self._kept
            if kept is not None and kept[0] == mark:
                return kept[1]
            with self._lock:
                figures = _count(tx)
                self._kept = (mark, figures)
                return figures


def _varied(latest: list[Held], n: int) -> list[Held]:
    """Return n of the latest, as many kinds of them as there are, none of the same title twice."""
    by_type: dict[str, list[Held]] = {}
    titles: set[str] = set()
    for one in latest:
        title = one.said.public_title or one.said.title
        if title not in titles:
            titles.add(title)
            by_type.setdefault(one.said.record_type, []).append(one)
    rounds = zip_longest(*by_type.values())
    return [one for row in rounds for one in row if one is not None][:n]


def _count(tx: Any) -> Figures:
    records, opened, first, last = sums.totals(tx)
    return Figures(
        records=records,
        open_records=opened,
        open_files=sums.open_files(tx),
        copies=sums.least_copies(tx),
        first=first,
        last=last,
        members=tuple(
            Member(row.id, row.name, row.slug, row.population, row.records) for row in sums.tenants(tx)
        ),
        decades=tuple(sums.decades(tx)),
        types=tuple(
            RecordType(row.record_type, row.records, row.members, row.tenant, row.first or 0, row.last or 0)
            for row in sums.types(tx, 12)
        ),
        latest=tuple(_varied(reads.latest(tx, 200), 5)),
        example=sums.example(tx),
        names=sums.names(tx),
    )


def figures_told(figures: Figures) -> dict[str, Any]:
    """Return the figures as the API gives them."""
    return {
        "records": figures.records,
        "open_records": figures.open_records,
        "open_files": figures.open_files,
        "copies": figures.copies,
        "years": {"first": figures.first, "last": figures.last} if figures.last else None,
        "members": [
            {"id": one.id, "name": one.name, "population": one.population or None, "records": one.records}
            for one in figures.members
        ],
        "decades": [{"decade": decade, "records": n} for decade, n in figures.decades],
        "record_types": [{"name": one.name, "records": one.records} for one in figures.types],
    }
