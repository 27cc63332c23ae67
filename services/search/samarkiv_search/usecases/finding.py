"""A search: the tree, the page, the near matches when nothing matched, and what is shown of each hit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from samarkiv_contracts.levels import Level

from samarkiv_search import store
from samarkiv_search.analysis.highlight import Highlighter, Segment
from samarkiv_search.analysis.question import Question, fuzzy_distance
from samarkiv_search.backends.port import SearchIndex
from samarkiv_search.domain.index import FACETS, Filters, Hit, Page, Sort
from samarkiv_search.domain.query import Node
from samarkiv_search.domain.spelling import nearest
from samarkiv_search.usecases.parts import Parts

SHOWN = 10
LONGEST_QUERY = 1000
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """One search as it was asked."""

    q: str
    filters: Filters
    sort: Sort = "relevance"
    cursor: str | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """Hits ready to be shown. `exact` is False when nothing matched and near matches are given instead."""

    items: tuple[Mapping[str, Any], ...]
    total: int
    facets: Mapping[str, Sequence[Mapping[str, Any]]]
    next: str | None
    did_you_mean: str | None
    exact: bool
    words_left_out: bool


def find(parts: Parts, asked: Asked, *, closed: bool = False) -> Answer:
    """Search the public index, or the closed one within filters that the policy gave.

    Raises BadRequest for a foreign cursor, Unavailable.
    """
    index = parts.closed if closed else parts.public
    question = parts.questions.read(asked.q[:LONGEST_QUERY], persons=closed)
    page = _page(index, question.tree, asked)
    meant, exact = None, True
    if page.total == 0 and question.fuzzy is not None:
        near = _page(index, question.fuzzy, asked)
        meant = _meant(parts, question, near.hits) if near.total else None
        if meant is not None:
            page, exact = near, False
            question = parts.questions.read(meant, persons=closed)
    titles = _records(index, page.hits)
    with parts.database.read() as tx:
        names = store.names(tx, _ids(page))
    shower = Highlighter(parts.analyser)
    items = tuple(_item(hit, titles, names, shower, question) for hit in page.hits)
    return Answer(
        items,
        page.total,
        _facets(page, names),
        page.next,
        meant,
        exact,
        question.too_long or len(asked.q) > LONGEST_QUERY,
    )


def suggest(parts: Parts, q: str, filters: Filters) -> list[str]:
    """Return public titles that begin as the words do, at most ten."""
    if not q.strip():
        return []
    tree = parts.questions.beginning(q[:LONGEST_QUERY])
    kind = {**filters.any_of, "kind": ("record",)}
    page = parts.public.search(
        tree, Filters(kind, either=filters.either, none_of=filters.none_of), limit=SHOWN * 3
    )
    return list(dict.fromkeys(str(hit.stored["title"]) for hit in page.hits if hit.stored.get("title")))[
        :SHOWN
    ]


def _page(index: SearchIndex, tree: Node, asked: Asked) -> Page:
    return index.search(
        tree, asked.filters, facets=FACETS, sort=asked.sort, cursor=asked.cursor, limit=asked.limit
    )


def _records(index: SearchIndex, hits: Sequence[Hit]) -> dict[str, Mapping[str, Any]]:
    """Return what is stored of the records behind file hits, from the same index."""
    found: dict[str, Mapping[str, Any]] = {}
    for record in {str(hit.stored["record"]) for hit in hits if hit.stored["kind"] == "file"}:
        hit = index.get(record)
        if hit is not None:
            found[record] = hit.stored
    return found


def _ids(page: Page) -> list[str]:
    ids = {
        str(hit.stored[name]) for hit in page.hits for name in ("tenant", "authority") if name in hit.stored
    }
    ids |= {value for name in ("tenant", "authority") for value, _count in page.facets.get(name, ())}
    return sorted(ids)


def _item(
    hit: Hit,
    records: Mapping[str, Mapping[str, Any]],
    names: Mapping[str, str],
    shower: Highlighter,
    question: Question,
) -> dict[str, Any]:
    own = hit.stored
    base = records.get(str(own["record"]), own) if own["kind"] == "file" else own
    tenant, authority = str(base.get("tenant", "")), str(base.get("authority", ""))
    tenant_name = names.get(tenant) or base.get("tenant_name", "")
    authority_name = names.get(authority) or base.get("authority_name", "")
    path = [one for one in (tenant_name, authority_name, base.get("series", "")) if one]
    level = int(own["level"])
    title = str(base.get("title", ""))
    item: dict[str, Any] = {
        "kind": own["kind"],
        "record": own["record"],
        "package": own["package"],
        "title": title,
        "title_marked": _told(shower.whole(title, question)),
        "public_title": base.get("public_title", ""),
        "path": path,
        "place": " › ".join(path),
        "tenant": tenant,
        "tenant_name": tenant_name,
        "authority": authority,
        "authority_name": authority_name,
        "record_type": base.get("record_type", ""),
        "registry_no": base.get("registry_no", ""),
        "dates": base.get("dates", {}),
        "level": level,
        "on_request": level == Level.ON_REQUEST,
    }
    if own["kind"] == "file":
        item["file"] = {"path": own["file"], "number": own["number"], "puid": own["puid"]}
    item["snippet"] = _told(_snippet(hit, base, shower, question))
    return item


def _snippet(hit: Hit, base: Mapping[str, Any], shower: Highlighter, question: Question) -> list[Segment]:
    """Return why it matched: in the description, in a file's name, or in its text, whichever comes first."""
    own = hit.stored
    names = [str(own["file"])] if own["kind"] == "file" else [str(one) for one in own.get("names", ())]
    about = [str(base.get("description", "")), ", ".join(str(one) for one in base.get("places", ()))]
    for text in ([] if own["kind"] == "file" else about) + names + [hit.text]:
        found = shower.snippet(text, question) if text else []
        if found:
            return found
    return []


def _told(segments: Sequence[Segment]) -> list[dict[str, Any]]:
    return [{"text": one.text, "mark": one.mark} for one in segments]


def _facets(page: Page, names: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    return {
        facet: [{"value": value, "name": names.get(value, value), "count": count} for value, count in counts]
        for facet, counts in page.facets.items()
    }


def _meant(parts: Parts, question: Question, hits: Sequence[Hit]) -> str | None:
    """Return the query with each word that is near a word of the hits put right; None when nothing changes."""
    words: dict[str, set[str]] = {}
    for number, hit in enumerate(hits[:_SAMPLE]):
        own = hit.stored
        text = hit.text[:20_000] if number < _SAMPLE // 4 else ""
        said = [
            own.get("title", ""),
            own.get("description", ""),
            own.get("file", ""),
            *own.get("names", ()),
            text,
        ]
        for piece in parts.analyser.pieces(map(str, said)):
            words.setdefault(piece, set()).add(hit.id)
    out = [
        nearest(word, words, fuzzy_distance(word), parts.analyser) if word.isalpha() else word
        for word in question.words
    ]
    meant = " ".join(out)
    return meant if meant != " ".join(question.words) else None
