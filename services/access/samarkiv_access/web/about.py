"""Pages that stand still: about, accessibility, the components, the problem codes, and signing in."""

from typing import Annotated, Any

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from samarkiv_contracts.problems import (
    Forbidden,
    NotFound,
    NotSignedIn,
    TooManyRequests,
    all_problems,
)
from samarkiv_runtime.policy.codes import CODES
from samarkiv_runtime.web import OPEN, CallerOf, PolicyRouter

from samarkiv_access.signin_api import clear_session_cookie, network_of, set_session_cookie
from samarkiv_access.web.components import components
from samarkiv_access.web.site import Site, back_to, problem_told

WHY = "a page of the house itself"


def routes(site: Site) -> PolicyRouter:
    """Return the still pages."""
    router = PolicyRouter(include_in_schema=False)

    @router.get("/om", action=OPEN, part="registry", why=WHY)
    def about(request: Request, caller: CallerOf) -> HTMLResponse:
        return site.page(request, caller, "about.html", members=site.counter.figures().members)

    @router.get("/tillganglighet", action=OPEN, part="registry", why=WHY)
    def accessibility(request: Request, caller: CallerOf) -> HTMLResponse:
        return site.page(request, caller, "accessibility.html")

    @router.get("/stil", action=OPEN, part="registry", why=WHY)
    def style(request: Request, caller: CallerOf) -> HTMLResponse:
        return site.page(request, caller, "style.html", **components(site.tongue(request)))

    @router.get("/problem", action=OPEN, part="registry", why=WHY)
    def problems(request: Request, caller: CallerOf) -> HTMLResponse:
        tongue = site.tongue(request)
        told = [
            {
                "code": cls.code,
                "status": cls.status,
                "title": tongue.tell(cls.title),
                "todo": tongue.tell(cls.todo),
            }
            for cls in all_problems()
        ]
        told += [
            {"code": code, "status": 403, "title": tongue.tell(Forbidden.title), "todo": tongue.tell(text)}
            for code, text in sorted(CODES.items())
            if code != Forbidden.code
        ]
        return site.page(request, caller, "problems.html", problems=told)

    @router.get("/problem/{code}", action=OPEN, part="registry", why=WHY)
    def problem(code: str, request: Request, caller: CallerOf) -> HTMLResponse:
        tongue = site.tongue(request)
        found = next((cls() for cls in all_problems() if cls.code == code), None)
        if code in CODES:
            found = Forbidden(CODES[code].sv, CODES[code].en, policy_code=code)
        if found is None:
            raise NotFound
        body: dict[str, object] = {"detail": tongue.tell(found.detail)}
        return site.page(request, caller, "problem.html", problem=problem_told(found, body, tongue))

    return router


def sign_in_routes(site: Site) -> PolicyRouter:
    """Return `/logga-in` and `/logga-ut`."""
    router = PolicyRouter(include_in_schema=False)

    @router.get("/logga-in", action=OPEN, part="registry", why="the door itself")
    def door(request: Request, caller: CallerOf, till: str = "/") -> HTMLResponse:
        context: dict[str, Any] = {"errors": [], "errors_by": {"konto": "", "losenord": ""}, "name": ""}
        return site.page(request, caller, "sign_in.html", after=back_to(till), **context)

    @router.post("/logga-in", action=OPEN, part="registry", why="the door itself")
    def enter(
        request: Request,
        caller: CallerOf,
        konto: Annotated[str, Form()] = "",
        losenord: Annotated[str, Form()] = "",
        till: Annotated[str, Form()] = "/",
    ) -> Response:
        tongue, after = site.tongue(request), back_to(till)
        try:
            old = request.cookies.get(caller.context.cookie, "")
            signed = site.sign_in(konto, losenord, network_of(request), old_cookie=old)
        except (NotSignedIn, TooManyRequests) as problem:
            told = tongue.say("Användarnamn eller lösenord stämmer inte.")
            if isinstance(problem, TooManyRequests):
                told = tongue.say("För många försök. Vänta en minut och försök igen.")
            context: dict[str, Any] = {
                "errors": [{"field": "konto", "text": told}],
                "errors_by": {"konto": told, "losenord": ""},
                "name": konto,
                "after": after,
            }
            return site.page(request, caller, "sign_in.html", status=problem.status, **context)
        response = RedirectResponse(after, status_code=303)
        set_session_cookie(response, caller.context, signed)
        return response

    @router.post("/logga-ut", action=OPEN, part="registry", why="ends the caller's own session only")
    def leave(request: Request, caller: CallerOf) -> Response:
        cookie = request.cookies.get(caller.context.cookie, "")
        if cookie:
            site.sign_out(cookie)
        response = RedirectResponse("/", status_code=303)
        clear_session_cookie(response, caller.context)
        return response

    return router
