"""The one XML loader: lxml, no DTD, no network, no entities, bounded size and depth; faults are told, never raised raw.

A DOCTYPE is refused before libxml2 sees it: expat reads the prolog of the same bytes first. XInclude elements and
stylesheet instructions are refused, not followed; schemaLocation is a hint that nobody reads.
"""

from collections.abc import Iterator
from typing import BinaryIO
from xml.parsers import expat

from lxml import etree

CHUNK = 64 << 10
MOST_BYTES = 256 << 20
MOST_DEPTH = 256
_XINCLUDE = "{http://www.w3.org/2001/XInclude}"

Event = tuple[str, etree._Element]  # noqa: SLF001 - so lxml names its public type


class XmlFault(Exception):
    """An XML document cannot be read; `code` is one of the SAM-XML codes, `line` 0 when unknown."""

    def __init__(self, code: str, line: int = 0, found: str = "") -> None:
        """Take the code, the line and what was found there."""
        super().__init__(f"{code} {line} {found}")
        self.code = code
        self.line = line
        self.found = found


class _Prolog:
    """Reads up to the root element's start and refuses what may not stand before it."""

    def __init__(self) -> None:
        self.over = False
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.ProcessingInstructionHandler = self._instruction

    def _doctype(self, *_: object) -> None:
        raise XmlFault("SAM-XML-DOCTYPE", self._parser.CurrentLineNumber)

    def _instruction(self, target: str, data: str) -> None:
        if target == "xml-stylesheet":
            raise XmlFault("SAM-XML-STYLESHEET", self._parser.CurrentLineNumber, data[:200])

    def _start(self, _name: str, _attributes: object) -> None:
        self.over = True

    def feed(self, piece: bytes) -> None:
        """Read one piece; raises XmlFault."""
        try:
            self._parser.Parse(piece)
        except expat.ExpatError as fault:
            if not self.over:
                raise XmlFault("SAM-XML-SYNTAX", fault.lineno, str(fault)) from fault
        except (LookupError, ValueError, UnicodeError) as fault:
            raise XmlFault("SAM-XML-SYNTAX", 1, str(fault)) from fault


def events(
    stream: BinaryIO, *, most_bytes: int = MOST_BYTES, schema: etree.XMLSchema | None = None
) -> Iterator[Event]:
    """Return `start` and `end` events of a document while it is read, piece by piece.

    The caller clears what it has used. Raises XmlFault: not well-formed, DOCTYPE, stylesheet or XInclude, too large
    (`most_bytes`), deeper than 256. With `schema`, a violation ends the reading with code SAM-XML-SCHEMA.
    """
    parser = etree.XMLPullParser(
        events=("start", "end", "pi"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=True,
        huge_tree=False,
        schema=schema,
    )
    prolog = _Prolog()
    read = depth = 0
    fault: etree.XMLSyntaxError | None = None
    while fault is None:
        piece = stream.read(CHUNK)
        read += len(piece)
        if read > most_bytes:
            raise XmlFault("SAM-XML-LARGE", 0, f"> {most_bytes}")
        if not read:
            raise XmlFault("SAM-XML-SYNTAX", 1, "0 bytes")
        if not prolog.over:
            prolog.feed(piece)
        fault = _feed(parser, piece)
        # What was read before a fault is told first: a title may be there.
        for event, element in parser.read_events():
            depth = _watch(event, element, depth)
            if event != "pi":
                yield event, element
        if not piece and fault is None:
            return
    raise XmlFault(_code(fault, schema), fault.lineno or 0, (fault.msg or "")[:300]) from fault


def _feed(parser: "etree.XMLPullParser", piece: bytes) -> etree.XMLSyntaxError | None:
    """Give the parser a piece, or its end; returns what it says against it."""
    try:
        if piece:
            parser.feed(piece)
        else:
            parser.close()
    except etree.XMLSyntaxError as fault:
        return fault
    return None


def _watch(event: str, element: etree._Element, depth: int) -> int:
    """Return the depth after the event; raises XmlFault for what is refused anywhere in a document."""
    if event == "start":
        if depth >= MOST_DEPTH:
            raise XmlFault("SAM-XML-DEEP", element.sourceline or 0, f"> {MOST_DEPTH}")
        if str(element.tag).startswith(_XINCLUDE):
            raise XmlFault("SAM-XML-XINCLUDE", element.sourceline or 0, element.get("href", ""))
        return depth + 1
    if event == "end":
        return depth - 1
    if getattr(element, "target", "") == "xml-stylesheet":
        raise XmlFault("SAM-XML-STYLESHEET", element.sourceline or 0, (element.text or "")[:200])
    return depth


def _code(fault: etree.XMLSyntaxError, schema: etree.XMLSchema | None) -> str:
    if "Excessive depth" in (fault.msg or ""):
        return "SAM-XML-DEEP"
    schemas = schema is not None and any(one.domain_name.startswith("SCHEMAS") for one in fault.error_log)
    return "SAM-XML-SCHEMA" if schemas else "SAM-XML-SYNTAX"


def load(stream: BinaryIO, *, most_bytes: int = 16 << 20) -> etree._Element:
    """Return the root of a small document, whole in memory. Raises XmlFault as `events` does."""
    root: etree._Element | None = None
    for _, element in events(stream, most_bytes=most_bytes):
        if root is None:
            root = element
    if root is None:
        raise XmlFault("SAM-XML-SYNTAX", 1, "no element")
    return root


def prune(element: etree._Element) -> None:
    """Empty an element that has ended and remove what stands before it: only for readers that keep nothing."""
    element.clear(keep_tail=True)
    parent = element.getparent()
    while parent is not None and (before := element.getprevious()) is not None:
        parent.remove(before)


def local(element: etree._Element) -> str:
    """Return an element's name without its namespace; `` for comments and instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def namespace(element: etree._Element) -> str:
    """Return the namespace of an element, `` when it has none."""
    tag = element.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""


def text(element: etree._Element | None) -> str:
    """Return the text inside an element with its spaces made single, `` for None."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""
