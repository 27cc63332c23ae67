"""The other three services as small stand-ins: enough of their public APIs to draw every page of access alone."""

from typing import Any

from fastapi import FastAPI, Request, Response

from tests.unit.access.shelf import AGREEMENT, BOARD, TENANT, an_id

HELD = an_id("dlv", "slutbetyg")
REJECTED = an_id("dlv", "bygglov-fel")
ACCEPTED = an_id("dlv", "bygglov")
CHECKING = an_id("dlv", "diarium")
PARKED = an_id("dlv", "webb")


def _finding(code: str, severity: str, effect: str, file: str, **more: str) -> dict[str, str]:
    return {
        "code": code,
        "severity": severity,
        "layer": "fixity",
        "message": more.get("message", "Kontrollsumman stämmer inte"),
        "hint": more.get("hint", "Exportera filen igen ur källsystemet."),
        "file": file,
        "place": "",
        "expected": more.get("expected", ""),
        "found": more.get("found", ""),
        "effect": effect,
    }


FINDINGS: dict[str, list[dict[str, str]]] = {
    REJECTED: [
        _finding(
            "CSIP71",
            "ERROR",
            "block",
            f"representations/rep1/data/ritning-04{n}.tif",
            expected="9f2c41d0e1",
            found="77ab00c204",
        )
        for n in range(12, 15)
    ]
    + [
        _finding(
            "CSIP17",
            "WARNING",
            "note",
            "",
            message="Paketet saknar beskrivande metadata",
            hint="Lägg till en EAD- eller DC-fil under metadata/descriptive.",
        )
    ],
    HELD: [
        _finding(
            "SK-PNR",
            "WARNING",
            "person",
            f"betyg/elev-{n:02}.pdf",
            message="Personnummer i en offentlig titel",
            hint="Välj en annan offentlig titel eller nivå 2.",
        )
        for n in range(1, 13)
    ],
}


def delivery(key: str, title: str, state: str, **more: Any) -> dict[str, Any]:
    """Return a delivery as ingest tells it."""
    counts: dict[str, int] = {}
    for one in FINDINGS.get(key, ()):
        counts[one["severity"]] = counts.get(one["severity"], 0) + 1
    return {
        "id": key,
        "reference": key[4:12],
        "title": title,
        "state": state,
        "state_text": state,
        "test": False,
        "agreement": {"id": AGREEMENT, "reference": "DEMO-TOLERANT"},
        "tenant": {"id": TENANT, "name": "Lindhamra"},
        "authority": BOARD,
        "producer": "byggr",
        "files": 1204,
        "bytes": 61_400_000,
        "sha256": "b1946ac92492d2347c6235b4d2611184" * 2,
        "received_at": "2026-11-24T07:02:00Z",
        "updated_at": "2026-11-24T08:02:00Z",
        "reason": "",
        "packages": [],
        "indexed": False,
        "findings": counts,
        "events": [
            {"at": "2026-11-24T07:02:00Z", "state": "received", "text": "mottagen"},
            {"at": "2026-11-24T07:05:00Z", "state": state, "text": state},
        ],
        "receipts": [{"id": an_id("rcp", key), "kind": "received", "issued_at": "2026-11-24T07:02:00Z"}],
        **more,
    }


DELIVERIES = [
    delivery(HELD, "Slutbetyg 2025, Lindhamra gymnasium", "held"),
    delivery(REJECTED, "Bygglov 1998–2002", "rejected", files=8410),
    delivery(PARKED, "Kommunens webbplats 2019", "parked"),
    delivery(CHECKING, "Diarieärenden 2019, kommunstyrelsen", "checking", files=7866),
    delivery(
        ACCEPTED, "Bygglov 2009", "accepted", indexed=True, packages=[an_id("uuid", "bygglov")], files=3
    ),
]


def ingest() -> FastAPI:
    """Return a stand-in for ingest."""
    app = FastAPI()

    @app.get("/v1/deliveries")
    def deliveries(state: str = "", limit: int = 50) -> dict[str, Any]:
        states = set(state.split(",")) if state else None
        items = [one for one in DELIVERIES if states is None or one["state"] in states]
        return {"items": items[:limit], "next": None}

    @app.get("/v1/deliveries/{key}")
    def one(key: str) -> dict[str, Any]:
        return next(one for one in DELIVERIES if one["id"] == key)

    @app.get("/v1/deliveries/{key}/findings")
    def findings(key: str) -> dict[str, Any]:
        return {"items": FINDINGS.get(key, []), "next": None}

    @app.post("/v1/deliveries/{key}/approve")
    @app.post("/v1/deliveries/{key}/return")
    async def decide(key: str, request: Request) -> dict[str, Any]:
        assert (await request.json())["reason"]
        return one(key)

    _uploads(app)

    @app.get("/v1/agreements")
    def agreements() -> dict[str, Any]:
        one = {
            "id": AGREEMENT,
            "reference": "DEMO-TOLERANT",
            "title": "För den som vill prova",
            "state": "agreed",
            "tenant": {"id": TENANT, "name": "Lindhamra"},
            "authority": {"id": BOARD, "name": "Byggnadsnämnden"},
        }
        return {"items": [one], "next": None}

    return _with_operations(app, "ingest")


