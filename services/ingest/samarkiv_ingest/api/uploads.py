"""Resumable uploads by tus 1.0: core, creation, checksum, expiration, termination (DESIGN §3.1)."""

import asyncio
import base64
import binascii
import hashlib
import queue
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Annotated, Any

from anyio import to_thread
from fastapi import Depends, Request, Response
from samarkiv_contracts.problems import (
    BadRequest,
    ChecksumMismatch,
    Conflict,
    PreconditionFailed,
    TooLarge,
    UnsupportedMedia,
)
from samarkiv_runtime.failpoints import failpoint
from samarkiv_runtime.idempotency import fingerprint
from samarkiv_runtime.web import Caller, PolicyRouter, caller_of

from samarkiv_ingest import store
from samarkiv_ingest.api import told
from samarkiv_ingest.api.deliveries import opened
from samarkiv_ingest.usecases import deliveries as use
from samarkiv_ingest.usecases.janitor import UPLOAD_DAYS
from samarkiv_ingest.usecases.parts import Parts, upload_key

VERSION = "1.0.0"
ALGORITHMS = ("sha1", "sha256", "md5")
GATHERED = 2**20
MEDIA = "application/offset+octet-stream"
Who = Annotated[Caller, Depends(caller_of)]


def routes(parts: Parts) -> PolicyRouter:
    """Return the routes under `/v1/uploads`."""
    router = PolicyRouter(tags=["uploads"])
    _discovery(router, parts)
    _creation(router, parts)
    _core(router, parts)
    return router


def _discovery(router: PolicyRouter, parts: Parts) -> None:
    capabilities = {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": "creation,creation-with-upload,checksum,expiration,termination",
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        "Tus-Max-Size": str(parts.house.settings.max_package_bytes),
    }
    why = "what the upload protocol offers is public"

    @router.options("/v1/uploads", action="open", part="registry", why=why)
    def all_uploads() -> Response:
        """Tell what the server can do (tus 1.0, OPTIONS)."""
        return Response(status_code=204, headers=capabilities)

    @router.options("/v1/uploads/{upload}", action="open", part="registry", why=why)
    def one_upload(upload: str) -> Response:
        """Tell what the server can do (tus 1.0, OPTIONS)."""
        del upload
        return Response(status_code=204, headers=capabilities)


def _creation(router: PolicyRouter, parts: Parts) -> None:
    @router.post("/v1/uploads", action="delivery.create", part="metadata", status_code=201)
    async def create(request: Request, caller: Who) -> Response:
        """Open a delivery by tus creation; `Upload-Metadata` holds agreement, filename, title and sha256."""
        _version(request)
        said = _metadata(request.headers.get("upload-metadata", ""))
        length = _number(request, "upload-length", needed=False)
        opening = use.Opening(
            agreement=said.get("agreement", ""),
            title=said.get("title", ""),
            name=said.get("filename", "paket.zip").replace("\\", "/").rsplit("/", 1)[-1] or "paket.zip",
            sha256=said.get("sha256", ""),
            bytes=length or 0,
            kind="TEST" if said.get("kind") == "TEST" else "NEW",
        )
        asked = fingerprint("POST", request.url.path, repr(opening).encode())
        key = request.headers.get("idempotency-key", "")
        answer = await to_thread.run_sync(opened, parts, caller, opening, asked, key)
        delivery = str(answer.headers["Location"]).rsplit("/", 1)[-1]
        headers = {"Location": f"/v1/uploads/{delivery}", "Tus-Resumable": VERSION, "Upload-Offset": "0"}
        if request.headers.get("content-type") == MEDIA:
            headers["Upload-Offset"] = str(await _append(parts, request, delivery, 0))
        return Response(status_code=201, headers=headers)


def _core(router: PolicyRouter, parts: Parts) -> None:
    @router.head("/v1/uploads/{upload}", action="delivery.upload", part="metadata")
    def where_it_stands(upload: str, request: Request, caller: Who) -> Response:
        """Tell how many bytes are durable."""
        _version(request)
        row = _upload(parts, caller, upload)
        headers = {"Upload-Offset": str(_offset(parts, row)), "Cache-Control": "no-store", **_expires(row)}
        headers |= (
            {"Upload-Length": str(row["declared_bytes"])}
            if row["declared_bytes"]
            else {"Upload-Defer-Length": "1"}
        )
        return Response(status_code=200, headers={"Tus-Resumable": VERSION, **headers})

    @router.patch("/v1/uploads/{upload}", action="delivery.upload", part="metadata", status_code=204)
    async def append(upload: str, request: Request, caller: Who) -> Response:
        """Add bytes at the offset; what arrived before a cut is kept."""
        _version(request)
        row = await to_thread.run_sync(_upload, parts, caller, upload)
        if row["state"] != "receiving":
            raise _closed()
        if request.headers.get("content-type", "").split(";")[0].strip() != MEDIA:
            raise UnsupportedMedia(sv=f"Använd {MEDIA}.", en=f"Use {MEDIA}.")
        offset = _number(request, "upload-offset", needed=True) or 0
        _room(parts, row, offset, request)
        reached = await _append(parts, request, upload, offset)
        return Response(
            status_code=204,
            headers={"Tus-Resumable": VERSION, "Upload-Offset": str(reached), **_expires(row)},
        )

    @router.delete("/v1/uploads/{upload}", action="delivery.upload", part="metadata", status_code=204)
    def terminate(upload: str, request: Request, caller: Who) -> Response:
        """End an unfinished upload; nothing of it is left."""
        _version(request)
        row = _upload(parts, caller, upload)
        if row["state"] != "receiving":
            raise Conflict(sv="Leveransen är redan mottagen.", en="The delivery is already received.")
        use.cancel(parts, upload, caller.subject.account)
        return Response(status_code=204, headers={"Tus-Resumable": VERSION})


