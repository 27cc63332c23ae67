"""Routes that name their policy: (action, part) at definition, sign-in before the body, strict JSON (POLICY §§4, 7, 8)."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response, params
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from samarkiv_contracts.problems import BadRequest, Forbidden, NotFound, NotSignedIn, TooLarge, Unavailable

from samarkiv_runtime.policy import ACTIONS, Resource, is_public
from samarkiv_runtime.policy.codes import text_of
from samarkiv_runtime.tokens import Identity
from samarkiv_runtime.web.bodies import MEGABYTE, bound_form, read_json
from samarkiv_runtime.web.caller import Caller
from samarkiv_runtime.web.context import WebContext
from samarkiv_runtime.web.door import IN_PROCESS, LOOPBACK, direct

OPEN = "open"
PARTS = frozenset({"public_title", "metadata", "file", "derivative", "log", "registry", "event"})
FORM_FIELD = "csrf"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Declared:
    """What a route says of itself, for the generated matrix."""

    method: str
    path: str
    action: str
    part: str
    why: str = ""
    inner: bool = False


def form_token_of(cookie: str) -> str:
    """Return the form token that goes with a session cookie: put it in every form as `csrf`."""
    digest = hmac.new(cookie.encode(), b"samarkiv form", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


class PolicyRoute(APIRoute):
    """A route that identifies its caller, and refuses those who must sign in, before anything is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the framework's handler behind our entrance."""
        original = super().get_route_handler()
        policy = (self.openapi_extra or {})["x-policy"]
        has_json = self.body_field is not None and not isinstance(self.body_field.field_info, params.Form)
        limit = int(policy.get("limit", MEGABYTE))

        async def handler(request: Request) -> Response:
            await _identify(request, policy)
            await _bound(request)
            await _own_pages(request)
            if has_json:
                await read_json(request, limit)
            return await original(request)

        return handler


async def _identify(request: Request, policy: dict[str, Any]) -> None:
    """Find out who calls; raises NotSignedIn, BadRequest, NotFound and Unavailable before anything is read."""
    context: WebContext = request.app.state.context
    bearer = _bearer(request)
    cookie = request.cookies.get(context.cookie, "")
    if bearer and cookie:
        raise BadRequest(
            "Skicka antingen inloggningskakan eller en nyckel, inte båda.",
            "Send either the session cookie or a bearer token, not both.",
        )
    other = direct(request.scope)
    identity = Identity()
    if bearer or cookie:
        identity = await run_in_threadpool(
            context.verifier.identify,
            context.service,
            bearer=bearer,
            cookie=cookie,
            loopback=other in LOOPBACK,
        )
    network = other or request.headers.get("x-forwarded-for", "").split(",")[-1].strip()
    caller = Caller(identity, request.state.language, request.state.correlation, context, network)
    request.state.caller = caller
    action = policy["action"]
    if policy.get("inner"):
        if not inner(other) and not caller.may(action, Resource("service", part="registry")):
            raise NotFound
        return
    if action != OPEN and not is_public(action):
        if not caller.signed_in:
            raise NotSignedIn(headers={"WWW-Authenticate": "Bearer"})
        if identity.stale:
            raise Unavailable(
                "Behörigheten kan inte kontrolleras just nu.", "Grants cannot be checked at the moment."
            )


async def _bound(request: Request) -> None:
    """Bound forms before they are parsed: the framework would gather them whole, in memory or on disk."""
    media = _media(request)
    caller: Caller = request.state.caller
    if media == FORMS[0] or (media == FORMS[1] and not caller.signed_in):
        await bound_form(request, MEGABYTE)
    declared = request.headers.get("content-length", "")
    if media == FORMS[1] and declared.isdigit() and int(declared) > caller.context.settings.max_package_bytes:
        raise TooLarge


async def _own_pages(request: Request) -> None:
    """Refuse an unsafe request of a browser that does not come from our own pages."""
    context: WebContext = request.app.state.context
    inside = direct(request.scope) == IN_PROCESS or request.url.path.startswith("/internal/")
    if request.method in SAFE or "authorization" in request.headers or inside:
        return
    by_cookie = request.state.caller.identity.by_cookie
    await _own_form(request, context, request.cookies.get(context.cookie, "") if by_cookie else "")


def _media(request: Request) -> str:
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


def inner(address: str) -> bool:
    """Return whether an address is loopback or of a private network, without a proxy between."""
    import ipaddress

    if address in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return False


