"""One record: what it is, whether it can be trusted, and the file itself; and the viewer."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from samarkiv_contracts.problems import Forbidden, NotFound
from samarkiv_runtime.web import Caller, CallerOf, PolicyRouter

from samarkiv_access.domain.citation import cite
from samarkiv_access.domain.journey import Step, spelled
from samarkiv_access.store import reads
from samarkiv_access.store.reads import FileRow
from samarkiv_access.usecases import look, tell
from samarkiv_access.usecases.look import Seen, file_resource, record_resource
from samarkiv_access.web.language import Tongue
from samarkiv_access.web.portal import path_of
from samarkiv_access.web.purpose import purpose_page
from samarkiv_access.web.site import Site

FILES_SHOWN = 30
PEEK = 2_500
TEXT = 400_000


def routes(site: Site) -> PolicyRouter:
    """Return `/handling/{id}` and its viewer."""
    router = PolicyRouter(include_in_schema=False)

    @router.get("/handling/{record}", action="record.see", part="public_title")
    def record(record: str, request: Request, caller: CallerOf, fran: int = 0) -> HTMLResponse:
        tongue = site.tongue(request)
        try:
            seen = look.see_record(site.desk.database, caller, record)
        except Forbidden as problem:
            if problem.stable_code != "purpose_required":
                raise
            return purpose_page(site, request, caller, _authority(site, record), f"/handling/{record}")
        return site.page(request, caller, "record.html", **_record(site, caller, tongue, seen, max(0, fran)))

    @router.get("/handling/{record}/las", action="derivative.view", part="derivative")
    def read(
        record: str, request: Request, caller: CallerOf, fil: int = 0, sida: int = 1, storre: int = 0
    ) -> HTMLResponse:
        tongue = site.tongue(request)
        context = _viewer(site, caller, tongue, record, fil, max(1, sida), bool(storre))
        return site.page(request, caller, "viewer.html", **context)

    return router


# ---------------------------------------------------------------------------------------------- record


def _record(site: Site, caller: Caller, tongue: Tongue, seen: Seen, after: int) -> dict[str, Any]:
    held, files, more = seen.held, list[tuple[FileRow, bool]](), 0
    if caller.may("record.see", record_resource(held, "metadata")):
        files, more = look.see_files(site.desk.database, caller, seen, after, FILES_SHOWN)
    shown = [_file(held.id, row, allowed, tongue) for row, allowed in files]
    readable = any(one["allowed"] for one in shown)
    count, size = look.sums(site.desk.database, caller, seen) if seen.whole else (0, 0)
    export = f"/v1/exports/{held.place.package}?record={held.id}" if seen.whole and readable else ""
    return {
        "record": {
            "id": held.id,
            "package": held.place.package,
            "title": seen.title,
            "level": held.level,
            "readable": readable,
            "permalink": f"{site.address}/handling/{held.id}",
            "crumbs": crumbs(seen),
            "line": _line(seen, count, tongue),
            "facts": facts(seen, tongue),
            "kept": _kept(site, seen, tongue) if seen.whole else None,
            "citation": cite(
                [*path_of(held), *([seen.title] if not held.said.registry_no else [])],
                f"{site.address}/handling/{held.id}",
            ),
            "story": steps_shown(_story(site, seen), tongue) if seen.whole else [],
            "export": f"{export}&as=bagit" if export else "",
            "plain": f"{export}&as=zip",
            "dip": f"{export}&as=dip",
            "open_bytes": size,
        },
        "preview": None if after else _preview(site, seen, files),
        "files": shown,
        "more_files": f"/handling/{held.id}?fran={more}#filer" if more else "",
        "no_files": _no_files(seen, tongue),
    }


def _authority(site: Site, record: str) -> str:
    with site.desk.database.read() as tx:
        held = reads.held(tx, record)
    return held.place.authority if held else ""


def _story(site: Site, seen: Seen) -> list[Step]:
    place = seen.held.place
    return tell.of_package(site.desk.database, "record", seen.held.id, place.package, place.received_at).steps


def steps_shown(steps: list[Step], tongue: Tongue) -> list[dict[str, str]]:
    """Return steps as the journey macro takes them."""
    return [{"tone": one.tone, "text": tongue.tell(one.text), "at": one.at} for one in steps]


def crumbs(seen: Seen) -> list[dict[str, str]]:
    """Return the way down to a record; every part but the last is a search."""
    place, said = seen.held.place, seen.held.said
    found = [
        {"text": place.tenant_name, "href": f"/sok?tenant={place.tenant}"},
        {"text": place.authority_name, "href": f"/sok?authority={place.authority}"},
        {"text": said.series, "href": ""},
        {"text": said.registry_no or seen.title, "href": ""},
    ]
    return [one for one in found if one["text"]]


def _line(seen: Seen, files: int, tongue: Tongue) -> list[str]:
    said = seen.held.said
    parts = [said.record_type, said.registry_no]
    if said.dates:
        role, date = next(iter(said.dates.items()))
        parts.append(f"{date_word(role, tongue).lower()} {date}")
    if files:
        parts.append(tongue.count("en fil", "{n} filer", files))
    return [part for part in parts if part]


def date_word(role: str, tongue: Tongue) -> str:
    """Return the word of a date's role; a role we do not know is shown as it is written."""
    words = {
        "created": tongue.say("Upprättad"),
        "received": tongue.say("Inkom"),
        "decided": tongue.say("Beslut"),
        "closed": tongue.say("Avslutat"),
        "issued": tongue.say("Utfärdad"),
        "sent": tongue.say("Skickad"),
        "from": tongue.say("Från"),
        "to": tongue.say("Till"),
    }
    return words.get(role, role[:1].upper() + role[1:])


