"""The portal: what can I find here?"""

from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from samarkiv_runtime.web import CallerOf, PolicyRouter

from samarkiv_access.store.reads import Held
from samarkiv_access.usecases.count import Figures, RecordType
from samarkiv_access.usecases.look import public_title
from samarkiv_access.web.language import Tongue
from samarkiv_access.web.site import Site

DOORS = 5


def routes(site: Site) -> PolicyRouter:
    """Return `/`."""
    router = PolicyRouter(include_in_schema=False)

    @router.get("/", action="record.find", part="public_title")
    def portal(request: Request, caller: CallerOf) -> HTMLResponse:
        tongue, figures = site.tongue(request), site.counter.figures()
        return site.page(request, caller, "portal.html", **_portal(figures, tongue))

    return router


# ---------------------------------------------------------------------------------------------- portal


def hint(figures: Figures, tongue: Tongue) -> str:
    """Return an example for the empty search box, taken from what is there."""
    return tongue.say("Till exempel: {example}", example=figures.example) if figures.example else ""


def _portal(figures: Figures, tongue: Tongue) -> dict[str, Any]:
    years = f", {figures.first}–{figures.last}" if figures.last > figures.first > 0 else ""
    most = max((one.records for one in figures.members), default=0) or 1
    tall = max((n for _decade, n in figures.decades), default=0) or 1
    return {
        "hint": hint(figures, tongue),
        "tries": [one.name.lower() for one in figures.types[:4]],
        "figures": [
            {
                "figure": tongue.number(figures.records),
                "text": tongue.say("handlingar") + years
                if figures.records != 1
                else tongue.say("handling") + years,
            },
            {"figure": tongue.number(len(figures.members)), "text": tongue.say("kommuner i samverkan")},
            {"figure": tongue.number(figures.open_files), "text": tongue.say("filer att läsa direkt")},
            {
                "figure": tongue.number(figures.copies),
                "text": tongue.say("kopior av allt, som läses om löpande"),
            },
        ],
        "doors": [_door(one, figures, tongue) for one in figures.types[:DOORS]],
        "members": [
            {
                "name": one.name,
                "href": f"/sok?{urlencode({'tenant': one.id})}",
                "records": one.records,
                "part": round(100 * one.records / most, 1),
            }
            for one in sorted(figures.members, key=lambda one: -one.records)
        ],
        "periods": [
            {
                "text": tongue.say("{decade}-talet", decade=decade),
                "records": n,
                "part": round(100 * n / tall, 1),
            }
            for decade, n in figures.decades[-8:]
        ],
        "latest": [
            {"href": f"/handling/{held.id}", "title": public_title(held), "path": path_of(held)}
            for held in figures.latest
        ],
    }


def _door(one: RecordType, figures: Figures, tongue: Tongue) -> dict[str, str]:
    names = {member.id: member.name for member in figures.members}
    text = tongue.count("En handling", "{n} handlingar", one.records)
    if one.members == 1:
        text = tongue.say("{count} från {place}", count=text, place=names.get(one.tenant, ""))
    else:
        text = tongue.say("{count} från {n} kommuner", count=text, n=one.members)
    if one.first:
        text = f"{text}, {one.first}–{one.last}" if one.last > one.first else f"{text}, {one.first}"
    return {"href": f"/sok?{urlencode({'type': one.name})}", "title": one.name, "text": text}


def path_of(held: Held) -> list[str]:
    """Return where a record lies, from the municipality down; empty and repeated parts left out."""
    parts = [held.place.tenant_name, held.place.authority_name, held.said.series, held.said.registry_no]
    return list(dict.fromkeys(part for part in parts if part))
