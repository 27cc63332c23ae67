"""JSON bodies, read strictly: 1 MB, depth 64, no duplicate keys, no NaN (RELIABILITY §3)."""

import json
import math
from typing import Any

from fastapi import Request
from samarkiv_contracts.problems import BadRequest, TooLarge, UnsupportedMedia

MEGABYTE = 2**20
DEPTH = 64


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _constant(name: str) -> Any:
    raise ValueError(name)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _deep(value: Any) -> bool:
    level, layer = 0, [value]
    while layer:
        level += 1
        if level > DEPTH + 1:
            return True
        layer = [
            child
            for one in layer
            if isinstance(one, dict | list)
            for child in (one.values() if isinstance(one, dict) else one)
            if isinstance(child, dict | list)
        ]
    return False


def strict_json(raw: bytes) -> Any:
    """Return the document; raises BadRequest for anything that two readers could read differently."""
    try:
        document = json.loads(raw, object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_float)
        if raw.count(b"[") + raw.count(b"{") <= DEPTH or not _deep(document):
            return document
    except (ValueError, RecursionError):
        pass
    raise BadRequest(
        "Innehållet är inte giltig JSON (inga dubbla nycklar, inga NaN, högst 64 nivåer).",
        "The body is not valid JSON (no duplicate keys, no NaN, at most 64 levels).",
    )


async def bounded_body(request: Request, limit: int) -> bytes:
    """Return the whole body; raises TooLarge as soon as it is over `limit` bytes."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    chunks, total = [], 0
    async for chunk in request.stream():
        total += len(chunk)
        if total > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"Begäran får ha högst {limit} byte.", f"The request may have at most {limit} bytes.")


async def bound_form(request: Request, limit: int) -> None:
    """Read a form of at most `limit` bytes and leave it for the framework; raises TooLarge."""
    request._body = await bounded_body(request, limit)  # noqa: SLF001


async def read_json(request: Request, limit: int = MEGABYTE) -> Any:
    """Read a JSON body strictly and leave it for the framework; raises UnsupportedMedia, TooLarge, BadRequest."""
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    raw = await bounded_body(request, limit)
    request._body = raw  # noqa: SLF001 — the framework's own cache: the body can be streamed only once
    if not raw:
        return None
    if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        raise UnsupportedMedia
    document = strict_json(raw)
    request._json = document  # noqa: SLF001
    return document
