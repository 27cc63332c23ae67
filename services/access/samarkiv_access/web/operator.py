"""The operator's page: is the archive healthy, and what stands still? No content is shown here."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from samarkiv_contracts.paths import SERVICES
from samarkiv_contracts.problems import NotFound, Problem
from samarkiv_runtime.policy import Resource
from samarkiv_runtime.web import Caller, CallerOf, PolicyRouter

from samarkiv_access.web.language import Tongue
from samarkiv_access.web.site import Site, fault_of

TONES = {"ok": "ok", "bad": "stop", "could_not_check": "wait"}


def routes(site: Site) -> PolicyRouter:
    """Return `/drift` and what can be done with a parked event."""
    router = PolicyRouter(include_in_schema=False)

    @router.get("/drift", action="service.health", part="registry")
    def desk(request: Request, caller: CallerOf, klart: str = "") -> HTMLResponse:
        caller.must("service.health", Resource("service", part="registry"))
        return _desk(site, request, caller, done=klart)

    @router.post("/drift/{service}/{n}", action="event.retry", part="event")
    async def act(service: str, n: int, request: Request, caller: CallerOf) -> Response:
        from fastapi.concurrency import run_in_threadpool

        if service not in SERVICES:
            raise NotFound
        form = await request.form()
        verb = str(form.get("verb", ""))
        reason = str(form.get(f"reason-{service}-{n}", "")).strip()
        return await run_in_threadpool(_act, site, request, caller, service, n, verb, reason)

    return router


def _act(
    site: Site, request: Request, caller: Caller, service: str, n: int, verb: str, reason: str
) -> Response:
    tongue = site.tongue(request)
    peer, address = site.peers.get(service), f"/v1/services/{service}/parked/{n}"
    if verb == "drop":
        if not reason:
            told = tongue.say("Skriv varför händelsen tas bort.")
            return _desk(site, request, caller, wrong={f"reason-{service}-{n}": told})
        peer.ask("POST", f"{address}/drop", caller=caller, json={"reason": reason})
    else:
        peer.ask("POST", f"{address}/retry", caller=caller)
    return RedirectResponse(f"/drift?klart={'drop' if verb == 'drop' else 'retry'}", status_code=303)


def _desk(
    site: Site,
    request: Request,
    caller: Caller,
    *,
    done: str = "",
    wrong: Mapping[str, str] | None = None,
) -> HTMLResponse:
    tongue = site.tongue(request)
    services, parked = [], []
    for name in SERVICES:
        service, stopped = _service(site, caller, name, tongue)
        services.append(service)
        parked += stopped
    errors = [{"field": field, "text": told} for field, told in (wrong or {}).items()]
    return site.page(
        request,
        caller,
        "operator.html",
        status=422 if errors else 200,
        answer=_answer(services, parked, tongue),
        done={
            "retry": tongue.say("Händelsen körs om."),
            "drop": tongue.say("Händelsen är borttagen."),
        }.get(done, ""),
        errors=errors,
        services=services,
        parked=parked,
    )


def _answer(services: list[dict[str, Any]], parked: list[dict[str, Any]], tongue: Tongue) -> dict[str, str]:
    ill = [one["title"] for one in services if one["tone"] != "ok"]
    if ill:
        text = tongue.say("Se {names}.", names=", ".join(ill))
        return {"tone": "stop", "word": tongue.say("Behöver åtgärd"), "text": text}
    if parked:
        text = tongue.count(
            "Alla tjänster svarar. En händelse är stoppad.",
            "Alla tjänster svarar. {n} händelser är stoppade.",
            len(parked),
        )
        return {"tone": "wait", "word": tongue.say("Stoppade händelser"), "text": text}
    return {
        "tone": "ok",
        "word": tongue.say("Mår bra"),
        "text": tongue.say("Alla tjänster svarar och inget är stoppat."),
    }


def _service(
    site: Site, caller: Caller, name: str, tongue: Tongue
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    peer, base = site.peers.get(name), f"/v1/services/{name}"
    words = {
        "ok": tongue.say("Svarar"),
        "bad": tongue.say("Svarar inte"),
        "could_not_check": tongue.say("Vet inte"),
    }
    told: dict[str, Any] = {
        "name": name,
        "title": _title(name, tongue),
        "tone": "ok",
        "word": tongue.say("Mår bra"),
        "parts": [],
        "queue": None,
    }
    try:
        health = peer.ask("GET", f"{base}/health", caller=caller)
        lag = peer.ask("GET", f"{base}/lag", caller=caller)["items"]
        stopped = peer.ask("GET", f"{base}/parked", caller=caller, params={"limit": 50})["items"]
    except Problem as problem:
        fault = fault_of(problem, tongue)
        return told | {"tone": "stop", "word": fault["title"]}, []
    told["parts"] = [
        {
            "name": part["name"],
            "tone": TONES.get(part["outcome"], ""),
            "word": words.get(part["outcome"], part["outcome"]),
            "detail": part.get("detail", ""),
        }
        for part in health["checks"]
    ]
    if not health["ready"]:
        told |= {"tone": "stop", "word": tongue.say("Behöver åtgärd")}
    waits = sum(
        int(one["unread"]) + int(one["waiting"]) + int(one["ready"]) + int(one["later"]) for one in lag
    )
    runs = sum(int(one["running"]) for one in lag)
    told["queue"] = tongue.say("{w} väntar, {r} pågår", w=tongue.number(waits), r=tongue.number(runs))
    return told, [_parked(name, one) for one in stopped]


def _title(name: str, tongue: Tongue) -> str:
    return {
        "ingest": tongue.say("Mottagning"),
        "preservation": tongue.say("Bevarande"),
        "search": tongue.say("Sökning"),
        "access": tongue.say("Tillgång"),
    }[name]


def _parked(service: str, one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "service": service,
        "n": one["id"],
        "type": one["type"] or one["topic"],
        "reason": f"{one['code']}: {one['reason']}" if one["reason"] else one["code"],
        "attempts": one["attempts"],
        "lane": one["key"],
        "at": "",
    }
