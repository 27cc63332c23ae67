"""The figures of the conformance corpora never fall below these (issue 5)."""

import pytest

from tests import corpora_report

pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(corpora_report.corpora() is None, reason="SAMARKIV_CORPORA names no folder"),
]


def test_eark_rows_are_met(tmp_path):
    score = corpora_report.score_eark(corpora_report.corpora(), tmp_path)
    assert not score.crashed
    assert score.part("ERROR") >= 0.95, score.missed
    assert score.part("CLEAN") >= 0.98, score.missed
    assert score.part("WARNING", "INFO") >= 0.95, score.missed


def test_every_bag_gets_the_verdict_of_its_folder(tmp_path):
    score = corpora_report.score_bags(corpora_report.corpora(), tmp_path)
    assert not score.missed
