"""The suite on tantivy, and what only a folder can show."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from samarkiv_contracts.problems import Unavailable
from samarkiv_search.backends.tantivy import TantivyBackend
from samarkiv_search.domain.index import Filters
from samarkiv_search.domain.query import Everything

from tests.conformance.search.suite import SearchIndexSuite, document, ids


class TestTantivy(SearchIndexSuite):
    @pytest.fixture
    def backend(self, tmp_path: Path) -> Iterator[TantivyBackend]:
        made = TantivyBackend(tmp_path)
        yield made
        made.close()

    def test_what_was_put_survives_a_stop_without_close(self, tmp_path: Path) -> None:
        first = TantivyBackend(tmp_path / "x").open("public")
        first.put("p1", 4, [document("a", "ord")])
        first.remove("p2", 6)
        first.generation._writer = None  # the process is gone; nothing was closed
        again = TantivyBackend(tmp_path / "x").open("public")
        assert ids(again.search(Everything(), Filters())) == ["a"]
        assert again.put("p1", 2, []) is False
        assert again.put("p2", 5, [document("b", package="p2")]) is False

    def test_a_dead_writer_is_reopened_and_the_replay_succeeds(self, backend: TantivyBackend) -> None:
        index = backend.open("public")

        class Dead:
            def delete_documents_by_term(self, *_told: object) -> int:
                raise ValueError("An error occurred in a thread: 'the writer was killed'")

        index.generation._writer = Dead()  # type: ignore[assignment]
        with pytest.raises(Unavailable):
            index.put("p1", 2, [document("a", "ord")])
        assert index.put("p1", 2, [document("a", "ord")])
        assert ids(index.search(Everything(), Filters())) == ["a"]

    def test_a_folder_of_rubbish_gives_an_empty_new_generation(self, tmp_path: Path) -> None:
        backend = TantivyBackend(tmp_path / "y")
        index = backend.open("public")
        index.put("p1", 2, [document("a", "ord")])
        backend.close()
        (index.generation.folder / "meta.json").write_text("{ rubbish")
        again = TantivyBackend(tmp_path / "y")
        assert again.open("public").count() == 0
        assert again.generation("public") == 2
