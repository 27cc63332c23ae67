"""A closed list of format families, for the facet `format`."""

from functools import lru_cache

from samarkiv_contracts.text import Text

FAMILIES: dict[str, Text] = {
    "pdf": Text(sv="PDF", en="PDF"),
    "document": Text(sv="textdokument", en="document"),
    "sheet": Text(sv="kalkylark och tabeller", en="spreadsheet or table"),
    "slides": Text(sv="presentation", en="presentation"),
    "image": Text(sv="bild", en="image"),
    "sound": Text(sv="ljud", en="sound"),
    "video": Text(sv="film", en="video"),
    "email": Text(sv="e-post", en="e-mail"),
    "text": Text(sv="ren text", en="plain text"),
    "markup": Text(sv="XML och webbsidor", en="XML and web pages"),
    "drawing": Text(sv="ritning och karta", en="drawing or map"),
    "packed": Text(sv="packad fil", en="archive file"),
    "other": Text(sv="annat", en="other"),
}
_EXACT = {
    "application/pdf": "pdf",
    "application/msword": "document",
    "application/rtf": "document",
    "text/rtf": "document",
    "text/csv": "sheet",
    "text/tab-separated-values": "sheet",
    "application/vnd.ms-excel": "sheet",
    "application/vnd.ms-powerpoint": "slides",
    "message/rfc822": "email",
    "application/vnd.ms-outlook": "email",
    "application/mbox": "email",
    "text/html": "markup",
    "application/xhtml+xml": "markup",
    "application/xml": "markup",
    "text/xml": "markup",
    "application/json": "text",
    "image/vnd.dwg": "drawing",
    "image/vnd.dxf": "drawing",
    "application/gml+xml": "drawing",
    "application/zip": "packed",
    "application/gzip": "packed",
    "application/x-tar": "packed",
    "application/x-7z-compressed": "packed",
}
_PARTS = (
    ("spreadsheet", "sheet"),
    ("presentation", "slides"),
    ("wordprocessing", "document"),
    ("opendocument.text", "document"),
    ("+xml", "markup"),
)
_KINDS = {"image": "image", "audio": "sound", "video": "video", "text": "text"}


@lru_cache(maxsize=1000)
def family(mime: str) -> str:
    """Return the family of a MIME type; `other` for what is unknown."""
    bare = mime.split(";", 1)[0].split(",", 1)[0].strip().lower()
    if bare in _EXACT:
        return _EXACT[bare]
    for part, name in _PARTS:
        if part in bare:
            return name
    return _KINDS.get(bare.split("/", 1)[0], "other")
