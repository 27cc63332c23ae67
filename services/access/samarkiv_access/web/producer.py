"""The producer's desk: what is expected of me, how did it go, and a way to deliver."""

from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Annotated, Any

from fastapi import File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from samarkiv_contracts.problems import Problem
from samarkiv_contracts.states import WORDS, DeliveryState
from samarkiv_runtime.policy import Resource
from samarkiv_runtime.web import Caller, CallerOf, PolicyRouter

from samarkiv_access.web.language import Tongue
from samarkiv_access.web.site import Site, fault_of, must_list

LARGEST = 200 * 2**20
BLOCK = 1 << 20
PLACES = 8
PACKAGES = 12
TONES = {
    "accepted": "ok",
    "passed": "run",
    "checking": "run",
    "received": "run",
    "receiving": "run",
    "announced": "run",
    "held": "wait",
    "returned": "stop",
    "rejected": "stop",
    "parked": "stop",
    "superseded": "",
}
MOVING = frozenset({"announced", "receiving", "received", "checking", "passed"})


def routes(site: Site) -> PolicyRouter:
    """Return `/producent`."""
    router = PolicyRouter(include_in_schema=False)

    @router.get("/producent", action="delivery.see", part="metadata")
    def desk(request: Request, caller: CallerOf, state: str = "", cursor: str = "") -> HTMLResponse:
        must_list(caller, "delivery.see")
        return _desk(site, request, caller, state, cursor)

    @router.post("/producent", action="delivery.create", part="metadata")
    def deliver(
        request: Request,
        caller: CallerOf,
        fil: Annotated[UploadFile, File()],
        agreement: Annotated[str, Form()] = "",
        test: Annotated[str, Form()] = "",
    ) -> Response:
        if not fil.filename or not fil.size or fil.size > LARGEST:
            tongue = site.tongue(request)
            told = (
                tongue.say("Filen är för stor för den här sidan.")
                if fil.size
                else tongue.say("Välj en paketfil.")
            )
            return _desk(site, request, caller, "", "", wrong={"fil": told}, agreement=agreement)
        try:
            delivery = send(site, caller, agreement, fil.filename, fil.size, fil.file, test=bool(test))
        except Problem as problem:
            fault = fault_of(problem, site.tongue(request))
            wrong = {"fil": f"{fault['title']} {fault['todo']}"}
            return _desk(site, request, caller, "", "", wrong=wrong, agreement=agreement)
        return RedirectResponse(f"/leverans/{delivery}", status_code=303)

    return router


def send(
    site: Site, caller: Caller, agreement: str, name: str, length: int, content: IO[bytes], *, test: bool
) -> str:
    """Deliver a file by the public API (tus), as any client does; returns the delivery's id. Raises its problems."""
    ingest = site.peers.get("ingest")
    opened = ingest.ask(
        "POST",
        "/v1/deliveries",
        caller=caller,
        json={
            "agreement": agreement,
            "title": name.rsplit(".", 1)[0][:500],
            "name": name.replace("\\", "/").rsplit("/", 1)[-1][:255],
            "bytes": length,
            "kind": "TEST" if test else "NEW",
        },
        headers={"Idempotency-Key": site.ids.token(128)},
    )
    ingest.ask(
        "PATCH",
        opened["upload"],
        caller=caller,
        content=_blocks(content),
        headers={
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
        },
    )
    ingest.ask("POST", opened["commit"], caller=caller)
    return str(opened["id"])


def _blocks(content: IO[bytes]) -> Iterator[bytes]:
    content.seek(0)
    while block := content.read(BLOCK):
        yield block


# ---------------------------------------------------------------------------------------------- the desk


