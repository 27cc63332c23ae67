"""Making a page: the Jinja environment, its filters, and what every page has around it."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from samarkiv_contracts.states import word

from samarkiv_access.domain.journey import spelled
from samarkiv_access.web.language import LANGUAGES, NAMES, Tongue, Tongues

HERE = Path(__file__).parent
STOCKHOLM = ZoneInfo("Europe/Stockholm")
_WHOLE = re.compile(r"(?<![\w-])(?:[A-ZÅÄÖ]{1,6} )?\d{4}-\d{2,8}(?:-\d{2})?(?: \d{2}:\d{2})?(?![\w-])")
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True)
class Me:
    """Who looks, as the pages show it. `links` are the desks this person may open."""

    signed_in: bool = False
    title: str = ""
    form_token: str = ""
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Frame:
    """What stands around a page's own content."""

    request: Request
    tongue: Tongue
    me: Me
    footer: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Pages:
    """Renders templates; made once by the service."""

    def __init__(self, tongues: Tongues | None = None) -> None:
        self.tongues = tongues or Tongues()
        self._envs = {code: _environment(self.tongues.get(code)) for code in LANGUAGES}
        self._version = sha256(
            b"".join(path.read_bytes() for path in sorted((HERE / "static").iterdir()))
        ).hexdigest()[:8]

    def language(self, request: Request) -> Tongue:
        """Return the language that the door found for a request."""
        return self.tongues.get(request.state.language)

    def html(self, frame: Frame, template: str, **context: object) -> HTMLResponse:
        """Return the page."""
        tongue = frame.tongue
        body = (
            self._envs[tongue.code]
            .get_template(template)
            .render(
                {
                    "version": self._version,
                    "me": frame.me,
                    "nav": _nav(frame),
                    "other_language": _other(frame),
                    "footer": frame.footer,
                    **context,
                }
            )
        )
        kept = {"Cache-Control": "private, no-store" if frame.me.signed_in else "no-cache"}
        return HTMLResponse(body, frame.status, headers={**HEADERS, **kept, **frame.headers})


def _environment(tongue: Tongue) -> Environment:
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        number=tongue.number,
        size=lambda n: size(n, tongue.code),
        moment=moment,
        capitalfirst=capital_first,
        whole=whole,
    )
    env.globals.update(
        _=tongue.say,
        n_=tongue.count,
        state_word=lambda code: word(code, tongue.code),
        lang=tongue.code,
        spelled=lambda n: spelled(n, tongue.code),
    )
    return env


def _nav(frame: Frame) -> list[dict[str, object]]:
    say, path = frame.tongue.say, frame.request.url.path
    links = (
        *([] if frame.me.signed_in else [("/", say("Start"))]),
        ("/sok", say("Sök")),
        ("/bestall", say("Begär en handling")),
        *frame.me.links,
    )
    return [
        {"href": href, "text": text, "current": path == href or (href != "/" and path.startswith(f"{href}/"))}
        for href, text in links
    ]


def _other(frame: Frame) -> dict[str, str]:
    code = "sv" if frame.tongue.code == "en" else "en"
    query = [(key, value) for key, value in frame.request.query_params.multi_items() if key != "lang"]
    return {
        "code": code,
        "name": NAMES[code],
        "href": f"{frame.request.url.path}?{urlencode([*query, ('lang', code)])}",
    }


def size(n: int, language: str = "sv") -> str:
    """Return bytes as people write them: `184 kB`, `38,2 MB` (Swedish), `38.2 MB` (English)."""
    value, unit = float(n), "B"
    for bigger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, bigger
    text = f"{value:.0f}" if unit in {"B", "kB"} or value >= 100 else f"{value:.1f}"
    return f"{text.replace('.', ',') if language == 'sv' else text}\N{NO-BREAK SPACE}{unit}"


def moment(at: str | datetime) -> str:
    """Return a time as `2026-11-24 08:02`, Stockholm time; an unreadable one comes back as written."""
    if isinstance(at, str):
        try:
            at = datetime.fromisoformat(at)
        except ValueError:
            return str(at)
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return at.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M")


def whole(text: object) -> Markup:
    """Return text in which dates and numbers like `BN 2009-000412` are not broken over two lines."""
    safe = str(escape(text))
    return Markup(_WHOLE.sub(r'<span class="nobr">\g<0></span>', safe))  # noqa: S704  (escaped above)


def capital_first(text: str) -> str:
    """Return the text with its first letter large, the rest as it is."""
    return text[:1].upper() + text[1:]
