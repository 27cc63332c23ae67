"""Lists: `limit` and an opaque `cursor`, `next` in the body and in `Link` (USERS §5.3). Stable order, no offset."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from fastapi import Request, Response
from samarkiv_contracts.findings import Finding, Layer, Severity
from samarkiv_contracts.problems import InvalidInput
from samarkiv_contracts.text import Text

DEFAULT = 50
MOST = 500
Row = TypeVar("Row")


def encode_cursor(*place: str | float | None) -> str:
    """Return the opaque form of a place in the order: the sort values of the last row shown."""
    return base64.urlsafe_b64encode(json.dumps(place, ensure_ascii=False).encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str, *kinds: type) -> tuple[Any, ...] | None:
    """Return the place, None for an empty cursor; raises InvalidInput when it is none of ours (`kinds` per value)."""
    if not cursor:
        return None
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(place, list) and len(place) == len(kinds):
            typed = [value for value, kind in zip(place, kinds, strict=True) if isinstance(value, kind)]
            if len(typed) == len(kinds):
                return tuple(typed)
    except (binascii.Error, ValueError, RecursionError):
        pass
    raise InvalidInput(findings=(_wrong("cursor", "?cursor"),))


def limit_of(asked: int | None) -> int:
    """Return how many items a page has (1–500, 50 unless asked); raises InvalidInput beyond that."""
    if asked is None:
        return DEFAULT
    if not 1 <= asked <= MOST:
        raise InvalidInput(findings=(_wrong("limit", f"1–{MOST}"),))
    return asked


def _wrong(place: str, expected: str) -> Finding:
    return Finding(
        code=f"query_{place}",
        severity=Severity.ERROR,
        layer=Layer.STRUCTURE,
        message=Text(sv=f"Parametern {place} är fel.", en=f"The parameter {place} is wrong."),
        hint=Text(sv="Använd länken `next` som den är.", en="Use the `next` link as it stands."),
        place=place,
        expected=expected,
    )


@dataclass(frozen=True)
class Page:
    """One page: the items, and the cursor of the next page (None at the end)."""

    items: list[Any]
    next: str | None


def page_of(rows: Sequence[Row], limit: int, told: Callable[[Row], Any], place: Callable[[Row], str]) -> Page:
    """Return a page of rows that were read with `limit + 1`; `place` gives the cursor of a row."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page([told(row) for row in shown], place(shown[-1]) if more and shown else None)


def page_answer(page: Page, request: Request, response: Response, **more: Any) -> dict[str, Any]:
    """Return the list body and set the `Link` header (RFC 8288); `more` adds members such as counts."""
    if page.next:
        query = [(key, value) for key, value in parse_qsl(request.url.query) if key != "cursor"]
        query.append(("cursor", page.next))
        response.headers["Link"] = f'<{request.url.path}?{urlencode(query)}>; rel="next"'
    return {"items": page.items, "next": page.next, **more}
