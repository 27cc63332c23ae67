"""Escaping for the templates of METS, PREMIS and EAD3, in one tested place."""

import re
from urllib.parse import quote

# What XML 1.0 cannot hold becomes U+FFFD; line breaks become references, so that one element stays one line.
_SPECIAL = re.compile(
    '[&<>"\t\n\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff\x7f-\x84\x86-\x9f\u2028]'
)
_REFERENCES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\t": "&#9;",
    "\n": "&#10;",
    "\r": "&#13;",
    "\u2028": "&#8232;",
}


def _reference(match: "re.Match[str]") -> str:
    char = match[0]
    if char in _REFERENCES:
        return _REFERENCES[char]
    return f"&#{ord(char)};" if "\x7f" <= char <= "\x9f" else "\ufffd"


def escaped(text: str) -> str:
    """Return `text` for element content and double-quoted attributes alike, on one line."""
    return _SPECIAL.sub(_reference, text) if _SPECIAL.search(text) else text


def href(path: str) -> str:
    """Return a relative reference to `path`: the exact UTF-8 bytes, percent-encoded, `/` kept (aip recipe)."""
    return quote(path, safe="/")
