"""Stating a purpose before closed records are opened (POLICY §5): posted, one authority, 60 minutes, never in an address."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from samarkiv_contracts.problems import InvalidInput
from samarkiv_runtime.web import OPEN, Caller, CallerOf, PolicyRouter

from samarkiv_access.web.site import Site, back_to


def routes(site: Site) -> PolicyRouter:
    """Return `/andamal`."""
    router = PolicyRouter(include_in_schema=False)

    @router.post(
        "/andamal", action=OPEN, part="registry", why="states the caller's own purpose in their own session"
    )
    def state(
        request: Request,
        caller: CallerOf,
        authority: Annotated[str, Form()] = "",
        andamal: Annotated[str, Form()] = "",
        till: Annotated[str, Form()] = "/",
    ) -> Response:
        cookie = request.cookies.get(caller.context.cookie, "")
        try:
            site.state_purpose(cookie, authority, andamal)
        except InvalidInput as problem:
            told = site.tongue(request).tell(problem.detail)
            return purpose_page(site, request, caller, authority, back_to(till), wrong=told, said=andamal)
        return RedirectResponse(back_to(till), status_code=303)

    return router


def purpose_page(
    site: Site,
    request: Request,
    caller: Caller,
    authority: str,
    after: str,
    *,
    wrong: str = "",
    said: str = "",
) -> HTMLResponse:
    """Return the page that asks for a purpose before the closed records of one authority."""
    return site.page(
        request,
        caller,
        "purpose.html",
        status=422 if wrong else 403,
        authority=authority,
        authority_name=site.counter.figures().names.get(authority, ""),
        after=after,
        said=said,
        errors=[{"field": "andamal", "text": wrong}] if wrong else [],
        wrong=wrong,
    )
