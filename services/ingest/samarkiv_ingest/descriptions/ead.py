"""EAD 2002 and EAD3: title, dates, identifier and a summary of the highest level."""

from collections.abc import Iterator

from lxml import etree

from samarkiv_ingest.descriptions.told import day, short
from samarkiv_ingest.domain.draft import RecordDraft
from samarkiv_ingest.validators.xml import local, text

NAMESPACES = frozenset({"urn:isbn:1-931666-22-9", "http://ead3.archivists.org/schema/"})


def read(root: etree._Element) -> RecordDraft | None:
    """Return the record an EAD document describes, None when it names nothing."""
    archdesc = next(_named(root, "archdesc"), None)
    did = next(_named(archdesc, "did"), None) if archdesc is not None else None
    title = _first(did, "unittitle") or _first(root, "titleproper")
    if not title:
        return None
    start, end = _dates(did)
    dates = {role: value for role, value in (("created", start), ("closed", end)) if value}
    return RecordDraft(
        title=short(title),
        description=_first(archdesc, "scopecontent", most=4000) or _first(archdesc, "abstract", most=4000),
        registry_no=_first(did, "unitid"),
        parties=tuple(dict.fromkeys(text(one) for one in _named(did, "origination") if text(one))),
        dates=dates,
    )


def _named(root: etree._Element | None, name: str) -> Iterator[etree._Element]:
    if root is not None:
        yield from (one for one in root.iter() if local(one) == name)


def _first(root: etree._Element | None, name: str, most: int = 500) -> str:
    found = next((text(one) for one in _named(root, name) if text(one)), "")
    return found[:most]


def _dates(did: etree._Element | None) -> tuple[str, str]:
    """Return the first and last day: `@normal` (2002), `@standarddate` (EAD3), else the text of a unitdate."""
    for one in _named(did, "unitdate"):
        start, _, end = (one.get("normal") or text(one)).partition("/")
        if day(start):
            return day(start), day(end)
    found: dict[str, str] = {}
    for name in ("fromdate", "todate", "datesingle"):
        for one in _named(did, name):
            value = day(one.get("standarddate") or text(one))
            if value:
                found.setdefault(name, value)
    return found.get("fromdate", found.get("datesingle", "")), found.get("todate", "")
