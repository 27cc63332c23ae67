"""The same documents and the same queries give the same hits on both backends (ENGINES: one analysis for both)."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from samarkiv_search.analysis import Analyser
from samarkiv_search.analysis.question import Questions
from samarkiv_search.backends.opensearch import OpenSearchBackend
from samarkiv_search.backends.port import SearchIndex
from samarkiv_search.backends.tantivy import TantivyBackend
from samarkiv_search.domain.index import Filters, IndexDocument

ADDRESS = os.environ.get("SAMARKIV_OPENSEARCH_URL", "http://127.0.0.1:19201")
CASES = Path(__file__).parents[2] / "unit" / "search" / "cases.tsv"


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[SearchIndex, SearchIndex]]:
    prefix = f"same-{uuid.uuid4().hex[:12]}"
    engine = OpenSearchBackend(ADDRESS, prefix)
    embedded = TantivyBackend(tmp_path)
    yield engine.open("public"), embedded.shadow("public")
    engine.client("public").indices.delete(index=f"{prefix}-*")
    engine.close()
    embedded.close()


@pytest.mark.engines
def test_every_case_gives_the_same_set_on_both(both: tuple[SearchIndex, SearchIndex]) -> None:
    rows = [line.split("\t") for line in CASES.read_text(encoding="utf-8").splitlines()[1:]]
    analyser = Analyser()
    documents = []
    for number, text in enumerate(dict.fromkeys(row[2] for row in rows)):
        fields = analyser.fields([text], persons=False)
        keywords = {"kind": ("record",), "package": ("p",), "title_order": (f"{number:04d}",)}
        documents.append(IndexDocument(f"d{number}", fields, keywords, {"level": (0,)}, {}))
    for index in both:
        index.put("p", 2, documents)
        index.refresh()
    questions = Questions(analyser)
    apart = []
    for query in dict.fromkeys(row[1] for row in rows):
        question = questions.read(query, persons=False)
        for tree in filter(None, (question.tree, question.fuzzy)):
            found = [{hit.id for hit in index.search(tree, Filters(), limit=300).hits} for index in both]
            if found[0] != found[1]:
                apart.append((query, found[0] ^ found[1]))
    assert apart == []
