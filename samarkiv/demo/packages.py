"""Packages of the demo: zip, tar, tar.gz; plain folder, bag, E-ARK SIP. `Files` is path → bytes."""

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

Files = dict[str, bytes]
STAMP = (2020, 1, 1, 0, 0, 0)


def as_zip(files: Files, *, deflate: bool = True) -> bytes:
    """Return the files as a ZIP."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, body in files.items():
            member = zipfile.ZipInfo(name, STAMP)
            member.external_attr = 0o644 << 16
            archive.writestr(member, body, zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED)
    return sink.getvalue()


def as_tar(files: Files, *, gz: bool = False) -> bytes:
    """Return the files as a tar, or tar.gz."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(body), 0o644
            member.mtime = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
            archive.addfile(member, io.BytesIO(body))
    if not gz:
        return sink.getvalue()
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as target:
        target.write(sink.getvalue())
    return packed.getvalue()


def bag(
    folder: str, files: Files, info: dict[str, str], *, wrong: str = "", missing: str = "", extra: str = ""
) -> Files:
    """Return a BagIt 1.0 bag of the files; `wrong`, `missing` and `extra` plant a fault at that path."""
    payload = {f"data/{name}": body for name, body in files.items()}
    manifest = {name: hashlib.sha256(body).hexdigest() for name, body in payload.items()}
    if wrong:
        manifest[f"data/{wrong}"] = hashlib.sha256(b"fel").hexdigest()
    if missing:
        payload.pop(f"data/{missing}")
    if extra:
        payload[f"data/{extra}"] = b"Den har filen star inte i manifestet.\n"
    size = sum(len(body) for body in payload.values())
    tags = {
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": "".join(
            f"{key}: {value}\n" for key, value in {**info, "Payload-Oxum": f"{size}.{len(payload)}"}.items()
        ).encode(),
        "manifest-sha256.txt": _lines(manifest),
    }
    tags["tagmanifest-sha256.txt"] = _lines(
        {name: hashlib.sha256(body).hexdigest() for name, body in tags.items()}
    )
    return {f"{folder}/{name}": body for name, body in {**tags, **payload}.items()}


def _lines(digests: dict[str, str]) -> bytes:
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()


def sip(objid: str, label: str, files: Files, *, submitter: str, agreement: str) -> bytes:
    """Return an E-ARK SIP 2.2.0 as a stored ZIP."""
    from samarkiv_ingest.packages.sip_writer import Source, write_sip

    sink = io.BytesIO()
    write_sip(
        sink.write,
        objid=objid,
        label=label,
        sources=[
            Source(name, len(body), hashlib.sha256(body).hexdigest(), partial(_whole, body))
            for name, body in files.items()
        ],
        created="2026-03-01T08:00:00Z",
        submitter=submitter,
        agreement=agreement,
    )
    return sink.getvalue()


def _whole(body: bytes) -> Iterator[bytes]:
    yield body
