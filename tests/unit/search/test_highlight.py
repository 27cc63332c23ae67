"""Why a hit matched: marked pieces of its title and of its text."""

import time

import pytest
from samarkiv_search.analysis.highlight import Highlighter, Segment
from samarkiv_search.analysis.question import Questions

from tests.unit.search.desk import ANALYSER

SHOWER = Highlighter(ANALYSER)
QUESTIONS = Questions(ANALYSER)
FILLING = "Handlingarna i detta arkiv har förtecknats av kommunarkivet under hösten. "


def marked(segments: list[Segment]) -> list[str]:
    return [one.text for one in segments if one.mark]


@pytest.mark.parametrize(
    ("q", "text", "marks"),
    [
        ("bygglov", "Bygglovet för Kullen beviljades", ["Bygglovet"]),
        ("skolskjuts", "Beslut om skolskjutsar", ["skolskjutsar"]),
        ("skjuts", "Beslut om skolskjutsar", ["skolskjutsar"]),
        ("BN 2014/123", "Dnr BN 2014:0123, garage", ["BN 2014:0123"]),
        ("bygg*", "Byggnad och ombyggnad", ["Byggnad"]),
        ("hoganas", "Höganäs hamn", ["Höganäs"]),
        ('"ny detaljplan"', "En ny detaljplan", ["ny", "detaljplan"]),
        ("annat", "Ingenting här", []),
    ],
)
def test_words_are_marked_by_the_analysis_that_found_them(q: str, text: str, marks: list[str]) -> None:
    whole = SHOWER.whole(text, QUESTIONS.read(q, persons=False))
    assert marked(whole) == marks
    assert "".join(one.text for one in whole) == text


def test_a_snippet_of_a_long_text_is_short_and_holds_the_match() -> None:
    text = FILLING * 400 + "Nämnden beviljade bygglovet för Kullen." + FILLING * 400
    found = SHOWER.snippet(text, QUESTIONS.read("bygglov kullen", persons=False))
    assert marked(found) == ["bygglovet", "Kullen"]
    assert len("".join(one.text for one in found)) < 300
    assert found[0].text == "… "
    assert found[-1].text == " …"


def test_no_match_gives_no_snippet_and_long_texts_cost_little() -> None:
    text = FILLING * 5000
    question = QUESTIONS.read("zzyzx", persons=False)
    started = time.process_time()
    assert SHOWER.snippet(text, question) == []
    assert time.process_time() - started < 1.0
