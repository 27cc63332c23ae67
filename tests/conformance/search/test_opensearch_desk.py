"""The use cases of search on OpenSearch: index, raise, rebuild, find."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from samarkiv_contracts.events.package import PackageRestricted, PackageUpdated
from samarkiv_search.backends.opensearch import OpenSearchBackend
from samarkiv_search.domain.index import Filters
from samarkiv_search.usecases import indexing, rebuild
from samarkiv_search.usecases.finding import Asked, find, suggest

from tests.unit.search.desk import Desk, record
from tests.unit.search.test_indexing import stored

ADDRESS = os.environ.get("SAMARKIV_OPENSEARCH_URL", "http://127.0.0.1:19201")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    prefix = f"desk-{uuid.uuid4().hex[:12]}"
    backend = OpenSearchBackend(ADDRESS, prefix)
    yield Desk(tmp_path, backend)
    backend.client("public").indices.delete(index=f"{prefix}-*")
    backend.close()


@pytest.mark.engines
def test_the_walk_of_a_package_through_the_index(desk: Desk) -> None:
    files = [f"bilder/IMG_{number:04d}.jpg" for number in range(30)]
    name = desk.shelf.store(
        1, [record(1, "Bygglov för carport"), record(2, "Hemligt", level=2, files=())], files
    )
    desk.hear(indexing.index_stored, stored(name))
    desk.text(name, 1, {files[7]: "Nämnden beslutade om utredningar"})
    desk.hear(indexing.index_updated, PackageUpdated(package=name, version=1, change="derivatives"))
    answer = find(desk.parts, Asked("utredningen", Filters()))
    assert answer.items[0]["file"]["path"] == files[7]
    assert {"text": "utredningar", "mark": True} in answer.items[0]["snippet"]
    assert find(desk.parts, Asked("bygglovv carport", Filters())).did_you_mean == "bygglov carport"
    assert suggest(desk.parts, "bygg", Filters()) == ["Bygglov för carport"]
    assert find(desk.parts, Asked("hemligt", Filters())).total == 0
    assert find(desk.parts, Asked("hemligt", Filters()), closed=True).total == 1

    rebuild.ask(desk.parts, "operator")
    assert rebuild.run(desk.parts, lambda: False)
    assert find(desk.parts, Asked("utredningen", Filters())).total == 2  # the record and its file
    assert desk.backend.generation("public") == 2

    desk.shelf.store(1, [record(1, "Bygglov för carport", level=2)], files, version=2)
    desk.hear(indexing.restrict, PackageRestricted(package=name, version=2, level=2))
    desk.hear(indexing.index_stored, stored(name))
    assert desk.parts.public.count() == 0
    assert find(desk.parts, Asked("", Filters())).total == 0
    assert find(desk.parts, Asked("carport", Filters()), closed=True).total == 1
