"""The outermost ring of a service's web: correlation, language, limits, security headers, and the last net for faults."""

import logging
import re
import time
from typing import Any

from fastapi import Request
from samarkiv_contracts.paths import INTERNAL
from samarkiv_contracts.problems import NotFound, Problem, UnsupportedMedia
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samarkiv_runtime.telemetry import CORRELATION
from samarkiv_runtime.web.context import WebContext
from samarkiv_runtime.web.problems import answer, unexpected

IN_PROCESS = "in-process"
LOOPBACK = frozenset({"127.0.0.1", "::1", IN_PROCESS})
FORWARDED = ("x-forwarded-for", "forwarded")
_log = logging.getLogger(__name__)
_CORRELATION = re.compile(r"^[A-Za-z0-9_-]{8,64}$")
_SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
}


def direct(scope: Scope) -> str:
    """Return the address of the other end, or an empty text when a proxy stands between."""
    forwarded = any(name.decode("latin-1").lower() in FORWARDED for name, _value in scope["headers"])
    client = scope.get("client")
    return "" if forwarded or not client else str(client[0])


def language_of(request: Request) -> str:
    """Return `sv` or `en`: `?lang`, then the cookie `lang`, then Accept-Language; Swedish unless asked otherwise."""
    for asked in (request.query_params.get("lang"), request.cookies.get("lang")):
        if asked in {"sv", "en"}:
            return str(asked)
    ranked = []
    for part in request.headers.get("accept-language", "").split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), tag[:2].lower()))
        except ValueError:
            continue
    known = [tag for _weight, tag in sorted(ranked) if tag in {"sv", "en"}]
    return known[0] if known else "sv"


class Door:
    """ASGI middleware around one service's app."""

    def __init__(self, app: ASGIApp, context: WebContext) -> None:
        self._app = app
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing that goes wrong inside leaves without an answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        asked = request.headers.get("x-correlation-id", "")
        correlation = asked if _CORRELATION.match(asked) else self._context.ids.uuid4().hex
        request.state.correlation = correlation
        request.state.language = language_of(request)
        token = CORRELATION.set(correlation)
        started, status, begun = time.monotonic(), 500, False

        async def seal(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                self._seal(request, MutableHeaders(scope=message))
            await send(message)

        try:
            problem = self._stopped(request)
            if problem is not None:
                await answer(self._context, request, problem)(scope, receive, seal)
            else:
                await self._app(scope, receive, seal)
        except Exception as error:
            if begun:
                # Half an answer is out: break the connection, so that nobody takes it for the whole.
                raise
            problem = error if isinstance(error, Problem) else unexpected(error)
            await answer(self._context, request, problem)(scope, receive, seal)
        finally:
            self._count(scope, status, time.monotonic() - started)
            CORRELATION.reset(token)

    def _stopped(self, request: Request) -> Problem | None:
        path = request.url.path
        if path == INTERNAL or path.startswith(INTERNAL + "/"):
            other = direct(request.scope)
            if not other or (self._context.settings.embedded and other != IN_PROCESS):
                return NotFound()
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            return UnsupportedMedia(
                "Packade begäranden läses inte.", "Compressed request bodies are not read."
            )
        return None

    def _seal(self, request: Request, headers: MutableHeaders) -> None:
        headers["X-Correlation-Id"] = request.state.correlation
        for name, value in _SECURITY.items():
            headers.setdefault(name, value)
        if self._context.settings.address.startswith("https://"):
            headers["Strict-Transport-Security"] = "max-age=31536000"
        caller: Any = getattr(request.state, "caller", None)
        if caller is not None and (caller.private or caller.signed_in):
            headers["Cache-Control"] = "private, no-store"
        headers.add_vary_header("Accept-Language, Authorization, Cookie")
        asked = request.query_params.get("lang")
        if asked in {"sv", "en"} and headers.get("content-type", "").startswith("text/html"):
            headers.append("Set-Cookie", f"lang={asked}; Path=/; Max-Age=31536000; SameSite=Lax")

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("route")
        name = getattr(route, "path_format", None) or getattr(route, "path", None) or "none"
        meters, service = self._context.meters, self._context.service
        meters.count(
            "samarkiv_http_requests_total",
            service=service,
            method=scope["method"] if scope["method"] in _METHODS else "other",
            route=str(name),
            status=str(status),
        )
        meters.observe("samarkiv_http_request_seconds", seconds, service=service, route=str(name))
        level = logging.ERROR if status >= 500 else logging.DEBUG
        told = {"service": service, "method": scope["method"], "route": str(name), "status": status}
        _log.log(level, "request", extra=told | {"ms": round(seconds * 1000, 1)})


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
