"""The search page: what matched and why. It asks the search service as any client does."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape
from samarkiv_contracts.problems import Problem
from samarkiv_runtime.web import CallerOf, PolicyRouter

from samarkiv_access.web.language import Tongue
from samarkiv_access.web.portal import hint
from samarkiv_access.web.site import Site, fault_of

# The facets as the API names them in its answer, and the parameter that each one is asked by.
FACETS = {"tenant": "tenant", "authority": "authority", "record_type": "type", "format": "format"}
ASKED = (
    "q",
    "tenant",
    "authority",
    "type",
    "format",
    "level",
    "year_from",
    "year_to",
    "sort",
    "scope",
    "cursor",
)
SHOWN = 12
Query = Sequence[tuple[str, str]]


def routes(site: Site) -> PolicyRouter:
    """Return `/sok`."""
    router = PolicyRouter(include_in_schema=False)

    @router.get("/sok", action="record.find", part="public_title")
    def search(request: Request, caller: CallerOf) -> HTMLResponse:
        tongue, figures = site.tongue(request), site.counter.figures()
        query = [(key, value.strip()) for key, value in request.query_params.multi_items() if key in ASKED]
        query = [(key, value) for key, value in query if value]
        asked = dict(query)
        shown: dict[str, Any] = {
            "q": asked.get("q", ""),
            "hint": hint(figures, tongue),
            "sort": asked.get("sort", ""),
            "staff": "" if not caller.signed_in else asked.get("scope", "public"),
            "years": (asked.get("year_from", ""), asked.get("year_to", "")),
            "only_open": ("level", "0") in query,
        }
        try:
            answer = site.peers.get("search").ask("GET", "/v1/search", caller=caller, params=query)
        except Problem as problem:
            fault = fault_of(problem, tongue)
            return site.page(request, caller, "search.html", status=problem.status, fault=fault, **shown)
        return site.page(request, caller, "search.html", fault=None, **shown, **found(answer, query, tongue))

    return router


def found(answer: Mapping[str, Any], query: Query, tongue: Tongue) -> dict[str, Any]:
    """Return a search answer as the page shows it; every link keeps the question."""
    asked = dict(query)
    words = asked.get("q", "").split()
    return {
        "total": int(answer.get("total") or 0),
        "near": answer.get("exact") is False,
        "left_out": bool(answer.get("left_out")),
        "hits": [_hit(item) for item in answer.get("items", ())],
        "facets": _facets(answer, set(query), tongue),
        "chips": _chips(answer, query, tongue),
        "sorts": _sorts(query, asked.get("sort", ""), tongue),
        "meant": {"text": answer["did_you_mean"], "href": _link(query, q=str(answer["did_you_mean"]))}
        if answer.get("did_you_mean")
        else None,
        "fewer": words[:4] if len(words) > 1 else [],
        "next_href": _link(query, cursor=str(answer["next"])) if answer.get("next") else "",
        "first_href": _link(query) if asked.get("cursor") else "",
    }


def _link(query: Query, drop: tuple[str, str] | None = None, **more: str) -> str:
    kept = [(key, value) for key, value in query if key not in {"cursor", *more} and (key, value) != drop]
    return f"/sok?{urlencode([*kept, *((key, value) for key, value in more.items() if value)])}"


def _hit(item: Mapping[str, Any]) -> dict[str, Any]:
    record, file = str(item["record"]), item.get("file")
    title = item.get("public_title") or item.get("title") or item.get("record_type") or record
    marked = marked_up(item.get("title_marked") or ()) if title == item.get("title") else title
    path = [str(part) for part in item.get("path") or ()]
    return {
        "id": record,
        "href": f"/handling/{record}" + (f"/las?fil={file['number']}" if file else ""),
        "title": title,
        "marked": marked or title,
        "level": int(item["level"]),
        "path": [*path, *(str(part) for part in (item.get("registry_no"), (file or {}).get("path")) if part)],
        "context": marked_up(item.get("snippet") or ()),
    }


def marked_up(segments: Iterable[Mapping[str, Any]]) -> Markup:
    """Return text with the words that matched in `<mark>`; everything that came from outside is escaped."""
    return Markup("").join(
        Markup("<mark>{}</mark>").format(one["text"]) if one.get("mark") else escape(str(one["text"]))
        for one in segments
    )


def _facet_word(name: str, tongue: Tongue) -> str:
    return {
        "tenant": tongue.say("Kommun"),
        "authority": tongue.say("Varifrån"),
        "record_type": tongue.say("Handlingstyp"),
        "format": tongue.say("Format"),
    }[name]


def _option_word(name: str, option: Mapping[str, Any], tongue: Tongue) -> str:
    value = str(option["value"])
    if name != "format":
        return str(option.get("name") or value)
    return {
        "pdf": "PDF",
        "document": tongue.say("Textdokument"),
        "sheet": tongue.say("Kalkylark och tabeller"),
        "slides": tongue.say("Presentation"),
        "image": tongue.say("Bild"),
        "sound": tongue.say("Ljud"),
        "video": tongue.say("Film"),
        "email": tongue.say("E-post"),
        "text": tongue.say("Ren text"),
        "markup": tongue.say("XML och webbsidor"),
        "drawing": tongue.say("Ritning och karta"),
        "packed": tongue.say("Packad fil"),
        "other": tongue.say("Annat"),
    }.get(value, value)


def _facets(answer: Mapping[str, Any], chosen: set[tuple[str, str]], tongue: Tongue) -> list[dict[str, Any]]:
    groups = []
    given = answer.get("facets") or {}
    for name, parameter in FACETS.items():
        options = [
            {
                "value": str(option["value"]),
                "text": _option_word(name, option, tongue),
                "count": int(option["count"]),
                "checked": (parameter, str(option["value"])) in chosen,
            }
            for option in given.get(name, ())
        ]
        if options:
            legend = _facet_word(name, tongue)
            groups.append({"name": parameter, "legend": legend, "options": options[:SHOWN]})
    return groups


def _chips(answer: Mapping[str, Any], query: Query, tongue: Tongue) -> list[dict[str, str]]:
    words = {
        (FACETS[name], str(option["value"])): _option_word(name, option, tongue)
        for name, options in (answer.get("facets") or {}).items()
        if name in FACETS
        for option in options
    }
    words[("level", "0")] = tongue.say("Bara öppna")
    words |= {
        (key, value): tongue.say("från {year}", year=value)
        if key == "year_from"
        else tongue.say("till {year}", year=value)
        for key, value in query
        if key in {"year_from", "year_to"}
    }
    limits = {*FACETS.values(), "level", "year_from", "year_to"}
    return [
        {"text": words.get((key, value), value), "href": _link(query, drop=(key, value))}
        for key, value in query
        if key in limits
    ]


def _sorts(query: Query, sort: str, tongue: Tongue) -> list[dict[str, Any]]:
    return [
        {"text": text, "current": sort == value, "href": _link(query, sort=value)}
        for value, text in (
            ("", tongue.say("Bäst träff först")),
            ("newest", tongue.say("Nyast först")),
            ("oldest", tongue.say("Äldst först")),
        )
    ]