def _desk(
    site: Site,
    request: Request,
    caller: Caller,
    state: str,
    cursor: str,
    *,
    wrong: Mapping[str, str] | None = None,
    agreement: str = "",
) -> HTMLResponse:
    tongue, fault = site.tongue(request), None
    answer: dict[str, Any] = {"items": [], "next": None}
    waits: list[Any] = []
    agreements: list[Any] = []
    try:
        answer = site.ask("ingest", "/v1/deliveries", caller, state=state, cursor=cursor, limit=25)
        waits = site.ask("ingest", "/v1/deliveries", caller, state="returned,rejected,receiving", limit=6)[
            "items"
        ]
        agreements = site.ask("ingest", "/v1/agreements", caller)["items"]
    except Problem as problem:
        fault = fault_of(problem, tongue)
    shown = [row(item, tongue) for item in answer["items"]]
    following = f"/producent?state={state}&cursor={answer['next']}" if answer.get("next") else ""
    errors = [{"field": name, "text": told} for name, told in (wrong or {}).items()]
    return site.page(
        request,
        caller,
        "producer.html",
        status=422 if errors else 200,
        fault=fault,
        summary=_summary(shown, tongue),
        errors=errors,
        errors_by={"fil": "", **(wrong or {})},
        form={"agreement": agreement},
        waiting=[_waits(item, tongue) for item in waits if not cursor and not state][:5],
        deliveries=shown,
        states=[
            {"value": "", "text": tongue.say("Alla lägen")},
            *({"value": one.value, "text": capital(tongue.tell(WORDS[one]))} for one in DeliveryState),
        ],
        state=state,
        agreements=_choices(agreements, caller),
        limit=LARGEST,
        next_href=following,
        first_href="/producent" if cursor else "",
    )


def _choices(agreements: Iterable[Mapping[str, Any]], caller: Caller) -> list[dict[str, str]]:
    found = []
    for one in agreements:
        tenant, authority = (
            str(part["id"]) if isinstance(part, Mapping) else str(part or "")
            for part in (one.get("tenant"), one.get("authority"))
        )
        resource = Resource(
            "agreement",
            str(one["id"]),
            tenant,
            authority=authority,
            part="registry",
            agreement=str(one["id"]),
        )
        if one.get("state") == "agreed" and caller.may("delivery.create", resource):
            title = f"{one['reference']}: {one['title']}" if one.get("title") else str(one["reference"])
            found.append({"value": str(one["reference"]), "text": title})
    return found


def row(item: Mapping[str, Any], tongue: Tongue) -> dict[str, Any]:
    """Return a delivery as lists show it."""
    state, test = str(item["state"]), bool(item.get("test"))
    return {
        "id": item["id"],
        "href": f"/leverans/{item['id']}",
        "title": item.get("title") or item.get("name") or item["id"],
        "state": state,
        "state_text": tongue.tell(WORDS[state]) if state in WORDS else state,
        "tone": "ok" if test and state == "passed" else TONES.get(state, ""),
        "test": test,
        "indexed": bool(item.get("indexed")) and state == "accepted",
        "moving": (state in MOVING and not (test and state == "passed"))
        or (state == "accepted" and not item.get("indexed") and not item.get("test")),
        "agreement": (item.get("agreement") or {}).get("reference", ""),
        "tenant": (item.get("tenant") or {}).get("name", ""),
        "files": int(item.get("files") or 0),
        "bytes": int(item.get("bytes") or 0),
        "received_at": item.get("received_at") or item.get("created_at") or "",
        "updated_at": item.get("updated_at") or "",
        "findings": item.get("findings") or {},
        "sha256": item.get("sha256") or "",
        "reason": item.get("reason") or "",
        "producer": item.get("producer") or "",
        "packages": list(item.get("packages") or ()),
    }


def _summary(shown: list[dict[str, Any]], tongue: Tongue) -> str:
    if not shown:
        return tongue.say("Här följer du det du har levererat.")
    moving = sum(one["moving"] for one in shown)
    accepted = sum(one["state"] == "accepted" for one in shown)
    told = tongue.say("{a} av de senaste {n} är godkända.", a=accepted, n=len(shown))
    if moving:
        told += " " + tongue.count("En är på väg.", "{n} är på väg.", moving)
    return told


def _waits(item: Mapping[str, Any], tongue: Tongue) -> dict[str, Any]:
    one = row(item, tongue)
    text = {
        "rejected": tongue.say("Läs rapporten, rätta paketet och leverera på nytt."),
        "returned": tongue.say("Arkivet ber om komplettering: {reason}", reason=one["reason"]),
        "receiving": tongue.say("Uppladdningen är inte avslutad."),
    }
    return {
        "tone": one["tone"],
        "word": capital(one["state_text"]),
        "title": one["title"],
        "text": text.get(one["state"], ""),
        "href": one["href"],
        "action": tongue.say("Visa"),
        "first": False,
        "progress": None,
    }


def capital(text: str) -> str:
    """Return the text with its first letter large."""
    return text[:1].upper() + text[1:]