def _upload(parts: Parts, caller: Caller, upload: str) -> Any:
    with parts.house.database.read() as tx:
        row = store.get_delivery(tx, upload)
    resource = told.delivery_resource(row)
    caller.must("delivery.see", resource)
    caller.must("delivery.upload", resource)
    return row


def _offset(parts: Parts, row: Any) -> int:
    if row["state"] != "receiving":
        return int(row["bytes"])
    try:
        return parts.house.uploads.offset(upload_key(row["id"]))
    except KeyError:
        return 0  # no bytes have come yet


def _room(parts: Parts, row: Any, offset: int, request: Request) -> None:
    """Refuse before reading what would be more than was declared or agreed."""
    most = row["declared_bytes"] or parts.house.settings.max_package_bytes
    coming = int(request.headers.get("content-length") or 0)
    if offset + coming > most:
        raise TooLarge(
            sv=f"Uppladdningen blir större än {most} byte.",
            en=f"The upload becomes larger than {most} bytes.",
        )


async def _append(parts: Parts, request: Request, delivery: str, offset: int) -> int:
    """Write the body while it comes, in pieces of 1 MiB, hashed on the way; a wrong checksum takes it back."""
    algorithm, wanted = _checksum(request)
    piece = hashlib.new(algorithm, usedforsecurity=False) if algorithm else None
    known, running = parts.hashes.get(delivery, (0, None)) if offset else (0, hashlib.sha256())
    running = running if known == offset else None
    pieces: queue.Queue[bytes | None] = queue.Queue(maxsize=8)
    fault: list[BaseException] = []

    def chunks() -> Iterator[bytes]:
        while (data := pieces.get()) is not None:
            if piece is not None:
                piece.update(data)
            if running is not None:
                running.update(data)
            yield data
        if fault:
            raise fault[0]

    feeding = asyncio.create_task(_feed(request.stream(), pieces, fault))
    try:
        reached = await to_thread.run_sync(_keep, parts, delivery, offset, chunks())
    finally:
        feeding.cancel()
        await asyncio.wait([feeding])
    if piece is not None and piece.digest() != wanted:
        await to_thread.run_sync(parts.house.uploads.truncate, upload_key(delivery), offset)
        parts.hashes.pop(delivery, None)
        raise ChecksumMismatch
    if running is not None:
        parts.hashes[delivery] = (reached, running)
    return reached


def _keep(parts: Parts, delivery: str, offset: int, chunks: Iterator[bytes]) -> int:
    """Append; the first bytes begin the upload, unless the delivery has been ended beside us."""
    key = upload_key(delivery)
    if not offset:
        parts.house.uploads.begin(key)
        with parts.house.database.read() as tx:
            state = store.get_delivery(tx, delivery)["state"]
        if state != "receiving":
            parts.house.uploads.discard(key)
            raise _closed()
    try:
        reached = parts.house.uploads.append(key, offset, chunks)
    except KeyError:  # finished by a commit that has not been noted yet
        raise _closed() from None
    failpoint("ingest.appended")
    return reached


def _closed() -> Conflict:
    return Conflict(sv="Leveransen tar inte emot mer.", en="The delivery takes no more.")


async def _feed(
    body: AsyncIterator[bytes], pieces: "queue.Queue[bytes | None]", fault: list[BaseException]
) -> None:
    """Hand the body over in pieces of at least 1 MiB; an error on the way is told after what came before it."""
    gathered = bytearray()
    try:
        async for chunk in body:
            gathered += chunk
            if len(gathered) >= GATHERED:
                await _hand(pieces, bytes(gathered))
                gathered.clear()
    except Exception as error:
        fault.append(error)
    if gathered:
        await _hand(pieces, bytes(gathered))
    await _hand(pieces, None)


async def _hand(pieces: "queue.Queue[bytes | None]", data: bytes | None) -> None:
    while True:
        try:
            pieces.put_nowait(data)
        except queue.Full:
            await asyncio.sleep(0.002)
        else:
            return


def _checksum(request: Request) -> tuple[str, bytes]:
    header = request.headers.get("upload-checksum", "")
    if not header:
        return "", b""
    algorithm, _, value = header.partition(" ")
    if algorithm not in ALGORITHMS:
        raise BadRequest(
            sv=f"Kontrollsummor: {', '.join(ALGORITHMS)}.", en=f"Checksums: {', '.join(ALGORITHMS)}."
        )
    try:
        return algorithm, base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(sv="Upload-Checksum är inte base64.", en="Upload-Checksum is not base64.") from error


def _version(request: Request) -> None:
    if request.headers.get("tus-resumable") != VERSION:
        raise PreconditionFailed(
            sv="Skicka Tus-Resumable: 1.0.0.",
            en="Send Tus-Resumable: 1.0.0.",
            headers={"Tus-Version": VERSION},
        )


def _number(request: Request, name: str, *, needed: bool) -> int | None:
    text = request.headers.get(name, "")
    if not text and not needed:
        return None
    if not text.isdigit():
        raise BadRequest(sv=f"{name} saknas eller är inget tal.", en=f"{name} is missing or no number.")
    return int(text)


def _metadata(header: str) -> dict[str, str]:
    said = {}
    for pair in filter(None, (one.strip() for one in header.split(","))):
        name, _, value = pair.partition(" ")
        try:
            said[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise BadRequest(
                sv="Upload-Metadata kan inte läsas.", en="Upload-Metadata cannot be read."
            ) from error
    return said


def _expires(row: Any) -> dict[str, str]:
    since = datetime.fromisoformat(row["updated_at"])
    return {"Upload-Expires": format_datetime(since + timedelta(days=UPLOAD_DAYS), usegmt=True)}
