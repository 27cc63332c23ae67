"""The Swedish analysis: our own cases, and the municipal corpus where it is at hand."""

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from samarkiv_search.analysis import Analyser
from samarkiv_search.analysis.question import MOST_WORDS, Questions
from samarkiv_search.backends.port import SearchIndex
from samarkiv_search.backends.tantivy import TantivyBackend
from samarkiv_search.domain.index import Filters, IndexDocument
from samarkiv_search.domain.query import Both, Nothing

CASES = Path(__file__).with_name("cases.tsv")
CORPUS = Path(os.environ.get("SAMARKIV_CORPORA", "")) / "swedish-search.tsv"


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    made = Analyser()
    made.warm()
    return made


def filled(folder: Path, analyser: Analyser, texts: dict[str, str]) -> SearchIndex:
    index = TantivyBackend(folder).shadow("public")
    for name, text in texts.items():
        fields = {**analyser.fields([text], persons=False)}
        index.put(
            name,
            2,
            [IndexDocument(name, fields, {"kind": ("record",), "package": (name,)}, {"level": (0,)}, {})],
        )
    index.refresh()
    return index


def found(index: SearchIndex, analyser: Analyser, query: str) -> list[str]:
    question = Questions(analyser).read(query, persons=False)
    hits = index.search(question.tree, Filters(), limit=300).hits
    if not hits and question.fuzzy is not None:
        hits = index.search(question.fuzzy, Filters(), limit=300).hits
    return [hit.id for hit in hits]


def table(path: Path) -> Iterator[list[str]]:
    yield from (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:])


def test_every_case_of_our_own_is_found_or_kept_apart(tmp_path: Path, analyser: Analyser) -> None:
    rows = list(table(CASES))
    texts = {text: text for _kind, _query, text, _expect in rows}
    index = filled(tmp_path, analyser, texts)
    wrong = [
        (query, text, expect)
        for _kind, query, text, expect in rows
        if (text in found(index, analyser, query)) != (expect == "hit")
    ]
    assert wrong == []


@pytest.mark.corpora
@pytest.mark.skipif(not CORPUS.is_file(), reason="SAMARKIV_CORPORA has no swedish-search.tsv")
def test_the_municipal_corpus_is_found_to_ninety_five_in_a_hundred(
    tmp_path: Path, analyser: Analyser
) -> None:
    rows = list(table(CORPUS))
    index = filled(tmp_path, analyser, {row[3]: row[4] for row in rows})
    right: dict[str, list[bool]] = defaultdict(list)
    for _id, kind, query, document, _text, expect in rows:
        hits = found(index, analyser, query)
        if kind == "diacritic-order" and expect == "nohit":
            above = next(row[3] for row in rows if row[2] == query and row[5] == "hit")
            right[expect].append(document not in hits or hits.index(above) < hits.index(document))
        else:
            right[expect].append((document in hits) == (expect == "hit"))
    assert sum(right["hit"]) / len(right["hit"]) >= 0.95
    assert sum(right["nohit"]) / len(right["nohit"]) >= 0.98


def test_a_personal_number_leaves_no_trace_in_an_open_index(analyser: Analyser) -> None:
    text = "Intyg för 19121212-1212, även skrivet 1212121212 och 121212-1212"
    shown = " ".join(analyser.fields([text], persons=False).values())
    assert "1212" not in shown
    closed = analyser.fields([text], persons=True)["ids"].split()
    assert {"121212-1212", "19121212-1212"} <= set(closed)
    questions = Questions(analyser)
    assert questions.read("19121212-1212", persons=False).tree == Nothing()
    assert questions.read("19121212-1212", persons=True).tree != Nothing()


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("BN 2014/0123", {"bn2014-123", "2014-123"}),
        ("KS-2015-77", {"ks2015-77", "2015-77"}),
        ("den 5 mars 2014", {"2014-03-05"}),
        ("5/3 2014", {"2014-03-05"}),
        ("20140305", {"2014-03-05"}),
        ("Kungsgård 5:27", {"5:27"}),
        ("1 250 000 kr", {"1250000"}),
        ("§ 45", {"§45"}),
        ("212000-1124", {"212000-1124", "2120001124"}),
        ("protokoll_2014-03-05.pdf", {"2014-03-05"}),
    ],
)
def test_identifiers_have_one_form(analyser: Analyser, text: str, ids: set[str]) -> None:
    assert set(analyser.fields([text], persons=False)["ids"].split()) == ids


def test_a_query_of_many_words_keeps_the_first_twenty_and_says_so(analyser: Analyser) -> None:
    question = Questions(analyser).read(" ".join(f"ord{chr(97 + n)}" for n in range(25)), persons=False)
    assert question.too_long
    assert isinstance(question.tree, Both)
    assert len(question.tree.nodes) == MOST_WORDS


def test_a_phrase_never_runs_from_one_text_into_the_next(tmp_path: Path, analyser: Analyser) -> None:
    fields = analyser.fields(["Taxa för renhållning", "Avgift för bygglov"], persons=False)
    index = TantivyBackend(tmp_path).open("public")
    index.put("p", 2, [IndexDocument("p", fields, {"package": ("p",), "kind": ("record",)}, {}, {})])
    assert found(index, analyser, '"renhållning avgift"') == []
    assert found(index, analyser, '"för renhållning"') == ["p"]
