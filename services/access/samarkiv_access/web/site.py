"""What every page needs: who looks, the frame around it, and the other services as any client sees them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from samarkiv_contracts.problems import Forbidden, NotSignedIn, Problem
from samarkiv_runtime.peers import Peers
from samarkiv_runtime.policy import Context, Resource, scope_of
from samarkiv_runtime.ports import Clock, Ids
from samarkiv_runtime.web import Caller, form_token_of

from samarkiv_access.domain.journey import spelled
from samarkiv_access.identity.sessions import SignedIn
from samarkiv_access.usecases.count import Counter
from samarkiv_access.usecases.give import Desk
from samarkiv_access.usecases.ports import Views
from samarkiv_access.web.language import Tongue
from samarkiv_access.web.render import Frame, Me, Pages

# Of several roles the one that says most of a person is shown.
_FOREMOST = (
    *("archivist", "approver", "disclosure_officer", "producer", "staff_reader", "researcher", "auditor"),
    *("administrator", "operator"),
)


class SignIn(Protocol):
    """Sign-in by name and password, as identity gives it; raises NotSignedIn, TooManyRequests."""

    def __call__(self, username: str, password: str, network: str, *, old_cookie: str = "") -> SignedIn:
        """Begin a session."""
        ...


@dataclass
class Site:
    """The parts behind the pages."""

    pages: Pages
    desk: Desk
    views: Views
    counter: Counter
    peers: Peers
    clock: Clock
    ids: Ids
    address: str
    sign_in: SignIn
    sign_out: Callable[[str], None]
    state_purpose: Callable[[str, str, str], int]
    names: Callable[[list[str]], Mapping[str, str]]

    # ------------------------------------------------------------------ frames

    def tongue(self, request: Request) -> Tongue:
        """Return the language of a request."""
        return self.pages.language(request)

    def page(
        self, request: Request, caller: Caller | None, template: str, *, status: int = 200, **context: object
    ) -> HTMLResponse:
        """Return a page for a caller (None: nobody is known, for errors before that)."""
        tongue = self.tongue(request)
        me = self._me(request, caller, tongue) if caller is not None else Me()
        frame = Frame(request, tongue, me, self._footer(tongue), status)
        return self.pages.html(frame, template, **context)

    def _me(self, request: Request, caller: Caller, tongue: Tongue) -> Me:
        if not caller.signed_in:
            return Me()
        cookie = request.cookies.get(caller.context.cookie, "")
        return Me(
            signed_in=True,
            title=self._title(caller, tongue),
            form_token=form_token_of(cookie) if cookie else "",
            links=tuple(links_of(caller, tongue)),
        )

    def _title(self, caller: Caller, tongue: Tongue) -> str:
        held = {grant.role for grant in caller.subject.grants}
        roles = [role_word(role, tongue) for role in _FOREMOST if role in held]
        account = caller.subject.account
        name = self.names([account]).get(account, "") or tongue.say("Inloggad")
        return f"{name} · {roles[0]}" if roles and roles[0].lower() not in name.lower() else name

    def _footer(self, tongue: Tongue) -> str:
        n = len(self.counter.figures().members)
        if n > 1:
            return tongue.say("Gemensamt e-arkiv för {n} kommuner", n=spelled(n, tongue.code))
        return tongue.say("Kommunens e-arkiv")

    # ------------------------------------------------------------------ errors and redirects

    def problem_page(self, request: Request, problem: Problem, body: dict[str, object]) -> Response:
        """Draw a problem for a browser; who must sign in is sent there and back."""
        if isinstance(problem, NotSignedIn) and request.method == "GET":
            return sign_in_first(request)
        caller = getattr(request.state, "caller", None)
        told = problem_told(problem, body, self.tongue(request))
        if problem.stable_code in {"login_again", "assurance"}:
            told["sign_in"] = f"/logga-in?till={quote(request.url.path)}"
        return self.page(request, caller, "problem.html", status=problem.status, problem=told)

    def ask(self, service: str, path: str, caller: Caller, **params: Any) -> Any:
        """GET from another service with the caller's own right; raises the problem it tells."""
        asked = {key: value for key, value in params.items() if value not in {"", None}}
        return self.peers.get(service).ask("GET", path, caller=caller, params=asked)


def sign_in_first(request: Request) -> RedirectResponse:
    """Send the browser to sign in and back here."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/logga-in?till={quote(here)}", status_code=303)


def back_to(target: str) -> str:
    """Return where to go after signing in: a path of ours, never another site."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/"


def lists(caller: Caller, action: str, part: str = "metadata") -> bool:
    """Return whether a caller has anything but what everyone sees in a list by `action`."""
    light = Context(now=caller.context.now(), assurance_cap=caller.context.assurance_cap)
    scope = scope_of(caller.subject, action, part, light)
    return bool(scope.reaches) and not scope.public_only


def must_list(caller: Caller, action: str) -> None:
    """Refuse a desk to those whose list would always be empty; raises Forbidden."""
    if not lists(caller, action):
        raise Forbidden(policy_code="no_grant")


def links_of(caller: Caller, tongue: Tongue) -> list[tuple[str, str]]:
    """Return the desks that a caller may open, by the policy."""
    found = []
    if lists(caller, "delivery.return"):
        found.append(("/arkivarie", tongue.say("Att göra")))
    if lists(caller, "delivery.see"):
        found.append(("/producent", tongue.say("Leveranser")))
    if lists(caller, "package.see", "registry"):
        found.append(("/bevarande", tongue.say("Bevarande")))
    if caller.may("service.health", Resource("service", part="registry")):
        found.append(("/drift", tongue.say("Drift")))
    return found


def role_word(role: str, tongue: Tongue) -> str:
    """Return the word of a role."""
    words = {
        "producer": tongue.say("Producent"),
        "archivist": tongue.say("Arkivarie"),
        "approver": tongue.say("Beslutande"),
        "disclosure_officer": tongue.say("Utlämnare"),
        "staff_reader": tongue.say("Handläggare"),
        "researcher": tongue.say("Forskare"),
        "auditor": tongue.say("Granskare"),
        "operator": tongue.say("Driftansvarig"),
        "administrator": tongue.say("Behörighetsadministratör"),
    }
    return words.get(role, role)


def problem_told(problem: Problem, body: dict[str, object], tongue: Tongue) -> dict[str, object]:
    """Return a problem as the page shows it."""
    who = {
        "content": tongue.say("Den som levererade: innehållet behöver rättas"),
        "person": tongue.say("Du, genom att ändra det du bad om"),
        "system": tongue.say("Arkivets drift; ingenting har gått förlorat"),
    }
    found = body.get("findings")
    return {
        "title": body.get("title", tongue.tell(problem.title)),
        "detail": body.get("detail", ""),
        "todo": body.get("todo", tongue.tell(problem.todo)),
        "code": problem.stable_code,
        "status": problem.status,
        "who": who[problem.fault],
        "tone": "stop" if problem.fault == "system" else "wait",
        "findings": found if isinstance(found, list) else [],
        "sign_in": "",
    }


def fault_of(problem: Problem, tongue: Tongue) -> dict[str, str]:
    """Return what a page says where another service could not answer: the rest of the page still stands."""
    detail = tongue.tell(problem.detail)
    return {"title": detail or tongue.tell(problem.title), "todo": tongue.tell(problem.todo)}
