"""Is the copy what the original was? Measured in a pool worker: format, pages, and the words found again."""

import re
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

from samarkiv_preservation.derivatives import office, pdf
from samarkiv_preservation.derivatives.refusal import CouldNot

_WORD = re.compile(r"[^\W\d_]{2,}")
_TOLD = re.compile(rb"<(?:\w+:)?(Pages|Slides)>(\d{1,6})</")
_APP_BYTES = 64 << 10
_SIGNATURES = ("_xmlsignatures/", "META-INF/documentsignatures.xml")


def measure_pdf(source: str, puid: str, mime: str, output: str) -> dict[str, Any]:
    """Return what can be measured of a PDF made from an office file.

    `puid`; `pages`; `pages_told` by the source (None when it does not tell); `words` of the source and `word_recall`,
    the share of them found in the PDF (None when the source's text cannot be read, or has no words); `signed`.
    Raises OSError.
    """
    import pygfried

    made = Path(output).read_bytes()
    try:
        pages, after = pdf.page_count(made), words_of(pdf.pdfium_text(made))
    except CouldNot:
        pages, after = 0, Counter()
    try:
        text, sheets = office.read(Path(source).read_bytes(), mime, puid)
        before = words_of(text) - words_of("\n".join(sheets))  # a printed sheet does not tell its name
    except CouldNot:
        before = None
    told, signed = _package(source)
    total = sum(before.values()) if before is not None else None
    return {
        "puid": str(pygfried.identify(output)),
        "pages": pages,
        "pages_told": told,
        "words": total,
        "words_after": sum(after.values()),
        "word_recall": round((before & after).total() / total, 4) if before is not None and total else None,
        "signed": signed,
    }


def words_of(text: str) -> "Counter[str]":
    """Return the words of a text and how often each comes; hyphens at line ends are healed."""
    plain = unicodedata.normalize("NFKC", text).replace("\u00ad", "")
    plain = re.sub(r"(?<=\w)[-\u2010\ufffe]\r?\n(?=\w)", "", plain)
    return Counter(word.casefold() for word in _WORD.findall(plain))


def _package(source: str) -> tuple[int | None, bool]:
    """Return the pages or slides a zipped document tells of itself, and whether it is digitally signed."""
    try:
        with zipfile.ZipFile(source) as box:
            names = box.namelist()
            signed = any(name.startswith(_SIGNATURES) for name in names)
            if "docProps/app.xml" not in names:
                return None, signed
            with box.open("docProps/app.xml") as file:
                told = dict(_TOLD.findall(file.read(_APP_BYTES)))
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, KeyError):
        return None, False  # no zip: an older format tells nothing
    count = told.get(b"Slides") or told.get(b"Pages")
    return (int(count) or None) if count else None, signed
