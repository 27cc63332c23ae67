"""The query tree in OpenSearch's words."""

from collections.abc import Mapping
from typing import Any

from samarkiv_search.domain.index import Filters
from samarkiv_search.domain.query import (
    TIE,
    Best,
    Both,
    Everything,
    Fuzzy,
    Node,
    Phrase,
    Prefix,
    Term,
    Weighted,
)

RECORD_FIRST = 0.5
Body = dict[str, Any]


def translate(node: Node, boost: float = 1.0) -> Body:
    """Return the OpenSearch query of a tree."""
    match node:
        case Term(field, word):
            return {"term": {field: {"value": word, "boost": boost}}}
        case Phrase(field, words):
            return {"match_phrase": {field: {"query": " ".join(words), "boost": boost}}}
        case Prefix(field, start):
            return {"prefix": {field: {"value": start, "boost": boost}}}
        case Fuzzy(field, word, distance):
            more = {"fuzziness": distance, "prefix_length": 0, "transpositions": True}
            return {"fuzzy": {field: {"value": word, "boost": boost, **more}}}
        case Weighted(weight, inner):
            return translate(inner, boost * weight)
        case Best(ways):
            queries = [translate(one) for one in ways]
            return {"dis_max": {"queries": queries, "tie_breaker": TIE, "boost": boost}}
        case Both(nodes):
            return {"bool": {"must": [translate(one) for one in nodes], "boost": boost}}
        case Everything():
            return {"match_all": {"boost": boost}}
        case _:
            return {"match_none": {}}


def narrowed(tree: Node, filters: Filters) -> Body:
    """Return the query of a tree within filters, tombstones left out; records stand a little before their files."""
    kept: list[Body] = [{"term": {"live": True}}, *_conditions(filters.any_of)]
    if filters.either is not None:
        ways = [{"bool": {"filter": _conditions(way) or [{"match_all": {}}]}} for way in filters.either]
        kept.append({"bool": {"should": ways, "minimum_should_match": 1}} if ways else {"match_none": {}})
    if filters.year_from is not None or filters.year_to is not None:
        kept.append({"range": {"year": {"gte": filters.year_from or 1, "lte": filters.year_to or 9999}}})
    record = {"constant_score": {"filter": {"term": {"kind": "record"}}, "boost": RECORD_FIRST}}
    return {
        "bool": {
            "must": [translate(tree)],
            "filter": kept,
            "must_not": _conditions(filters.none_of),
            "should": [record],
        }
    }


def _conditions(wanted: Mapping[str, tuple[str | int, ...]]) -> list[Body]:
    return [{"terms": {name: list(values)}} for name, values in wanted.items()]