def facts(seen: Seen, tongue: Tongue) -> list[dict[str, Any]]:
    """Return the key facts this caller may see."""
    said, place = seen.held.said, seen.held.place
    rows: list[tuple[str, list[str]]] = [
        (tongue.say("Handlingstyp"), [said.record_type]),
        (tongue.say("Diarienummer"), [said.registry_no]),
    ]
    if seen.whole:
        rows.append((tongue.say("Plats"), list(said.places)))
    rows += [(date_word(role, tongue), [date]) for role, date in said.dates.items()]
    if seen.whole:
        rows += [
            (tongue.say("Klassificering"), [said.classification]),
            (tongue.say("Innehåll"), [said.description]),
        ]
    if not seen.public:
        rows += [
            (tongue.say("Parter"), list(said.parties)),
            (tongue.say("Sekretessmarkering"), [_mark(one) for one in said.secrecy]),
            (tongue.say("Skyddade personuppgifter"), [tongue.say("Ja")] if said.protected else []),
        ]
    custody = tongue.say("slutarkiv") if place.custody == "final" else tongue.say("mellanarkiv")
    rows += [
        (tongue.say("Serie"), [said.series]),
        (
            tongue.say("Arkivbildare"),
            [", ".join(one for one in (place.authority_name, place.tenant_name) if one)],
        ),
    ]
    if seen.whole:
        rows.append((tongue.say("I arkivet sedan"), [f"{place.stored_at[:10]}, {custody}"]))
    return [{"name": name, "facts": [one for one in told if one]} for name, told in rows if any(told)]


def _mark(mark: Any) -> str:
    return ", ".join(one for one in (mark.legal_ref, mark.date, mark.authority) if one)


def _kept(site: Site, seen: Seen, tongue: Tongue) -> dict[str, str]:
    with site.desk.database.read() as tx:
        rows = reads.fixity_of(tx, seen.held.place.package)
    copies = len(rows) or len(seen.held.place.copies)
    bad = [row for row in rows if row.outcome != "ok"]
    last = max((row.at for row in rows), default="")[:10]
    number = spelled(copies, tongue.code)
    text = tongue.count(
        "En kopia, senast kontrollerad {at}.",
        "{copies} kopior, senast kontrollerade {at}.",
        copies,
        copies=number[:1].upper() + number[1:],
        at=last,
    )
    if bad:
        text = tongue.say("{text} En kopia åtgärdas; filerna du får är kontrollerade.", text=text)
    return {"title": tongue.say("Oförändrad sedan leveransen"), "text": text}


def _no_files(seen: Seen, tongue: Tongue) -> str:
    if seen.held.level == 1:
        return tongue.say("Filerna visas inte här. De lämnas ut efter prövning.")
    return tongue.say("Det finns inga filer att visa.")


