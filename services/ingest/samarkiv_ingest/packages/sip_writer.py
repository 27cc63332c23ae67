"""Writing an E-ARK SIP 2.2.0 as a stored ZIP, streaming: what closed cases of the record stream become."""

import hashlib
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from samarkiv_contracts.problems import DigestMismatch, InvalidInput

from samarkiv_ingest.packages import sip_mets
from samarkiv_ingest.packages.limits import Limits
from samarkiv_ingest.packages.names import NamePolicy, key
from samarkiv_ingest.packages.sip_mets import Fact, Header
from samarkiv_ingest.packages.zip_writer import Sink, StoredZip, zip_folder

__all__ = ["REPRESENTATION", "Source", "write_sip", "zip_folder"]

REPRESENTATION = "rep1"
_SPOOL = 4 << 20
_CHUNK = 1 << 20
_SCHEMAS = ("DILCISExtensionMETS.xsd", "xlink.xsd")


@dataclass(frozen=True)
class Source:
    """One file to be packed: its path inside the representation's data, and where its bytes come from.

    `open` may be called more than once and gives the same bytes each time.
    """

    path: str
    size: int
    sha256: str
    open: Callable[[], Iterable[bytes]]


def write_sip(
    sink: Sink,
    *,
    objid: str,
    label: str,
    sources: Sequence[Source],
    created: str,
    submitter: str,
    agreement: str,
    documentation: Mapping[str, bytes] | None = None,
) -> int:
    """Write the SIP to `sink` (append only) and return its size in bytes.

    The root folder is `objid`; files lie under `representations/rep1/data/`. `created` is an ISO time in UTC. Raises
    InvalidInput for a path the name policy refuses or two that collide, DigestMismatch when bytes are not as declared.
    """
    _judge([source.path for source in sources])
    base = f"{objid}/representations/{REPRESENTATION}"
    box = StoredZip(sink)
    for source in sources:
        box.file(f"{base}/data/{source.path}", source.size, _proved(source), source.open())
    header = Header(REPRESENTATION, label, created, _version())
    history = sip_mets.premis(header, objid, len(sources)).encode()
    premis = _small(box, base, "metadata/preservation/premis.xml", history)
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as spool:
        facts = (Fact(f"data/{one.path}", one.size, one.sha256) for one in sources)
        digest, size, crc = _spooled(spool, sip_mets.representation(header, premis, facts))
        box.file(f"{base}/METS.xml", size, crc, _pieces(spool))
    mets = Fact(f"representations/{REPRESENTATION}/METS.xml", size, digest)
    papers = dict(documentation or {}) or {"package.txt": f"{label}\n{agreement}\n{created}\n".encode()}
    papers_facts = [_small(box, objid, f"documentation/{name}", body) for name, body in papers.items()]
    schema_facts = [_small(box, objid, f"schemas/{name}", _schema(name)) for name in _SCHEMAS]
    described = sip_mets.dublin_core(title=label, identifier=objid, creator=submitter, date=created)
    described_fact = _small(box, objid, "metadata/descriptive/dc.xml", described.encode())
    root = sip_mets.root(
        Header(objid, label, created, _version()),
        submitter=submitter,
        agreement=agreement,
        rep=REPRESENTATION,
        mets=mets,
        described=described_fact,
        history=Fact(f"representations/{REPRESENTATION}/{premis.path}", premis.size, premis.sha256),
        documentation=papers_facts,
        schemas=schema_facts,
    )
    _small(box, objid, "METS.xml", root.encode())
    return box.finish()


def _judge(paths: Sequence[str]) -> None:
    policy, seen = NamePolicy(Limits()), dict[str, str]()
    for path in paths:
        code = policy.refusal(path)
        other = seen.setdefault(key(path), path)
        if code or other is not path:
            why = code or f"SAM-NAME-COLLISION: {other}"
            raise InvalidInput(
                f"Filnamnet {path!r} kan inte användas ({why}).", f"The name {path!r} cannot be used ({why})."
            )


def _proved(source: Source) -> int:
    """Read a source once, compare size and digest with what is declared, and return its CRC."""
    running, size, crc = hashlib.sha256(), 0, 0
    for chunk in source.open():
        running.update(chunk)
        size += len(chunk)
        crc = zlib.crc32(chunk, crc)
    if size != source.size or running.hexdigest() != source.sha256:
        raise DigestMismatch(
            f"{source.path} har inte den angivna kontrollsumman eller storleken.",
            f"{source.path} does not have the declared digest or size.",
        )
    return crc


def _spooled(spool: IO[bytes], pieces: Iterable[str]) -> tuple[str, int, int]:
    """Write the pieces; return digest, size and CRC."""
    running, size, crc = hashlib.sha256(), 0, 0
    for piece in pieces:
        raw = piece.encode()
        spool.write(raw)
        running.update(raw)
        size += len(raw)
        crc = zlib.crc32(raw, crc)
    return running.hexdigest(), size, crc


def _pieces(spool: IO[bytes]) -> Iterator[bytes]:
    spool.seek(0)
    while piece := spool.read(_CHUNK):
        yield piece


def _small(box: StoredZip, objid: str, path: str, body: bytes) -> Fact:
    box.file(f"{objid}/{path}", len(body), zlib.crc32(body), [body])
    return Fact(path, len(body), hashlib.sha256(body).hexdigest())


def _schema(name: str) -> bytes:
    """Return an official schema from the installed package that carries it (DESIGN §6)."""
    spec = find_spec("eark_validator")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("eark_validator is not installed: the official schemas come with it")
    return (Path(spec.submodule_search_locations[0]) / "ipxml/resources/schema" / name).read_bytes()


def _version() -> str:
    try:
        return version("samarkiv")
    except PackageNotFoundError:
        return "0"
