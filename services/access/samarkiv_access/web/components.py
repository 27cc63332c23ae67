"""Examples for `/stil`, where every component is shown with its states, in the language of the page."""

from typing import Any

from samarkiv_contracts.states import WORDS, DeliveryState

from samarkiv_access.web.language import Tongue
from samarkiv_access.web.producer import TONES


def components(tongue: Tongue) -> dict[str, Any]:
    """Return what the components are shown with."""
    return {**_outcomes(tongue), **_lists(tongue), **_search(tongue), **_figures(tongue)}


def _outcomes(tongue: Tongue) -> dict[str, Any]:
    say = tongue.say
    return {
        "outcomes": [
            {
                "tone": TONES[one],
                "state_text": tongue.tell(WORDS[one]),
                "indexed": one == DeliveryState.ACCEPTED,
                "test": one == DeliveryState.CHECKING,
            }
            for one in DeliveryState
        ],
        "errors": [{"field": "prov2", "text": say("Skriv ett datum, till exempel 2026-11-24.")}],
        "story": [
            {"tone": "ok", "text": say("Det här är gjort."), "at": "2026-11-24T08:02:00Z"},
            {"tone": "wait", "text": say("Det här väntar på någon."), "at": "2026-11-24T08:04:00Z"},
            {"tone": "stop", "text": say("Det här gick inte."), "at": "2026-11-24T08:05:00Z"},
            {"tone": "next", "text": say("Det här kommer sedan."), "at": ""},
        ],
    }


def _lists(tongue: Tongue) -> dict[str, Any]:
    say = tongue.say
    task = {"href": "#main", "first": True, "progress": None, "action": ""}
    progress = {"done": 512, "total": 787, "text": say("Pågår")}
    return {
        "facts": [
            {"name": say("Arkivbildare"), "facts": [say("Byggnadsnämnden")]},
            {"name": say("Diarienummer"), "facts": ["BN 2009-000412"]},
        ],
        "tasks": [
            {
                **task,
                "tone": "wait",
                "word": say("Mottagen"),
                "title": say("Nybyggnad av enbostadshus, Tallen 3:14"),
                "text": say("Något att göra."),
                "action": say("Granska"),
            },
            {
                **task,
                "tone": "run",
                "word": say("Pågår"),
                "title": say("Bygglov"),
                "text": "512 / 787",
                "progress": progress,
            },
        ],
        "files": [
            {
                "name": "beslut.pdf",
                "about": "PDF/A-2b",
                "allowed": True,
                "view": "#main",
                "download": "#main",
                "size": 184_000,
                "level": 0,
            },
            {
                "name": say("Fil {n}", n=2),
                "about": say("Lämnas ut efter prövning"),
                "allowed": False,
                "level": 1,
            },
        ],
    }


def _search(tongue: Tongue) -> dict[str, Any]:
    say = tongue.say
    title = say("Nybyggnad av enbostadshus, Tallen 3:14")
    path = ["Lindhamra", say("Byggnadsnämnden"), say("Bygglov"), "BN 2009-000412"]
    return {
        "hits": [
            {
                "id": key,
                "href": "#main",
                "title": name,
                "marked": name,
                "level": level,
                "path": where,
                "context": "",
            }
            for key, name, level, where in (("x", title, 0, path), ("y", say("Slutbetyg"), 1, path[:2]))
        ],
        "facet": {
            "name": "x",
            "legend": say("Kommun"),
            "options": [
                {"value": "1", "text": "Lindhamra", "count": 17, "checked": True},
                {"value": "2", "text": "Rönnesta", "count": 4, "checked": False},
            ],
        },
    }


def _figures(tongue: Tongue) -> dict[str, Any]:
    return {
        "figures": [
            {"figure": tongue.number(1204), "text": tongue.say("handlingar")},
            {"figure": tongue.number(11), "text": tongue.say("kommuner i samverkan")},
        ],
        "rows": [
            {"name": "Lindhamra", "records": 900, "part": 100, "tone": ""},
            {"name": "Rönnesta", "records": 300, "part": 33, "tone": "wait"},
            {"name": "Björkevad", "records": 30, "part": 3, "tone": "stop"},
        ],
    }
