"""Text of XML and HTML without a parser that could be led astray: tags out, entities read once."""

import html
import re
from html.parser import HTMLParser

from samarkiv_preservation.formats.encodings import decode

_DECLARED = re.compile(
    rb"""^\s*(?:\xef\xbb\xbf)?<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']"""
)
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([A-Za-z0-9._-]{1,40})""", re.IGNORECASE)
_NO_TEXT = re.compile(r"<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
_SKIP = {"script", "style", "noscript", "template"}
_INLINE = {"a", "b", "i", "em", "strong", "span", "u", "small", "sup", "sub", "font", "abbr", "code", "mark"}
_HTML_PUIDS = {"fmt/96", "fmt/97", "fmt/98", "fmt/99", "fmt/100", "fmt/102", "fmt/103", "fmt/471"}


def text_of(data: bytes, mime: str, puid: str = "") -> str:
    """Return what a reader would see of an HTML page, or the character data of an XML document."""
    text = _decoded(data)
    if "html" in mime or puid in _HTML_PUIDS:
        return text_of_html(text)
    text = _CDATA.sub(lambda found: html.escape(found[1]), _NO_TEXT.sub(" ", text))
    return html.unescape(_TAG.sub("\n", text))


def text_of_html(page: str) -> str:
    """Return the text of an HTML page, scripts and styles left out."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return "".join(reader.pieces)


def _decoded(data: bytes) -> str:
    declared = _DECLARED.search(data[:400]) or _META.search(data[:4096])
    if declared:
        try:
            return data.decode(declared[1].decode("ascii"))
        except (LookupError, UnicodeDecodeError):
            pass  # it declares what it is not: the ladder decides
    return decode(data)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIP:
            self._hidden += 1
        elif tag not in _INLINE:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIP:
            self._hidden = max(0, self._hidden - 1)
        elif tag not in _INLINE:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(data)
