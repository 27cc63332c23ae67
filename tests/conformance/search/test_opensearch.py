"""The suite on OpenSearch (make test-engines)."""

import os
import uuid
from collections.abc import Iterator

import pytest
from samarkiv_contracts.problems import Unavailable
from samarkiv_search.backends.opensearch import OpenSearchBackend
from samarkiv_search.domain.index import Filters
from samarkiv_search.domain.query import Everything

from tests.conformance.search.suite import SearchIndexSuite, document, ids

ADDRESS = os.environ.get("SAMARKIV_OPENSEARCH_URL", "http://127.0.0.1:19201")


@pytest.mark.engines
class TestOpenSearch(SearchIndexSuite):
    @pytest.fixture
    def backend(self) -> Iterator[OpenSearchBackend]:
        prefix = f"test-{uuid.uuid4().hex[:12]}"
        made = OpenSearchBackend(ADDRESS, prefix)
        yield made
        made.client("public").indices.delete(index=f"{prefix}-*")
        made.close()

    def test_a_put_that_was_overtaken_buries_what_it_put(self, backend: OpenSearchBackend) -> None:
        index = backend.open("public")
        index.remove("p1", 6)
        late = backend.open("public")
        late._held = lambda _package: 0 if late.__dict__.pop("blind", None) else 6  # type: ignore[method-assign]
        late.__dict__["blind"] = True
        assert late.put("p1", 4, [document("a", "ord")]) is False
        index.refresh()
        assert ids(index.search(Everything(), Filters())) == []

    def test_a_silent_engine_is_unavailable(self) -> None:
        with pytest.raises(Unavailable):
            OpenSearchBackend("http://127.0.0.1:1", "x").open("public").count()
