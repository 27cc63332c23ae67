"""The archivist's desk: what needs me, what is under way, what became ready today."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from samarkiv_contracts.problems import Forbidden, InvalidInput, Problem
from samarkiv_runtime.policy import Resource
from samarkiv_runtime.web import Caller, CallerOf, PolicyRouter

from samarkiv_access.store import sums
from samarkiv_access.web.delivery import counts, delivery_page
from samarkiv_access.web.language import Tongue
from samarkiv_access.web.producer import MOVING, capital, row
from samarkiv_access.web.render import STOCKHOLM, moment
from samarkiv_access.web.site import Site, fault_of, must_list

SHOWN = 12
OVERDUE_DAYS = 90


def routes(site: Site) -> PolicyRouter:
    """Return `/arkivarie`, and the decision on a delivery."""
    router = PolicyRouter(include_in_schema=False)

    @router.get("/arkivarie", action="delivery.return", part="metadata")
    def desk(request: Request, caller: CallerOf, klart: str = "") -> HTMLResponse:
        must_list(caller, "delivery.return")
        return _desk(site, request, caller, klart)

    @router.post("/leverans/{delivery}/beslut", action="delivery.return", part="metadata")
    def decide(
        delivery: str,
        request: Request,
        caller: CallerOf,
        verb: Annotated[str, Form()] = "",
        reason: Annotated[str, Form()] = "",
    ) -> Response:
        tongue = site.tongue(request)
        if verb not in {"approve", "return"}:
            raise InvalidInput
        if not reason.strip():
            wrong = {"reason": tongue.say("Skriv en motivering.")}
            return delivery_page(site, request, caller, delivery, wrong=wrong)
        try:
            site.peers.get("ingest").ask(
                "POST", f"/v1/deliveries/{delivery}/{verb}", caller=caller, json={"reason": reason.strip()}
            )
        except (Forbidden, InvalidInput) as problem:
            if problem.stable_code in {"login_again", "assurance"}:
                raise
            told = fault_of(problem, tongue)
            wrong = {"reason": f"{told['title']} {told['todo']}"}
            return delivery_page(site, request, caller, delivery, wrong=wrong, reason=reason)
        return RedirectResponse(f"/leverans/{delivery}?klart={verb}", status_code=303)

    return router


# ---------------------------------------------------------------------------------------------- the desk


def _desk(site: Site, request: Request, caller: Caller, done: str) -> HTMLResponse:
    tongue, fault = site.tongue(request), None
    lists: dict[str, list[Any]] = {"needs": [], "moving": [], "ready": []}
    wanted = {
        "needs": "held,parked,rejected",
        "moving": ",".join(sorted(MOVING)),
        "ready": "accepted",
    }
    more = False
    try:
        for name, states in wanted.items():
            answer = site.ask("ingest", "/v1/deliveries", caller, state=states, limit=50)
            lists[name] = answer["items"]
            more = more or (name == "needs" and bool(answer["next"]))
    except Problem as problem:
        fault = fault_of(problem, tongue)
    today = site.clock.now().astimezone(STOCKHOLM).date().isoformat()
    needs = sorted(lists["needs"], key=lambda item: ("held", "parked", "rejected").index(str(item["state"])))
    open_needs = [item for item in needs if item["state"] != "rejected" or _is_today(item, today)]
    tests = [item for item in lists["moving"] if item.get("test") and item["state"] == "passed"]
    moving = [item for item in lists["moving"] if item not in tests]
    ready = [item for item in [*lists["ready"], *tests] if _is_today(item, today)]
    return site.page(
        request,
        caller,
        "archivist.html",
        greeting=_greeting(site.clock.now(), tongue),
        needs_count=len(open_needs),
        done=done,
        fault=fault,
        needs=[_need(item, tongue, first=n == 0) for n, item in enumerate(open_needs[:SHOWN])],
        more_needs="/producent?state=held,parked,rejected" if more or len(open_needs) > SHOWN else "",
        moving=[_moving(item, tongue) for item in moving[:SHOWN]],
        ready=[_ready(item, tongue) for item in ready[:SHOWN]],
        more_ready=len(ready) > SHOWN,
        cases=_cases(site, caller, tongue),
    )


def _is_today(item: Mapping[str, Any], today: str) -> bool:
    return moment(str(item.get("updated_at") or item.get("received_at") or ""))[:10] == today


def _greeting(now: datetime, tongue: Tongue) -> str:
    hour = now.astimezone(STOCKHOLM).hour
    if 5 <= hour < 10:
        return tongue.say("God morgon")
    if 10 <= hour < 12:
        return tongue.say("God förmiddag")
    if 12 <= hour < 18:
        return tongue.say("God eftermiddag")
    return tongue.say("God kväll")


def _task(one: Mapping[str, Any], text: str, action: str, *, first: bool) -> dict[str, Any]:
    state = str(one["state_text"])
    where = f" · {one['tenant']}" if one["tenant"] else ""
    return {
        "tone": one["tone"],
        "word": state[:1].upper() + state[1:],
        "title": f"{one['title']}{where}",
        "text": text,
        "href": one["href"],
        "action": action,
        "first": first,
        "progress": None,
    }


def _need(item: Mapping[str, Any], tongue: Tongue, *, first: bool) -> dict[str, Any]:
    one = row(item, tongue)
    errors = int(one["findings"].get("ERROR", 0))
    found = capital(", ".join(counts(one["findings"], tongue)) or tongue.say("Inga avvikelser"))
    files = tongue.count("en fil", "{n} filer", one["files"])
    texts = {
        "held": tongue.say("{findings} att ta ställning till, {files}.", findings=found, files=files),
        "parked": tongue.say("Driften är underrättad. Ingenting har gått förlorat."),
        "rejected": tongue.count(
            "Ett fel. Producenten har fått rapporten.", "{n} fel. Producenten har fått rapporten.", errors
        ),
    }
    held = one["state"] == "held"
    action = tongue.say("Granska") if held else tongue.say("Visa")
    return _task(one, texts.get(one["state"], ""), action, first=first and held)


def _moving(item: Mapping[str, Any], tongue: Tongue) -> dict[str, Any]:
    one = row(item, tongue)
    files = (
        tongue.count("en fil", "{n} filer", one["files"])
        if one["files"]
        else tongue.say("innehållet är inte räknat än")
    )
    text = tongue.say("{files}, mottagen {at}", files=files, at=moment(one["received_at"]))
    return _task(one, text[:1].upper() + text[1:], "", first=False)


def _ready(item: Mapping[str, Any], tongue: Tongue) -> dict[str, Any]:
    one = row(item, tongue)
    files = tongue.count("En fil", "{n} filer", one["files"])
    if one["test"]:
        return _task(one, tongue.say("{files}, testleverans: inget lagrat.", files=files), "", first=False)
    searchable = tongue.say("sökbar") if one["indexed"] else tongue.say("ännu inte sökbar")
    told = tongue.say("{files}, lagrad, {searchable}.", files=files, searchable=searchable)
    return _task(one, told, "", first=False)


def _cases(site: Site, caller: Caller, tongue: Tongue) -> list[dict[str, Any]]:
    with site.desk.database.read() as tx:
        rows = sums.open_requests(tx)
    seen = [
        one for one in rows if caller.may("case.see", Resource("case", one.id, one.tenant, part="registry"))
    ]
    return [
        {
            "tone": "wait",
            "word": tongue.say("Mottagen"),
            "title": (one.text or tongue.say("Begäran om en handling"))[:120],
            "text": moment(one.at),
            "href": f"/handling/{one.record}" if one.record else "",
            "action": "",
            "first": False,
            "progress": None,
        }
        for one in seen
    ]
