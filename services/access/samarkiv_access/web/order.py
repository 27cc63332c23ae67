"""Asking for records, following a request, and comparing a copy: all anonymous."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from samarkiv_contracts.ids import kind_of
from samarkiv_contracts.problems import InvalidInput, NotFound
from samarkiv_runtime.web import OPEN, Caller, CallerOf, PolicyRouter

from samarkiv_access.store import reads
from samarkiv_access.usecases import look
from samarkiv_access.usecases.look import public_title
from samarkiv_access.usecases.request import Case, ask_for, follow
from samarkiv_access.web.language import Tongue
from samarkiv_access.web.portal import path_of
from samarkiv_access.web.site import Site


def routes(site: Site) -> PolicyRouter:
    """Return `/bestall` and `/jamfor`."""
    router = PolicyRouter(include_in_schema=False)

    @router.get("/bestall", action="case.follow", part="registry")
    def order(
        request: Request, caller: CallerOf, handling: str = "", kod: str = "", ny: int = 0, amne: str = ""
    ) -> HTMLResponse:
        tongue = site.tongue(request)
        if not kod:
            text = tongue.say("Brist i tillgänglighet: ") if amne == "tillganglighet" else ""
            return _form(site, request, caller, handling, {"text": text, "kommun": ""})
        try:
            case = follow(site.desk.database, caller, kod)
        except NotFound:
            wrong = tongue.say("Det finns ingen begäran med den koden. Kontrollera att alla tecken är med.")
            return _form(
                site, request, caller, handling, {"text": "", "kommun": ""}, code=kod, code_error=wrong
            )
        shown = _case(site, caller, case, kod, tongue)
        return site.page(request, caller, "case.html", case=shown, code=kod, new=bool(ny))

    @router.post("/bestall", action="case.create", part="registry")
    def ask(
        request: Request,
        caller: CallerOf,
        handling: Annotated[str, Form()] = "",
        text: Annotated[str, Form()] = "",
        kommun: Annotated[str, Form()] = "",
    ) -> Response:
        try:
            code = ask_for(
                site.desk.database, caller, site.clock, site.ids, record=handling, text=text, tenant=kommun
            )
        except InvalidInput as problem:
            wrong = {one.place: one.message.get(request.state.language) for one in problem.findings}
            said = {"text": text, "kommun": kommun}
            return _form(site, request, caller, handling, said, errors_by=wrong, status=422)
        return RedirectResponse(f"/bestall?kod={quote(code)}&ny=1", status_code=303)

    @router.get("/jamfor", action=OPEN, part="public_title", why="answers from level 0 files only")
    def compare(request: Request, caller: CallerOf, sha256: str = "") -> HTMLResponse:
        return _compare(site, request, caller, "".join(sha256.split()).lower())

    return router


def _form(
    site: Site,
    request: Request,
    caller: Caller,
    handling: str,
    form: dict[str, str],
    *,
    errors_by: dict[str, str] | None = None,
    code: str = "",
    code_error: str = "",
    status: int = 200,
) -> HTMLResponse:
    tongue = site.tongue(request)
    record = None
    if handling:
        seen = look.see_record(site.desk.database, caller, handling)
        record = {
            "id": handling,
            "title": seen.title,
            "href": f"/handling/{handling}",
            "path": path_of(seen.held),
        }
    members = [{"value": one.id, "text": one.name} for one in site.counter.figures().members]
    wrong = errors_by or {}
    return site.page(
        request,
        caller,
        "order.html",
        status=status,
        record=record,
        form=form,
        tenants=[{"value": "", "text": tongue.say("Vet inte")}, *members],
        errors=[{"field": name, "text": told} for name, told in wrong.items()],
        errors_by={"text": "", "kommun": "", **wrong},
        code=code,
        code_error=code_error,
    )


def _case(site: Site, caller: Caller, case: Case, code: str, tongue: Tongue) -> dict[str, Any]:
    states = {
        "received": (
            "wait",
            tongue.say("Mottagen"),
            tongue.say("Arkivet tar fram handlingen och prövar den."),
        ),
        "answered": (
            "ok",
            tongue.say("Besvarad"),
            tongue.say("Arkivet har svarat. Du kan begära ett skriftligt beslut."),
        ),
    }
    tone, word, after = states.get(case.state, states["received"])
    return {
        "at": case.at,
        "tone": tone,
        "state_text": word,
        "next": after,
        "text": case.text,
        "answer": case.answer,
        "record": _asked_for(site, caller, case.record),
        "href": f"/bestall?kod={quote(code)}",
    }


def _asked_for(site: Site, caller: Caller, record: str) -> dict[str, str] | None:
    if kind_of(record) != "record":
        return None
    try:
        seen = look.see_record(site.desk.database, caller, record)
    except NotFound:
        # Raised since it was asked for: the case goes on, the record no longer shows.
        return None
    return {"title": seen.title, "href": f"/handling/{record}"}


def _compare(site: Site, request: Request, caller: Caller, sha256: str) -> HTMLResponse:
    tongue = site.tongue(request)
    right = len(sha256) == 64 and set(sha256) <= set("0123456789abcdef")
    found = []
    if right:
        with site.desk.database.read() as tx:
            found = reads.open_files_with(tx, sha256)
    return site.page(
        request,
        caller,
        "verify.html",
        asked=bool(sha256),
        sha256=sha256,
        error="" if right or not sha256 else tongue.say("En SHA-256-summa har 64 tecken, 0–9 och a–f."),
        found=[
            {"href": f"/handling/{held.id}", "title": public_title(held), "name": path}
            for held, path in found
        ],
    )
