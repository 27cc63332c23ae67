"""The public API of access: records, files, exports, journeys, figures. HTML pages are clients of the same use cases."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from samarkiv_contracts.findings import Finding, Layer, Severity
from samarkiv_contracts.problems import InvalidInput, NotFound
from samarkiv_contracts.text import Text
from samarkiv_runtime.paging import Page, decode_cursor, encode_cursor, limit_of, page_answer
from samarkiv_runtime.ports import Clock
from samarkiv_runtime.web import OPEN, Caller, CallerOf, PolicyRouter, Unsatisfiable, parse_range

from samarkiv_access.store import reads
from samarkiv_access.store.reads import FileRow
from samarkiv_access.usecases import count, give, look, tell
from samarkiv_access.usecases.give import Desk
from samarkiv_access.usecases.look import file_resource
from samarkiv_access.usecases.ports import Views

TEXT_LIMIT = 1_000_000
_SAFE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
_INLINE = frozenset({"image/png", "image/jpeg", "image/webp"})


@dataclass(frozen=True)
class ApiParts:
    """What the API is given."""

    desk: Desk
    views: Views
    counter: count.Counter
    clock: Clock


def routers(parts: ApiParts) -> list[PolicyRouter]:
    """Return the JSON routers of access."""
    return [_records(parts), _files(parts), _exports(parts), _rest(parts)]


def _records(parts: ApiParts) -> PolicyRouter:
    router = PolicyRouter(prefix="/v1/records", tags=["records"])
    database = parts.desk.database

    @router.get("/{record}", action="record.see", part="public_title", summary="One record")
    def record(record: str, caller: CallerOf) -> dict[str, Any]:
        seen = look.see_record(database, caller, record)
        return look.told(seen, look.sums(database, caller, seen) if seen.whole else None)

    @router.get("/{record}/files", action="record.see", part="metadata", summary="The files of a record")
    def files(
        record: str,
        request: Request,
        response: Response,
        caller: CallerOf,
        cursor: str = "",
        limit: int | None = None,
    ) -> dict[str, Any]:
        place = decode_cursor(cursor, int)
        seen = look.see_record(database, caller, record)
        found, after = look.see_files(database, caller, seen, place[0] if place else 0, limit_of(limit))
        items = [_file_told(record, row, allowed=allowed) for row, allowed in found]
        return page_answer(Page(items, encode_cursor(after) if after else None), request, response)

    return router


def _file_told(record: str, row: FileRow, *, allowed: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"n": row.n, "level": row.level, "allowed": allowed}
    if allowed:
        told |= {
            "name": row.path,
            "size": row.size,
            "sha256": row.sha256,
            "mime": row.mime,
            "format": row.format,
            "puid": row.puid,
            "href": f"/v1/records/{record}/files/{row.n}",
        }
    return told


def _files(parts: ApiParts) -> PolicyRouter:
    router = PolicyRouter(prefix="/v1/records", tags=["records"])
    summary = "The bytes of a file (original), or with ?as=preview|text what can be shown of it"

    def answer(record: str, n: int, request: Request, caller: Caller, form: str, page: int) -> Response:
        if form in {"preview", "text"}:
            return _preview(parts, caller, record, n, form, page)
        if form not in {"", "original"}:
            raise InvalidInput(findings=(_bad_as("original, preview, text"),))
        seen, row = look.see_file(parts.desk.database, caller, record, n)
        return _bytes(parts, caller, request, row, file_resource(seen.held, row))

    @router.get("/{record}/files/{n}", action="file.download", part="file", summary=summary)
    def file(record: str, n: int, request: Request, caller: CallerOf, page: int = 1) -> Response:
        return answer(record, n, request, caller, request.query_params.get("as", ""), page)

    @router.head("/{record}/files/{n}", action="file.download", part="file", include_in_schema=False)
    def head(record: str, n: int, request: Request, caller: CallerOf, page: int = 1) -> Response:
        return answer(record, n, request, caller, request.query_params.get("as", ""), page)

    return router


def _bytes(parts: ApiParts, caller: Caller, request: Request, row: FileRow, resource: Any) -> Response:
    name = row.path.rsplit("/", 1)[-1]
    headers = {
        **_SAFE,
        "ETag": f'"{row.sha256}"',
        "Accept-Ranges": "bytes",
        "Content-Disposition": disposition(name),
        "Digest": f"sha-256={row.sha256}",
        "Cache-Control": "no-cache",
    }
    if row.sha256 in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    asked = request.headers.get("range")
    if request.headers.get("if-range") not in {None, headers["ETag"]}:
        asked = None
    try:
        part = parse_range(asked, row.size)
    except Unsatisfiable:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{row.size}"})
    start, length = (part.start, part.length) if part else (0, row.size)
    if part:
        headers["Content-Range"] = part.header
    headers["Content-Length"] = str(length)
    status = 206 if part else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=row.mime)
    chunks = iter(parts.desk.packages.read(row.package, row.member, start, length))
    first = next(chunks, b"")
    flowing = caller.rechecked(_again(first, chunks), "file.download", resource)
    return StreamingResponse(flowing, status, headers=headers, media_type=row.mime)


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    # The first piece is read before the head is sent, so that a copy that fails answers as a problem.
    yield first
    yield from rest


def _preview(parts: ApiParts, caller: Caller, record: str, n: int, form: str, page: int) -> Response:
    _seen, row = look.see_file(parts.desk.database, caller, record, n, "derivative.view")
    headers = {**_SAFE, "Cache-Control": "no-cache", "ETag": f'"{row.sha256}-{form}-{page}"'}
    image = parts.views.image(row.package, row.sha256, page) if form == "preview" else None
    if image is not None and image[0] in _INLINE:
        return Response(image[1], headers=headers, media_type=image[0])
    text = parts.views.text(row.package, row.member, TEXT_LIMIT)
    if not text:
        raise NotFound
    return Response(text.encode(), headers=headers, media_type="text/plain; charset=utf-8")


def disposition(name: str) -> str:
    """Return a Content-Disposition that saves the file under its own name (RFC 6266), never shows it."""
    plain = "".join(char if " " <= char < "\x7f" and char not in '"\\%' else "_" for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _bad_as(expected: str) -> Finding:
    return Finding(
        code="query_as",
        severity=Severity.ERROR,
        layer=Layer.STRUCTURE,
        message=Text(sv="Formen finns inte.", en="There is no such form."),
        hint=Text(sv=f"Välj någon av {expected}.", en=f"Choose one of {expected}."),
        place="as",
        expected=expected,
    )


def _exports(parts: ApiParts) -> PolicyRouter:
    router = PolicyRouter(prefix="/v1", tags=["access"])

    @router.get(
        "/exports/{package}",
        action="package.export",
        part="file",
        summary="A package as DIP, bag, zip or AIP",
    )
    def export(package: str, request: Request, caller: CallerOf, record: str = "") -> Response:
        form = request.query_params.get("as", "dip")
        if form not in give.FORMS:
            # Only who may have the package learns that the form was wrong (POLICY §7).
            give.export(parts.desk, caller, package, "dip", parts.clock.now())
            raise InvalidInput(findings=(_bad_as(", ".join(give.FORMS)),))
        made = give.export(parts.desk, caller, package, form, parts.clock.now(), record)
        headers = {**_SAFE, "Content-Disposition": disposition(made.name), "Cache-Control": "no-cache"}
        return StreamingResponse(made.chunks, headers=headers, media_type="application/zip")

    @router.get(
        "/exports/{package}/manifest",
        action="package.export",
        part="file",
        summary="SHA-256 of the originals that the caller may have, a line each",
    )
    def manifest(package: str, caller: CallerOf) -> Response:
        lines = give.manifest(parts.desk, caller, package)
        headers = {**_SAFE, "Cache-Control": "no-cache"}
        return StreamingResponse(lines, headers=headers, media_type="text/plain; charset=utf-8")

    return router


def _rest(parts: ApiParts) -> PolicyRouter:
    router = PolicyRouter(prefix="/v1", tags=["access"])

    @router.get(
        "/verify",
        action=OPEN,
        part="public_title",
        why="answers from level 0 files only, which everyone may read",
        summary="Does a digest match an open file?",
    )
    def verify(sha256: str = "") -> dict[str, Any]:
        wanted = sha256.strip().lower()
        if len(wanted) != 64 or not set(wanted) <= set("0123456789abcdef"):
            raise InvalidInput(findings=(_bad_digest(),))
        with parts.desk.database.read() as tx:
            found = reads.open_files_with(tx, wanted)
        items = [{"record": held.id, "title": look.public_title(held), "name": path} for held, path in found]
        return {"sha256": wanted, "known": bool(items), "items": items}

    @router.get("/journeys/{id}", action="record.see", part="metadata", summary="A walk in plain words")
    def journey(id: str, caller: CallerOf) -> dict[str, Any]:  # noqa: A002  (the name of the path)
        story = tell.tell_story(parts.desk.database, caller, id)
        return {
            "kind": story.kind,
            "id": story.id,
            "packages": list(story.packages),
            "steps": [
                {"at": one.at or None, "outcome": one.tone, "sv": one.text.sv, "en": one.text.en}
                | {"text": one.text.get(caller.language)}
                for one in story.steps
            ],
        }

    @router.get("/figures", action="tenant.see", part="registry", summary="The holdings in figures")
    def figures() -> dict[str, Any]:
        return count.figures_told(parts.counter.figures())

    return router


def _bad_digest() -> Finding:
    return Finding(
        code="query_sha256",
        severity=Severity.ERROR,
        layer=Layer.STRUCTURE,
        message=Text(sv="Det är ingen SHA-256-summa.", en="That is no SHA-256 digest."),
        hint=Text(sv="Den har 64 tecken, 0–9 och a–f.", en="It has 64 characters, 0–9 and a–f."),
        place="sha256",
    )
