"""What several rules ask of a value: a time, an ID, a MIME type, an OTHER with its other attribute."""

import re
from collections.abc import Callable, Iterator
from datetime import date

from samarkiv_contracts.findings import Severity

from samarkiv_ingest.validators.eark import values
from samarkiv_ingest.validators.eark.requirement import Fault, Version

_TIME = re.compile(
    r"-?(\d{4,})-(\d\d)-(\d\d)T([01]\d|2[0-4]):([0-5]\d):([0-5]\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_ID = re.compile(r"[^\W\d][\w.\-·]*")
_MIME = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*(?:\s*;.*)?")

Faults = Iterator[Fault]


def is_time(value: str) -> bool:
    """Tell whether a value is an xs:dateTime of a real day."""
    match = _TIME.fullmatch(value.strip())
    if match is None:
        return False
    try:
        date(int(match[1][:4]) or 4, int(match[2]), int(match[3]))
    except ValueError:
        return False
    return True


def time(value: str | None, line: int, about: str = "") -> Faults:
    """Find what is wrong with a mandatory time."""
    if value is None:
        yield Fault(line, "xs:dateTime", "", about=about)
    elif not is_time(value):
        yield Fault(line, "xs:dateTime", value or '""', about=about)


def identity(value: str | None, line: int, about: str = "") -> Faults:
    """Find what is wrong with a mandatory ID by itself; uniqueness is asked of the whole document."""
    if not value:
        yield Fault(line, "ID", '""' if value == "" else "", about=about)
    elif not _ID.fullmatch(value):
        yield Fault(line, "xs:ID", value, about=about)


def filled(value: str | None, line: int, about: str = "") -> Faults:
    """Find a mandatory value that is absent or empty."""
    if value is None or not value.strip():
        yield Fault(line, "", '""' if value is not None else "", about=about)


def fixed(value: str | None, wanted: str, line: int, about: str = "") -> Faults:
    """Find a mandatory value that is not the wanted one."""
    if value != wanted:
        yield Fault(line, wanted, value or "", about=about)


def mime(value: str | None, line: int, version: Version, about: str = "") -> Faults:
    """Find what is wrong with a MIME type: absent, malformed, too long (WARNING), or in no register.

    2.0.4 and 2.1.0 ask for a type of the IANA register (ERROR); 2.2.0 recommends one (WARNING).
    """
    if value is None or not value.strip():
        yield Fault(line, "type/subtype", '""' if value is not None else "", about=about)
    elif len(value) > values.MIME_LONGEST:
        yield Fault(line, f"≤ {values.MIME_LONGEST}", value, Severity.WARNING, about=about)
    elif not _MIME.fullmatch(value.strip()):
        yield Fault(line, "type/subtype", value, about=about)
    elif not _known(value):
        level = Severity.WARNING if version == "2.2.0" else Severity.ERROR
        yield Fault(line, "IANA", value, level, about=about)


def _known(value: str) -> bool:
    name = value.partition(";")[0].strip().lower()
    top, _, sub = name.partition("/")
    tops = {"application", "audio", "font", "image", "message", "model", "multipart", "text", "video"}
    # A private (x.) or vendor (vnd., prs.) name need not be registered.
    return name in values.media_types() or (top in tops and sub.startswith(("x-", "x.", "vnd.", "prs.")))


def status(value: str | None, line: int, about: str = "") -> Faults:
    """Find what is wrong with a status: absent is the requirement's level, another value is an error."""
    if value is None:
        yield Fault(line, "CURRENT | SUPERSEDED", "", about=about)
    elif value not in values.STATUS:
        yield Fault(line, "CURRENT | SUPERSEDED", value or '""', Severity.ERROR, about=about)


def other(
    value: str | None, instead: str | None, known: Callable[[str], bool], line: int, about: str = ""
) -> Faults:
    """Find what is wrong between a value and the attribute that holds the real one when it is OTHER."""
    if value is not None and values.is_other(value):
        if not instead or not instead.strip():
            yield Fault(line, "OTHER → …", '""' if instead is not None else "", Severity.ERROR, about=about)
        elif known(instead) and not values.is_other(instead):
            yield Fault(line, "OTHER → …", instead, Severity.ERROR, about=about)
    elif instead is not None:
        yield Fault(line, "OTHER", f"{value or ''} + {instead}", Severity.ERROR, about=about)