def _file(record: str, row: FileRow, allowed: bool, tongue: Tongue) -> dict[str, Any]:
    if not allowed:
        return {
            "name": tongue.say("Fil {n}", n=row.n),
            "about": tongue.say("Lämnas ut efter prövning"),
            "allowed": False,
            "level": row.level,
        }
    return {
        "name": row.path.rsplit("/", 1)[-1],
        "about": " · ".join(one for one in (row.format or row.mime, row.path.rpartition("/")[0]) if one),
        "allowed": True,
        "level": row.level,
        "size": row.size,
        "view": f"/handling/{record}/las?fil={row.n}",
        "download": f"/v1/records/{record}/files/{row.n}",
    }


def _preview(site: Site, seen: Seen, files: list[tuple[FileRow, bool]]) -> dict[str, Any] | None:
    """Return the first file that has something to show."""
    for row, allowed in files[:8]:
        if not allowed or not row.size:
            continue
        shown = site.views.shown(row.package, row.member, row.sha256)
        if not shown.pages and not shown.text:
            continue
        base = f"/v1/records/{seen.held.id}/files/{row.n}"
        return {
            "name": row.path.rsplit("/", 1)[-1],
            "pages": shown.pages,
            "href": f"/handling/{seen.held.id}/las?fil={row.n}",
            "image": f"{base}?as=preview" if shown.pages else "",
            "text": "" if shown.pages else site.views.text(row.package, row.member, PEEK).strip(),
            "width": shown.width,
            "height": shown.height,
        }
    return None


# ---------------------------------------------------------------------------------------------- viewer


def _viewer(
    site: Site, caller: Caller, tongue: Tongue, record: str, n: int, page: int, zoomed: bool
) -> dict[str, Any]:
    seen = look.see_record(site.desk.database, caller, record)
    if not n:
        files, _more = look.see_files(site.desk.database, caller, seen, 0, FILES_SHOWN)
        n = next((row.n for row, allowed in files if allowed), 0)
        if not n:
            caller.must("record.see", record_resource(seen.held, "metadata"))
            raise NotFound
    seen, row = look.see_file(site.desk.database, caller, record, n, "derivative.view")
    shown = site.views.shown(row.package, row.member, row.sha256)
    if page > max(1, shown.pages):
        raise NotFound
    here = f"/handling/{record}/las?fil={n}"
    image = f"/v1/records/{record}/files/{n}?as=preview&page={page}" if shown.pages else ""
    download = caller.may("file.download", file_resource(seen.held, row))
    return {
        "record": {"title": seen.title, "crumbs": _viewer_crumbs(seen, row)},
        "file": {
            "name": row.path.rsplit("/", 1)[-1],
            "download": f"/v1/records/{record}/files/{n}" if download else "",
        },
        "page_no": page,
        "pages": max(1, shown.pages),
        "image": image,
        "width": shown.width if page == 1 else 0,
        "height": shown.height if page == 1 else 0,
        "text": site.views.text(row.package, row.member, TEXT),
        "about": _about(row, bool(image), tongue),
        "zoomed": zoomed,
        "zoom_href": f"{here}&sida={page}" + ("" if zoomed else "&storre=1"),
        "previous_href": f"{here}&sida={page - 1}" if page > 1 else "",
        "next_href": f"{here}&sida={page + 1}" if page < shown.pages else "",
        "others": _others(site, caller, seen, n, tongue),
    }


def _viewer_crumbs(seen: Seen, row: FileRow) -> list[dict[str, str]]:
    above = crumbs(seen)
    above[-1] = {**above[-1], "href": f"/handling/{seen.held.id}"}
    return [*above, {"text": row.path.rsplit("/", 1)[-1], "href": ""}]


def _about(row: FileRow, image: bool, tongue: Tongue) -> str:
    kind = row.format or row.mime
    if image:
        return tongue.say(
            "Du ser bilder som arkivet har gjort av originalet ({kind}). Originalet är oförändrat och kan laddas ner.",
            kind=kind,
        )
    return tongue.say(
        "Du ser text som arkivet har tagit fram ur originalet ({kind}). Originalet är oförändrat och kan laddas ner.",
        kind=kind,
    )


def _others(site: Site, caller: Caller, seen: Seen, n: int, tongue: Tongue) -> list[dict[str, Any]]:
    files, _more = look.see_files(site.desk.database, caller, seen, 0, 12)
    return [_file(seen.held.id, row, allowed, tongue) for row, allowed in files if row.n != n]
