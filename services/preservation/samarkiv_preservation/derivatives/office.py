"""Text of office documents, by kreuzberg."""

from functools import lru_cache
from typing import Any

from samarkiv_preservation.derivatives.refusal import CouldNot

TOOL = "kreuzberg 4.10"
SECONDS = 60
# kreuzberg chooses its reader by MIME type; the PUID knows better than a type that came with the file
_MIMES = {
    "fmt/39": "application/msword",
    "fmt/40": "application/msword",
    "fmt/412": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "fmt/61": "application/vnd.ms-excel",
    "fmt/214": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "fmt/126": "application/vnd.ms-powerpoint",
    "fmt/215": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "fmt/483": "application/epub+zip",
    "x-fmt/430": "application/vnd.ms-outlook",
    "fmt/278": "message/rfc822",
    **dict.fromkeys(
        ("fmt/45", "fmt/50", "fmt/51", "fmt/52", "fmt/53", "fmt/355", "fmt/969"), "application/rtf"
    ),
    **dict.fromkeys(("fmt/136", "fmt/290", "fmt/291", "fmt/1756"), "application/vnd.oasis.opendocument.text"),
    **dict.fromkeys(
        ("fmt/137", "fmt/294", "fmt/295", "fmt/1755"), "application/vnd.oasis.opendocument.spreadsheet"
    ),
    **dict.fromkeys(
        ("fmt/138", "fmt/292", "fmt/293", "fmt/1754"), "application/vnd.oasis.opendocument.presentation"
    ),
}


def text_of(data: bytes, mime: str, puid: str = "") -> str:
    """Return the text of a document; raises CouldNot when kreuzberg is missing or cannot open it."""
    return read(data, mime, puid)[0]


def read(data: bytes, mime: str, puid: str = "") -> tuple[str, list[str]]:
    """Return the text of a document and the names of its sheets, which stand in the text too; raises CouldNot."""
    try:
        import kreuzberg
    except ImportError as error:
        raise CouldNot("kreuzberg is not installed") from error
    kind = _MIMES.get(puid, mime.partition(";")[0].strip().lower())
    try:
        found = kreuzberg.extract_bytes_sync(data, kind, _config())
        told: dict[str, Any] = dict(found.metadata)
        return str(found.content), [str(name) for name in told.get("sheet_names") or ()]
    except kreuzberg.KreuzbergError as error:
        raise CouldNot(f"kreuzberg: {str(error)[:200]}") from error
    except (RuntimeError, ValueError, OSError) as error:
        raise CouldNot(f"kreuzberg: {type(error).__name__}: {str(error)[:200]}") from error


@lru_cache(maxsize=1)
def _config() -> Any:
    from kreuzberg import ConcurrencyConfig, ExtractionConfig

    settings: dict[str, Any] = {  # the stubs of 4.10 do not know disable_ocr
        "use_cache": False,
        "disable_ocr": True,
        "enable_quality_processing": False,
        "output_format": "plain",
        "extraction_timeout_secs": SECONDS,
        "concurrency": ConcurrencyConfig(max_threads=1),
    }
    return ExtractionConfig(**settings)
