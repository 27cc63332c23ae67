"""Cursors and the Link header."""

import pytest
from fastapi import Request, Response
from samarkiv_contracts.problems import InvalidInput
from samarkiv_runtime.paging import decode_cursor, encode_cursor, limit_of, page_answer, page_of
from samarkiv_runtime.telemetry import METRICS, Meters


def test_a_cursor_comes_back_as_it_was() -> None:
    cursor = encode_cursor("Åsbrolid", 7)
    assert decode_cursor(cursor, str, int) == ("Åsbrolid", 7)
    assert decode_cursor("", str) is None


@pytest.mark.parametrize("cursor", ["!", "åäö", encode_cursor("a"), encode_cursor(1, "a"), "W10", "W" * 5000])
def test_a_cursor_that_is_none_of_ours_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput):
        decode_cursor(cursor, str, int)


def test_a_page_tells_where_the_next_begins() -> None:
    request = Request(
        {"type": "http", "method": "GET", "path": "/v1/x", "query_string": b"q=a&cursor=old", "headers": []}
    )
    response = Response()
    page = page_of(["a", "b", "c"], 2, str.upper, encode_cursor)
    body = page_answer(page, request, response, total=3)
    assert body == {"items": ["A", "B"], "next": encode_cursor("b"), "total": 3}
    assert response.headers["link"] == f'</v1/x?q=a&cursor={encode_cursor("b")}>; rel="next"'
    last = page_answer(page_of(["c"], 2, str.upper, encode_cursor), request, Response())
    assert last["next"] is None


def test_limits_are_kept() -> None:
    assert (limit_of(None), limit_of(500)) == (50, 500)
    for wrong in (0, 501):
        with pytest.raises(InvalidInput):
            limit_of(wrong)


def test_metrics_are_declared_once_with_names_by_the_convention() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    for metric in METRICS:
        assert metric.name.startswith("samarkiv_")
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert not {"id", "tenant", "account", "package"} & set(metric.labels)
    meters = Meters()
    meters.count("samarkiv_deliveries_total", outcome="accepted")
    meters.pull("samarkiv_parked_events", lambda: {("ingest",): 3.0})
    text = meters.text().decode()
    assert 'samarkiv_deliveries_total{outcome="accepted"} 1.0' in text
    assert 'samarkiv_parked_events{consumer="ingest"} 3.0' in text
    with pytest.raises(KeyError):
        meters.count("samarkiv_unknown_total")
