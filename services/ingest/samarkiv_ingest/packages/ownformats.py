"""Our own tests for files PRONOM does not know or knows by extension only: JSON, CSV, XML root, text encoding."""

import json
import re
from typing import NamedTuple

HEAD = 65_536
OCTETS = "application/octet-stream"
_ROOT = re.compile(rb"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)((?:\s[^<>]*)?)/?>")
_SPACE = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>)?(?:\s+|<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>\[]*(?:\[.*?\])?>)*",
    re.DOTALL,
)
_CONTROLS = bytes((*range(9), *range(14, 19), 127))
_PARSED = 8_192
_SWEDISH = {
    "latin-1": b"\xe5\xe4\xf6\xc5\xc4\xd6",
    "cp850": b"\x86\x84\x94\x8f\x8e\x99",
    "mac-roman": b"\x8c\x8a\x9a\x81\x80\x85",
}


class Own(NamedTuple):
    """What our own test found."""

    puid: str
    mime: str
    name: str
    basis: str


UNKNOWN = Own("", OCTETS, "", "")


def look(head: bytes, ext: str) -> Own:
    """Return what the first bytes of a file are, UNKNOWN when no test fits."""
    if not head:
        return UNKNOWN
    root = xml_root(head)
    if root:
        return Own("fmt/101", "application/xml", f"XML, root {root}", "xml")
    charset = text_charset(head)
    if not charset:
        return UNKNOWN
    if _is_json(head, charset):
        return Own("fmt/817", "application/json", "JSON Data Interchange Format", "text")
    if ext.lower() in {"csv", "tsv"} and _is_table(head, charset):
        if ext.lower() == "csv":
            return Own("x-fmt/18", "text/csv", "Comma Separated Values", "text")
        return Own("x-fmt/13", "text/tab-separated-values", "Tab-separated Values", "text")
    return Own("x-fmt/111", "text/plain", f"Plain Text File, {charset}", "text")


def xml_root(head: bytes) -> str:
    """Return the root element as `{namespace}name`, empty when the head is no XML."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.decode("utf-16", "replace").encode()
    start = _SPACE.match(head)
    found = _ROOT.match(head, start.end() if start else 0)
    if not found or not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return ""
    if found[2].lower() == b"html":
        return ""
    prefix = (found[1] or b"").rstrip(b":")
    name = rb"xmlns:" + re.escape(prefix) if prefix else b"xmlns"
    space = re.search(rb"\s" + name + rb"\s*=\s*[\"']([^\"']*)[\"']", found[3])
    if not space and not prefix and not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml"):
        return ""
    text = found[2].decode("ascii", "replace")
    return f"{{{space[1].decode('utf-8', 'replace')}}}{text}" if space else text


def text_charset(head: bytes) -> str:
    """Return the encoding of a text by its first bytes (FORMATS, the ladder), empty when it is no text."""
    if head[:3] == b"\xef\xbb\xbf":
        return "UTF-8 with BOM"
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "UTF-16"
    if len(head.translate(None, _CONTROLS)) != len(head):
        return ""
    if head.isascii():
        return "ASCII"
    cut = head[:-3] if len(head) == HEAD else head
    for end in range(4):
        try:
            (head[: len(cut) + end] if len(head) == HEAD else head).decode("utf-8")
        except UnicodeDecodeError:
            if len(head) < HEAD:
                break
        else:
            return "UTF-8"
    if not any(0x80 <= byte < 0xA0 for byte in head):
        return "ISO-8859-1"
    counts = {name: sum(head.count(byte) for byte in letters) for name, letters in _SWEDISH.items()}
    best = max(counts, key=lambda name: counts[name])
    return (
        {"latin-1": "windows-1252", "cp850": "IBM850", "mac-roman": "macintosh"}[best] if counts[best] else ""
    )


def _is_json(head: bytes, charset: str) -> bool:
    body = head.decode("utf-8-sig", "replace").strip() if charset != "UTF-16" else ""
    if body[:1] not in {"{", "["}:
        return False
    if len(head) > _PARSED:
        ended = len(head) == HEAD or body[-1] == {"{": "}", "[": "]"}[body[0]]
        return ended and bool(
            re.match(r'\{\s*"(?:[^"\\]|\\.)*"\s*:|\[\s*(?:[\[{"\d-]|true|false|null)', body)
        )
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _is_table(head: bytes, charset: str) -> bool:
    encoding = {"UTF-16": "utf-16", "UTF-8 with BOM": "utf-8-sig"}.get(charset, "latin-1")
    lines = [line for line in head.decode(encoding, "replace").splitlines()[:20] if line]
    return any(lines and lines[0].count(sign) >= 1 for sign in ",;\t|")