UPLOADS: dict[str, bytearray] = {}
CUT = {"once": True}


def _uploads(app: FastAPI) -> None:
    """Take deliveries by tus; the first piece after half a megabyte is cut off once, as a bad line does."""

    @app.post("/v1/deliveries")
    async def opened(request: Request) -> dict[str, Any]:
        said = await request.json()
        key = an_id("dlv", said["name"])
        UPLOADS[key] = bytearray()
        if all(one["id"] != key for one in DELIVERIES):
            DELIVERIES.append(delivery(key, said["title"], "received", files=0, bytes=said["bytes"]))
        return {"id": key, "upload": f"/v1/uploads/{key}", "commit": f"/v1/deliveries/{key}/commit"}

    @app.api_route("/v1/uploads/{key}", methods=["PATCH", "HEAD"])
    async def piece(key: str, request: Request) -> Response:
        if request.method == "PATCH":
            body = await request.body()
            if CUT["once"] and len(UPLOADS[key]) + len(body) > 2**19:
                CUT["once"] = False
                UPLOADS[key] += body[: 2**18]
                return Response(status_code=503)
            assert int(request.headers["upload-offset"]) == len(UPLOADS[key])
            UPLOADS[key] += body
        return Response(headers={"Upload-Offset": str(len(UPLOADS[key]))})

    @app.post("/v1/deliveries/{key}/commit")
    def commit(key: str) -> dict[str, Any]:
        return {"id": key, "bytes": len(UPLOADS[key])}


def search(records: list[dict[str, Any]]) -> FastAPI:
    """Return a stand-in for search that finds words in titles."""
    app = FastAPI()

    @app.get("/v1/search")
    def find(q: str = "") -> dict[str, Any]:
        words = q.lower().split()
        items = [one for one in records if all(word in one["title"].lower() for word in words)]
        return {
            "items": items,
            "total": len(items),
            "facets": {
                "tenant": [{"value": TENANT, "name": "Lindhamra", "count": len(items)}],
                "authority": [{"value": BOARD, "name": "Byggnadsnämnden", "count": len(items)}],
                "record_type": [{"value": "Bygglov", "name": "Bygglov", "count": len(items)}],
                "format": [{"value": "pdf", "name": "pdf", "count": len(items)}],
            }
            if items
            else {},
            "next": None,
            "did_you_mean": None if items else "bygglov",
            "exact": True,
        }

    return _with_operations(app, "search")


def preservation() -> FastAPI:
    """Return a stand-in for preservation."""
    return _with_operations(FastAPI(), "preservation", parked=True)


def _with_operations(app: FastAPI, name: str, *, parked: bool = False) -> FastAPI:
    item = {
        "id": 7,
        "consumer": name,
        "topic": "archive.package",
        "type": "se.samarkiv.delivery.passed.v1",
        "key": PARKED,
        "tenant": TENANT,
        "code": "storage_full",
        "reason": "Kopia b har inte plats.",
        "attempts": 5,
        "age_s": 120.0,
    }
    base = f"/v1/services/{name}"

    @app.get(f"{base}/health")
    def health() -> dict[str, Any]:
        return {"ready": True, "checks": [{"name": "database", "outcome": "ok", "detail": ""}]}

    @app.get(f"{base}/lag")
    def lag() -> dict[str, Any]:
        counts = {"unread": 0, "waiting": 1, "ready": 0, "running": 1, "later": 0}
        return {"items": [{"consumer": name, **counts}], "next": None}

    @app.get(f"{base}/parked")
    def stopped() -> dict[str, Any]:
        return {"items": [item] if parked else [], "next": None}

    @app.post(f"{base}/parked/{{n}}/retry")
    @app.post(f"{base}/parked/{{n}}/drop")
    def act(n: int) -> dict[str, Any]:
        return {"id": n, "outcome": "retried"}

    return app
