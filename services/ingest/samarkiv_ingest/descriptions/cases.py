"""Cases and records of a case system: CITS ERMS 2.1 and 3.0, and FGS Ärendehantering 1.0, read while they stream."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from lxml import etree
from samarkiv_contracts.description import SecrecyMark

from samarkiv_ingest.descriptions.told import CLOSED, day, short
from samarkiv_ingest.domain.draft import RecordDraft
from samarkiv_ingest.validators.xml import events, local, text

ERMS = "https://DILCIS.eu/XML/ERMS"
FGS = "http://xml.ra.se/e-arkiv/FGS-ERMS"
NAMESPACES = frozenset({ERMS, FGS})

_ERMS_DATES = {
    "created": "created",
    "opened": "created",
    "opening_date": "created",
    "originated": "created",
    "start": "created",
    "received": "received",
    "prepared": "prepared",
    "decision": "decided",
    "decision_date": "decided",
    "closed": "closed",
    "finished": "closed",
    "end": "closed",
    "sent": "dispatched",
    "dispatch": "dispatched",
    "expedited": "dispatched",
    "archived": "archived",
}
_FGS_DATES = {
    "Skapad": "created",
    "Inkommen": "received",
    "Upprattad": "prepared",
    "Beslutat": "decided",
    "Avslutat": "closed",
    "Expedierad": "dispatched",
    "Arkiverat": "archived",
}
_PARTIES = frozenset({"counterpart", "sender", "recipient", "receiver", "contact_person"})
_CLOSING = frozenset({"confidential", "integrity", "gdpr", "Sekretess", "Integritet"})


class Case(NamedTuple):
    """One case (or loose record) and the addresses of its files, as written."""

    record: RecordDraft
    hrefs: tuple[str, ...]


def read(stream: BinaryIO) -> Iterator[Case]:
    """Return the cases of a document, in order, each dropped from memory when told. Raises XmlFault.

    A case is the outermost aggregation that is not a class; records beside cases are told one by one.
    """
    inside = 0
    for event, element in events(stream):
        if not _is_case(element):
            continue
        if event == "start":
            inside += 1
            continue
        inside -= 1
        if not inside:
            yield _case(element)
            parent = element.getparent()
            element.clear(keep_tail=True)
            while parent is not None and element.getprevious() is not None:
                before = element.getprevious()
                if before is None or not _is_case(before):
                    break
                parent.remove(before)


def _is_case(element: etree._Element) -> bool:
    name = local(element)
    if name == "aggregation":
        return element.get("aggregationType") != "class"
    return name in {"record", "ArkivobjektArende", "ArkivobjektHandling"}


def _case(element: etree._Element) -> Case:
    return _fgs(element) if local(element).startswith("Arkivobjekt") else _erms(element)


def _children(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    return (child for child in element if local(child) in names)


def _child(element: etree._Element, name: str) -> str:
    return next((text(one) for one in _children(element, name)), "")


def _erms(element: etree._Element) -> Case:
    marks = tuple(_erms_marks(element))
    protected = any(text(one) in {"true", "1"} for one in element.iter() if local(one) == "protectedIdentity")
    number = _child(element, "objectId") or _child(element, "identification")
    title = _child(element, "title") or _child(element, "subject") or number
    record = RecordDraft(
        title=short(title),
        public_title=short(_public(element)),
        registry_no=number,
        level=CLOSED if marks or protected or _restricted(element) else None,
        record_type=element.get("recordType", "") if local(element) == "record" else "",
        classification=_classification(element),
        description=_child(element, "description")[:4000],
        parties=_parties(element, "agent"),
        dates=_erms_dates(element),
        secrecy=marks,
        protected=protected,
        source_id=element.get("systemIdentifier", ""),
    )
    hrefs = (one.get("path", "") for one in element.iter() if local(one) == "appendix")
    return Case(record, tuple(dict.fromkeys(href for href in hrefs if href)))


def _public(element: etree._Element) -> str:
    """Return another title that is meant for the public."""
    for one in _children(element, "otherTitle"):
        if one.get("titleType", "").lower() in {"public", "public_title", "offentlig"}:
            return text(one)
    return ""


def _classification(element: etree._Element) -> str:
    for one in _children(element, "classification"):
        code = one.get("fullyQualifiedClassificationCode") or one.get("classificationCode") or ""
        return f"{code} {text(one)}".strip()
    return ""


def _erms_dates(element: etree._Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for dates in _children(element, "dates"):
        for one in dates:
            role = _ERMS_DATES.get(one.get("dateType", ""))
            if role and day(text(one)):
                found.setdefault(role, day(text(one)))
    return found


def _restricted(element: etree._Element) -> bool:
    """Tell whether anything in the case is marked, the case itself or a record of it."""
    return any(
        one.get("restrictionType") in _CLOSING or one.get("Typ") in _CLOSING
        for one in element.iter()
        if local(one) in {"restriction", "Restriktion"}
    )


def _erms_marks(element: etree._Element) -> Iterator[SecrecyMark]:
    for one in element.iter():
        if local(one) == "restriction" and one.get("restrictionType") == "confidential":
            dates = [day(text(child)) for child in one.iter() if local(child) == "date"]
            yield SecrecyMark(
                legal_ref=_child(one, "regulation") or _child(one, "explanatoryText"),
                date=next((value for value in dates if value), ""),
                until=next(
                    (day(text(c)) for c in one.iter() if c.get("dateType") in {"end", "expiration"}), ""
                ),
            )


def _parties(element: etree._Element, name: str) -> tuple[str, ...]:
    found = []
    for one in element.iter():
        if local(one) == name and (name != "agent" or one.get("agentType") in _PARTIES):
            hidden = any(
                text(flag) in {"true", "1"}
                for flag in _children(one, "protectedIdentity", "SkyddadIdentitet")
            )
            if not hidden:
                found.append(_child(one, "name") or _child(one, "Namn") or _child(one, "organisation"))
    return tuple(dict.fromkeys(party for party in found if party))


def _fgs(element: etree._Element) -> Case:
    marks = tuple(_fgs_marks(element))
    protected = any(text(one) in {"true", "1"} for one in element.iter() if local(one) == "SkyddadIdentitet")
    number = _child(element, "ArkivobjektID")
    record = RecordDraft(
        title=short(_child(element, "Arendemening") or _child(element, "Rubrik") or number),
        registry_no=number,
        level=CLOSED if marks or protected or _restricted(element) else None,
        record_type=_child(element, "ArendeTyp") or _child(element, "Handlingstyp"),
        classification=_child(element, "Klass") or _child(element, "KlassReferens"),
        description=_child(element, "Beskrivning")[:4000],
        parties=tuple(
            dict.fromkeys(
                (
                    *_parties(element, "Motpart"),
                    *_parties(element, "Avsandare"),
                    *_parties(element, "Mottagare"),
                )
            )
        ),
        dates=_fgs_dates(element),
        secrecy=marks,
        protected=protected,
        source_id=element.get("Systemidentifierare", ""),
    )
    hrefs = (one.get("Lank", "") for one in element.iter() if local(one) == "Bilaga")
    return Case(record, tuple(dict.fromkeys(href for href in hrefs if href)))


def _fgs_dates(element: etree._Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in element:
        role = _FGS_DATES.get(local(one))
        if role and day(text(one)):
            found.setdefault(role, day(text(one)))
    return found


def _fgs_marks(element: etree._Element) -> Iterator[SecrecyMark]:
    for one in element.iter():
        if local(one) == "Restriktion" and one.get("Typ") == "Sekretess":
            yield SecrecyMark(
                legal_ref=_child(one, "Lagrum") or _child(one, "ForklarandeText"),
                date=day(_child(one, "RestriktionsDatum")),
            )
