"""The query tree in tantivy's words."""

import re
from collections.abc import Mapping

import tantivy
from tantivy import Occur, Query, Schema

from samarkiv_search.domain.index import NUMBERS, Filters
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


def translate(schema: Schema, node: Node) -> Query:
    """Return the tantivy query of a tree."""
    match node:
        case Term(field, word):
            return Query.term_query(schema, field, word, "freq")
        case Phrase(field, words):
            return Query.phrase_query(schema, field, list(words))
        case Prefix(field, start):
            return Query.regex_query(schema, field, re.escape(start) + ".*")
        case Fuzzy(field, word, distance):
            return Query.fuzzy_term_query(schema, field, word, distance)
        case Weighted(weight, inner):
            return Query.boost_query(translate(schema, inner), weight)
        case Best(ways):
            return Query.disjunction_max_query([translate(schema, one) for one in ways], TIE)
        case Both(nodes):
            return Query.boolean_query([(Occur.Must, translate(schema, one)) for one in nodes])
        case Everything():
            return Query.all_query()
        case _:
            return Query.empty_query()


def narrowed(schema: Schema, tree: Node, filters: Filters) -> Query:
    """Return the query of a tree within filters; records stand a little before their files."""
    must: list[tuple[Occur, Query]] = [(Occur.Must, translate(schema, tree))]
    must.extend(
        (Occur.Must, Query.const_score_query(one, 0.0)) for one in _conditions(schema, filters.any_of)
    )
    must.extend((Occur.MustNot, one) for one in _conditions(schema, filters.none_of))
    if filters.either is not None:
        ways = [(Occur.Should, _all(_conditions(schema, way))) for way in filters.either]
        must.append((Occur.Must, Query.const_score_query(Query.boolean_query(ways), 0.0)))
    if filters.year_from is not None or filters.year_to is not None:
        years = Query.range_query(
            schema, "year", tantivy.FieldType.Integer, filters.year_from or 1, filters.year_to or 9999
        )
        must.append((Occur.Must, Query.const_score_query(years, 0.0)))
    record = Query.const_score_query(Query.term_query(schema, "kind", "record", "basic"), RECORD_FIRST)
    return Query.boolean_query([*must, (Occur.Should, record)])


def _all(conditions: list[Query]) -> Query:
    return Query.boolean_query([(Occur.Must, one) for one in conditions]) if conditions else Query.all_query()


def _conditions(schema: Schema, wanted: Mapping[str, tuple[str | int, ...]]) -> list[Query]:
    out: list[Query] = []
    for name, values in wanted.items():
        kept = [int(one) for one in values] if name in NUMBERS else list(values)
        out.append(Query.term_set_query(schema, name, kept) if kept else Query.empty_query())
    return out