def _bearer(request: Request) -> str:
    header = request.headers.get("authorization", "")
    if not header:
        return ""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn(headers={"WWW-Authenticate": "Bearer"})
    return token.strip()


async def _own_form(request: Request, context: WebContext, cookie: str) -> None:
    """Refuse an unsafe request that does not come from our own pages (POLICY §6 CSRF)."""
    origin = request.headers.get("origin", "")
    proto = request.headers.get("x-forwarded-proto", request.url.scheme)
    host = request.headers.get("x-forwarded-host", request.headers.get("host", ""))
    ours = {context.settings.address.lower(), f"{proto}://{host}".lower()}
    parts = urlsplit(origin)
    if f"{parts.scheme}://{parts.netloc}".lower() not in ours:
        _refuse("origin")
    if not cookie:
        return
    sent = request.headers.get("x-form-token", "")
    if not sent and _media(request) in FORMS:
        sent = str((await request.form()).get(FORM_FIELD, ""))
    if not hmac.compare_digest(sent.encode(), form_token_of(cookie).encode()):
        _refuse("form_token")


def _refuse(code: str) -> None:
    text = text_of(code)
    raise Forbidden(text.sv, text.en, policy_code=code)


class PolicyRouter(APIRouter):
    """An APIRouter whose routes must say `action` and `part`; `action="open"` must say `why` instead.

    `limit` is the largest JSON body in bytes (1 MB unless said); `inner=True` answers loopback, the inner network
    and operators only.
    """

    def __init__(self, **more: Any) -> None:
        super().__init__(route_class=PolicyRoute, **more)
        self.declared: list[Declared] = []

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        """Add a route; raises TypeError when it does not declare its policy."""
        extra = dict(more.get("openapi_extra") or {})
        policy = extra.get("x-policy")
        if not isinstance(policy, dict):
            raise TypeError(f"route {path} does not declare action and part")
        super().add_api_route(path, endpoint, **more)
        for method in sorted(more.get("methods") or ["GET"]):
            self.declared.append(
                Declared(
                    method,
                    self.prefix + path,
                    policy["action"],
                    policy["part"],
                    policy.get("why", ""),
                    bool(policy.get("inner")),
                )
            )

    def include_router(self, router: APIRouter, *_args: Any, **_more: Any) -> None:
        """Refuse: routers are given flat to `build_app`, so that no route escapes the matrix."""
        raise TypeError(f"give {router!r} to build_app instead")

    def _declare(self, method: str, path: str, **more: Any) -> Callable[[Any], Any]:
        action, part = more.pop("action", None), more.pop("part", None)
        why, limit, inside = more.pop("why", ""), more.pop("limit", None), more.pop("inner", False)
        known = action in ACTIONS or (action == OPEN and why)
        if not known or part not in PARTS:
            raise TypeError(f"{method} {path}: action={action!r}, part={part!r} (open routes say why)")
        policy: dict[str, Any] = {"action": action, "part": part}
        policy |= {"why": why} if why else {}
        policy |= {"limit": limit} if limit else {}
        policy |= {"inner": True} if inside else {}
        extra = {**(more.pop("openapi_extra", None) or {}), "x-policy": policy}
        if action != OPEN and not is_public(cast("str", action)):
            extra["security"] = [{"bearer": []}]
        more.setdefault("response_model", None)
        return cast(
            "Callable[[Any], Any]", self.api_route(path, methods=[method], openapi_extra=extra, **more)
        )

    def get(self, path: str, **more: Any) -> Callable[[Any], Any]:
        """Declare a GET route."""
        return self._declare("GET", path, **more)

    def head(self, path: str, **more: Any) -> Callable[[Any], Any]:
        """Declare a HEAD route."""
        return self._declare("HEAD", path, **more)

    def post(self, path: str, **more: Any) -> Callable[[Any], Any]:
        """Declare a POST route."""
        return self._declare("POST", path, **more)

    def put(self, path: str, **more: Any) -> Callable[[Any], Any]:
        """Declare a PUT route."""
        return self._declare("PUT", path, **more)

    def patch(self, path: str, **more: Any) -> Callable[[Any], Any]:
        """Declare a PATCH route."""
        return self._declare("PATCH", path, **more)

    def delete(self, path: str, **more: Any) -> Callable[[Any], Any]:
        """Declare a DELETE route."""
        return self._declare("DELETE", path, **more)

    def options(self, path: str, **more: Any) -> Callable[[Any], Any]:
        """Declare an OPTIONS route."""
        return self._declare("OPTIONS", path, **more)
