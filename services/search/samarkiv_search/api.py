"""The public API of search: find, suggest, and the operator's view of the index."""

from collections.abc import Callable
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field
from samarkiv_contracts.problems import NotSignedIn
from samarkiv_runtime.policy import Reach, Resource, Scope
from samarkiv_runtime.policy.model import EVERY
from samarkiv_runtime.web import CallerOf, PolicyRouter

from samarkiv_search import store
from samarkiv_search import tables as t
from samarkiv_search.domain.index import Filters, Sort
from samarkiv_search.usecases import overview, rebuild
from samarkiv_search.usecases.finding import Answer, Asked, find, suggest
from samarkiv_search.usecases.parts import Parts

Words = Annotated[list[str], Field(max_length=50)]
Year = Annotated[int | None, Field(ge=1, le=9999)]


class SearchQuery(BaseModel):
    """What a search may ask. Lists are given by repeating the parameter; members and boards by id, reference or name."""

    q: str = Field(
        default="", description='words, "phrases", identifiers, a trailing * (at most 20 words count)'
    )
    tenant: Words = []
    authority: Words = []
    type: Words = Field(default=[], description="record type")
    format: Words = Field(default=[], description="format family, as in the facet")
    level: Annotated[list[int], Field(max_length=3)] = []
    kind: Annotated[list[Literal["record", "file"]], Field(max_length=2)] = []
    year_from: Year = None
    year_to: Year = None
    sort: Literal["", "relevance", "newest", "oldest", "title"] = Field(
        default="", description="relevance; newest when nothing is asked"
    )
    scope: Literal["public", "staff"] = "public"
    cursor: str = ""
    limit: int = Field(default=20, ge=1, le=100)


def routes(parts: Parts, wake: Callable[[], None]) -> PolicyRouter:
    """Return the routes of search; `wake` lets a rebuild that was asked for begin."""
    router = PolicyRouter(tags=["search"])
    _finding(router, parts)
    _running(router, parts, wake)
    return router


def _finding(router: PolicyRouter, parts: Parts) -> None:
    @router.get("/v1/search", action="record.find", part="public_title", summary="Search")
    def search(
        request: Request, response: Response, caller: CallerOf, query: Annotated[SearchQuery, Query()]
    ) -> dict[str, Any]:
        """Find records (and files of large records).

        `scope=public`: what everyone may know, whoever asks, never tied to a person. `scope=staff`: what the signed-in
        caller reaches; level 2 only within a posted purpose, and `left_out` says so always, alike.
        Personal numbers find nothing in the public search.
        """
        staff = query.scope == "staff"
        if staff and not caller.signed_in:
            raise NotSignedIn(headers={"WWW-Authenticate": "Bearer"})
        seen = caller.scope("record.find", "metadata") if staff else None
        if not staff:
            caller.context.meters.count("samarkiv_public_reads_total", action="record.find")
        chosen: Sort = query.sort or ("relevance" if query.q.strip() else "newest")
        asked = Asked(query.q, _filters(parts, query, seen), chosen, query.cursor or None, query.limit)
        answer = find(parts, asked, closed=staff)
        if answer.next:
            pairs = [(key, value) for key, value in parse_qsl(request.url.query) if key != "cursor"]
            pairs.append(("cursor", answer.next))
            response.headers["Link"] = f'<{request.url.path}?{urlencode(pairs)}>; rel="next"'
        return _told(answer) | ({"left_out": seen.left_out} if seen is not None else {})

    @router.get("/v1/search/suggest", action="record.find", part="public_title", summary="Suggest titles")
    def suggestions(q: Annotated[str, Query(max_length=200)] = "") -> dict[str, Any]:
        """Return public titles that begin as the words do; never anything but the public index."""
        with parts.database.read() as tx:
            closed = store.closed_tenants(tx)
        found = suggest(parts, q, Filters(none_of={"tenant": closed} if closed else {}))
        return {"items": [{"title": one} for one in found], "next": None}


def _filters(parts: Parts, query: SearchQuery, seen: Scope | None) -> Filters:
    with parts.database.read() as tx:
        wanted: dict[str, tuple[str | int, ...]] = {
            "tenant": store.ids_of(tx, t.tenant, query.tenant),
            "authority": store.ids_of(tx, t.authority, query.authority),
            "record_type": tuple(query.type),
            "format": tuple(query.format),
            "level": tuple(query.level),
            "kind": tuple(query.kind),
        }
        closed = store.closed_tenants(tx)
    return Filters(
        {name: values for name, values in wanted.items() if values},
        query.year_from,
        query.year_to,
        either=None if seen is None else either(seen),
        none_of={"tenant": closed} if closed else {},
    )


def _running(router: PolicyRouter, parts: Parts, wake: Callable[[], None]) -> None:
    @router.get("/v1/index", action="service.health", part="registry", summary="The index")
    def index(caller: CallerOf) -> dict[str, Any]:
        """Return what the indexes hold beside what the rows say, the generation, and the last rebuild."""
        caller.must("service.health", Resource("service", "search", part="registry"))
        return overview.overview(parts)

    @router.post(
        "/v1/index/rebuild",
        action="event.retry",
        part="event",
        status_code=202,
        summary="Build the index anew",
    )
    def rebuild_index(caller: CallerOf) -> dict[str, Any]:
        """Build both indexes anew in a shadow and switch; searches go on meanwhile. A running rebuild is not doubled."""
        caller.must("event.retry", Resource("event", "rebuild", part="event"))
        number = rebuild.ask(parts, "operator")
        wake()
        return {"rebuild": number}


def either(scope: Scope) -> tuple[dict[str, tuple[str | int, ...]], ...]:
    """Return a scope as sets of conditions of which one must hold; reaches that no indexed record can meet are left out."""
    out: list[dict[str, tuple[str | int, ...]]] = [
        _conditions(reach)
        for reach in scope.reaches
        if reach.states is None and reach.agreements is None and reach.account is None
    ]
    return tuple(out)


def _conditions(reach: Reach) -> dict[str, tuple[str | int, ...]]:
    out: dict[str, tuple[str | int, ...]] = {}
    if reach.tenant != EVERY:
        out["tenant"] = (reach.tenant,)
    if reach.authority != EVERY:
        out["authority"] = (reach.authority,)
    if reach.custody is not None:
        out["custody"] = (reach.custody,)
    if reach.levels is not None:
        out["level"] = tuple(sorted(reach.levels))
    if reach.record_types is not None:
        out["record_type"] = tuple(sorted(reach.record_types))
    return out


def _told(answer: Answer) -> dict[str, Any]:
    return {
        "items": answer.items,
        "total": answer.total,
        "facets": answer.facets,
        "next": answer.next,
        "did_you_mean": answer.did_you_mean,
        "exact": answer.exact,
        "words_left_out": answer.words_left_out,
    }
