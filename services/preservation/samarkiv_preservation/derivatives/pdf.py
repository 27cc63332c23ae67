"""Text and pictures of PDF pages: kreuzberg, then pypdfium2 where it finds nothing; pictures by pypdfium2."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from samarkiv_preservation.derivatives import office, pictures
from samarkiv_preservation.derivatives.refusal import CouldNot

TOOL = "pypdfium2"
_SECONDS = 30.0
_TEXT_CHARS = 2_000_000


def text_of(data: bytes) -> tuple[str, str]:
    """Return the text and the tool that found it; raises CouldNot when neither can open it (encrypted, damaged)."""
    try:
        text = office.text_of(data, "application/pdf")
        if text.strip():
            return text, office.TOOL
    except CouldNot:
        pass  # pypdfium2 opens some that kreuzberg does not, and says why when it cannot either
    return pdfium_text(data), TOOL


def pdfium_text(data: bytes) -> str:
    """Return the text of every page; raises CouldNot."""
    found: list[str] = []
    with _opened(data) as document:
        end = monotonic() + _SECONDS
        size = 0
        for page in document:
            text = page.get_textpage().get_text_bounded(errors="replace")
            found.append(text)
            size += len(text)
            if size > _TEXT_CHARS or monotonic() > end:
                break
    return "\n".join(found)


def page_count(data: bytes) -> int:
    """Return how many pages there are; raises CouldNot."""
    with _opened(data) as document:
        return len(document)


def draw(data: bytes) -> tuple[bytes, list[bytes]]:
    """Return a thumbnail and the first pages as pictures; raises CouldNot."""
    thumbnail = b""
    pages: list[bytes] = []
    with _opened(data) as document:
        end = monotonic() + _SECONDS
        for number, page in enumerate(document):
            if number == pictures.PAGES or (pages and monotonic() > end):
                break
            picture = _picture(page)
            if number == 0:
                thumbnail = pictures.packed(picture, pictures.THUMBNAIL)
            pages.append(pictures.packed(picture, pictures.PAGE))
    if not pages:
        raise CouldNot("the PDF has no pages")
    return thumbnail, pages


def _picture(page: Any) -> Any:
    import pypdfium2

    width, height = page.get_size()
    if width <= 0 or height <= 0:
        raise CouldNot("a page without size")
    scale = min(pictures.PAGE / width, pictures.TALLEST * pictures.PAGE / height)
    try:
        return page.render(scale=scale, may_draw_forms=True).to_pil()
    except pypdfium2.PdfiumError as error:
        raise CouldNot(f"pypdfium2: {error}") from error


@contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    try:
        import pypdfium2
    except ImportError as error:
        raise CouldNot("pypdfium2 is not installed") from error
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        encrypted = b"/Encrypt" in data
        raise CouldNot("the PDF is encrypted" if encrypted else f"pypdfium2: {str(error)[:200]}") from error
    try:
        document.init_forms()
        yield document
    except pypdfium2.PdfiumError as error:
        raise CouldNot(f"pypdfium2: {str(error)[:200]}") from error
    finally:
        document.close()
