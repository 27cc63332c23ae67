"""One file in, its derivatives out; bounded in size and never raising for what the file holds."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from samarkiv_preservation.derivatives import mail, markup, office, pdf, pictures
from samarkiv_preservation.derivatives.refusal import CouldNot
from samarkiv_preservation.formats.encodings import decode
from samarkiv_preservation.formats.policy import standing_policy

TEXT_BYTES = 2_000_000
MAX_INPUT = 100 << 20
# text kinds are read this far only: enough for the text that is kept, whatever the encoding
_TEXT_INPUT = 8 << 20

Outcome = Literal["done", "nothing", "could_not"]


@dataclass(frozen=True)
class Derived:
    """What was made of one file.

    `text` is at most 2 MB of UTF-8 (`truncated` tells when there was more); `thumbnail` is a PNG or JPEG, 320 pixels
    wide; `pages` are at most ten, 1000 pixels wide. `outcome` is `done`, `nothing` (the format has none of these)
    or `could_not` with a `reason`; what could be made is there all the same.
    """

    text: str = ""
    thumbnail: bytes | None = None
    pages: list[bytes] = field(default_factory=list)
    outcome: Outcome = "nothing"
    reason: str = ""
    tool: str = ""
    truncated: bool = False


@dataclass(frozen=True)
class Task:
    """A file to derive from: the bytes `offset` … `offset + length` of `path` (the whole file when length is None)."""

    path: str
    puid: str
    mime: str
    offset: int = 0
    length: int | None = None


def derive(path: str, puid: str, mime: str, offset: int = 0, length: int | None = None) -> Derived:
    """Return the derivatives of a file, or of a range of one (a member of a stored container).

    Raises OSError when the file cannot be read; faults of its content are told in the outcome.
    """
    rule = standing_policy().rule_for(puid, mime)
    if not rule.text and not rule.pages:
        return Derived()
    size = os.stat(path).st_size - offset if length is None else length
    text_only = rule.text in _DECODED
    if size > MAX_INPUT and not text_only:
        return Derived(outcome="could_not", reason=f"larger than {MAX_INPUT >> 20} MiB")
    data = _read(path, offset, min(size, _TEXT_INPUT) if text_only else size)
    text, tool, reasons = "", [], []
    thumbnail: bytes | None = None
    pages: list[bytes] = []
    if rule.text:
        try:
            text, by = _TEXT[rule.text](data, mime, puid)
            tool.append(by)
        except CouldNot as error:
            reasons.append(str(error))
    if rule.pages:
        try:
            thumbnail, pages = (pdf.draw if rule.pages == "pdf" else pictures.draw)(data)
            tool.append(pdf.TOOL if rule.pages == "pdf" else pictures.TOOL)
        except CouldNot as error:
            reasons.append(str(error))
    text, truncated = _bounded(text)
    return Derived(
        text=text,
        thumbnail=thumbnail,
        pages=pages,
        outcome="could_not" if reasons else "done",
        reason="; ".join(dict.fromkeys(reasons)),
        tool=", ".join(dict.fromkeys(tool)),
        truncated=truncated or (text_only and size > _TEXT_INPUT),
    )


def derive_many(tasks: list[Task]) -> list[Derived]:
    """Return the derivatives of many small files in one call to the pool; an unreadable file is told, not raised.

    The work waits behind everything else: what is found by name must not wait for what follows it.
    """
    return _behind().submit(_each, tasks).result()


@cache
def _behind() -> ThreadPoolExecutor:
    """Return this worker's low thread: priority is a thread's own on Linux, and could not be taken back."""
    return ThreadPoolExecutor(1, "derive", initializer=_step_back)


def _step_back() -> None:
    with suppress(OSError):
        os.nice(10)


def _each(tasks: list[Task]) -> list[Derived]:
    found = []
    for task in tasks:
        try:
            found.append(derive(task.path, task.puid, task.mime, task.offset, task.length))
        except OSError as error:
            found.append(Derived(outcome="could_not", reason=f"not readable: {error.strerror}"))
    return found


def _plain(data: bytes, _mime: str, _puid: str) -> tuple[str, str]:
    return decode(data), "samarkiv"


def _markup(data: bytes, mime: str, puid: str) -> tuple[str, str]:
    return markup.text_of(data, mime, puid), "samarkiv"


def _mail(data: bytes, _mime: str, _puid: str) -> tuple[str, str]:
    return mail.text_of(data), "samarkiv"


def _document(data: bytes, mime: str, puid: str) -> tuple[str, str]:
    return office.text_of(data, mime, puid), office.TOOL


def _pdf(data: bytes, _mime: str, _puid: str) -> tuple[str, str]:
    return pdf.text_of(data)


_DECODED = {"plain", "markup"}
_TEXT = {"plain": _plain, "markup": _markup, "mail": _mail, "document": _document, "pdf": _pdf}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]+")
_BLANK = re.compile(r"[ \t\xa0]{2,}")
_EMPTY = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


def _bounded(text: str) -> tuple[str, bool]:
    """Return the text without control characters and runs of blanks, at most 2 MB, and whether it was cut."""
    if not text:
        return "", False
    text = _CONTROL.sub(" ", text[: 2 * TEXT_BYTES].replace("\r\n", "\n").replace("\r", "\n"))
    text = _EMPTY.sub("\n\n", _BLANK.sub(" ", text)).strip()
    raw = text.encode()
    if len(raw) <= TEXT_BYTES:
        return text, False
    return raw[:TEXT_BYTES].decode("utf-8", "ignore"), True


def _read(path: str, offset: int, length: int) -> bytes:
    with open(path, "rb") as file:
        file.seek(offset)
        return file.read(length)
