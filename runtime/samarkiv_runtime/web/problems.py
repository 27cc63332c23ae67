"""Every error as RFC 9457 problem+json, from one builder; a 404 is the same bytes whatever it hides (POLICY §7)."""

import json
import logging

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from samarkiv_contracts.findings import Finding, Layer, Severity
from samarkiv_contracts.problems import (
    BadRequest,
    Forbidden,
    InvalidInput,
    MethodNotAllowed,
    NotFound,
    NotSignedIn,
    Problem,
    TooLarge,
    TooManyRequests,
    Unavailable,
    Unexpected,
    UnsupportedMedia,
)
from samarkiv_contracts.text import Text
from starlette.exceptions import HTTPException

from samarkiv_runtime.web.context import WebContext

MEDIA = "application/problem+json"
_log = logging.getLogger(__name__)

_BY_STATUS: dict[int, type[Problem]] = {
    400: BadRequest,
    401: NotSignedIn,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    413: TooLarge,
    415: UnsupportedMedia,
    429: TooManyRequests,
    503: Unavailable,
}


def told(problem: Problem, language: str, correlation: str) -> dict[str, object]:
    """Return the problem object in one language; a NotFound never says more than NotFound."""
    plain = NotFound() if isinstance(problem, NotFound) else problem
    return plain.told(language) | {"correlation": correlation}


def answer(context: WebContext, request: Request, problem: Problem) -> Response:
    """Return the response of a problem: a page for a browser where the service draws pages, else JSON."""
    body = told(problem, request.state.language, request.state.correlation)
    headers = {} if isinstance(problem, NotFound) else dict(problem.headers)
    if problem.status == 503:
        headers.setdefault("Retry-After", "5")
    path = request.url.path
    wants_page = "text/html" in request.headers.get("accept", "") and not path.startswith("/v1/")
    if context.error_page is not None and wants_page:
        response = context.error_page(request, problem, body)
        response.headers.update(headers)
    else:
        response = Response(
            json.dumps(body, ensure_ascii=False).encode(),
            status_code=problem.status,
            media_type=MEDIA,
            headers=headers,
        )
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Language"] = request.state.language
    return response


def from_http(error: HTTPException) -> Problem:
    """Return our problem for the framework's own errors."""
    cls = _BY_STATUS.get(error.status_code, BadRequest if error.status_code < 500 else Unexpected)
    return cls(headers=dict(error.headers or {}))


def from_validation(error: RequestValidationError) -> Problem:
    """Return our problem for a request that does not fit the route: a malformed id in the path is simply absent."""
    errors = error.errors()
    if any(one["loc"] and one["loc"][0] == "path" for one in errors):
        return NotFound()
    if any(one["type"] == "json_invalid" for one in errors):
        return BadRequest()
    return InvalidInput(findings=tuple(_finding(one) for one in errors[:100]))


def _finding(one: dict[str, object]) -> Finding:
    loc = one.get("loc")
    place = ".".join(str(part) for part in loc) if isinstance(loc, tuple | list) else ""
    expected = str(one.get("msg", ""))
    return Finding(
        code=f"input_{one.get('type', 'invalid')}",
        severity=Severity.ERROR,
        layer=Layer.STRUCTURE,
        message=Text(sv=f"Fältet {place} är fel eller saknas.", en=f"The field {place} is wrong or missing."),
        hint=Text(sv="Se API-beskrivningen.", en="See the API description."),
        place=place,
        expected=expected,
    )


def unexpected(error: BaseException) -> Problem:
    """Return the problem of a fault nobody foresaw, and log it with its trace."""
    _log.error("unexpected_fault", exc_info=error)
    return Unexpected()
