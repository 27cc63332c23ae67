"""Deliveries: opened, committed, followed, decided."""

import json
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from samarkiv_contracts.problems import BadRequest
from samarkiv_contracts.states import WORDS
from samarkiv_runtime.idempotency import Answer, fingerprint
from samarkiv_runtime.paging import decode_cursor, encode_cursor, limit_of, page_answer, page_of
from samarkiv_runtime.policy import Resource
from samarkiv_runtime.policy.query import where
from samarkiv_runtime.web import Caller, PolicyRouter, caller_of
from samarkiv_runtime.worker import Worker
from sqlalchemy import Connection

from samarkiv_ingest import store
from samarkiv_ingest import tables as t
from samarkiv_ingest.api import told
from samarkiv_ingest.usecases import deliveries as use
from samarkiv_ingest.usecases.parts import Parts

Who = Annotated[Caller, Depends(caller_of)]
Digest = Annotated[str, Field(pattern=r"^([0-9a-fA-F]{64})?$")]


class NewDelivery(BaseModel):
    """What a producer says to open a delivery. `agreement` is an id or a reference."""

    model_config = ConfigDict(extra="forbid")

    agreement: str = Field(min_length=1, max_length=200)
    title: str = Field(default="", max_length=500)
    name: str = Field(default="paket.zip", min_length=1, max_length=255, pattern=r"^[^/\\\x00-\x1f]+$")
    sha256: Digest = ""
    bytes: int = Field(default=0, ge=0)
    kind: use.Kind = "NEW"
    replaces: str = Field(default="", max_length=40)


class Decision(BaseModel):
    """A person's decision, with its reason."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=2000)


def routes(parts: Parts, worker: Worker) -> PolicyRouter:
    """Return the routes under `/v1/deliveries`."""
    router = PolicyRouter(tags=["deliveries"])
    _opening(router, parts)
    _reading(router, parts)
    _reading_one(router, parts, worker)
    _deciding(router, parts)
    return router


def allowed_agreement(parts: Parts, tx: Connection, caller: Caller, name: str) -> Any:
    """Return the agreement in force that the caller may deliver under; another's is as unknown as none."""
    agreement = use.active_agreement(
        parts, tx, name, seen=lambda one: caller.may("agreement.see", told.agreement_resource(one))
    )
    state = store.get_tenant(tx, agreement.tenant)["state"]
    caller.must("delivery.create", told.agreement_resource(agreement, state))
    return agreement


def opened(parts: Parts, caller: Caller, opening: use.Opening, asked: str, key: str) -> Answer:
    """Open a delivery once per account and Idempotency-Key; returns the kept or new answer."""
    with parts.house.database.read() as tx:
        agreement = allowed_agreement(parts, tx, caller, opening.agreement)
    subject = caller.subject

    def work(tx: Connection) -> Answer:
        identity = use.open_delivery(parts, tx, opening, agreement, subject.account, subject.person)
        body = {
            "id": identity,
            "upload": f"/v1/uploads/{identity}",
            "state": "receiving",
            "commit": f"/v1/deliveries/{identity}/commit",
        }
        return Answer(201, json.dumps(body).encode(), {"Location": f"/v1/deliveries/{identity}"})

    if caller.context.idempotency is None:
        raise RuntimeError("ingest needs its idempotency table")
    return caller.context.idempotency.once(subject.account, key, asked, work)


def _opening(router: PolicyRouter, parts: Parts) -> None:
    @router.post("/v1/deliveries", action="delivery.create", part="metadata", status_code=201)
    def open_delivery(
        request: Request, body: NewDelivery, caller: Who, idempotency_key: Annotated[str, Header()] = ""
    ) -> Response:
        """Open a delivery under an agreement; the answer names the upload address."""
        asked = fingerprint("POST", request.url.path, body.model_dump_json().encode())
        answer = opened(parts, caller, use.Opening(**body.model_dump()), asked, idempotency_key)
        return Response(answer.body, answer.status, dict(answer.headers), media_type="application/json")

    @router.post(
        "/v1/deliveries/{delivery}/commit", action="delivery.commit", part="metadata", status_code=202
    )
    def commit(delivery: str, caller: Who) -> dict[str, Any]:
        """End the upload: the bytes are read back and compared, then the delivery is acknowledged."""
        resource = _seen(parts, caller, delivery)
        caller.must("delivery.commit", resource)
        use.commit(parts, delivery, caller.subject.account, caller.subject.person)
        return _one(parts, delivery, caller.language)


def _reading(router: PolicyRouter, parts: Parts) -> None:
    @router.get("/v1/deliveries", action="delivery.see", part="metadata")
    def deliveries(
        request: Request,
        response: Response,
        caller: Who,
        state: str = "",
        agreement: str = "",
        tenant: str = "",
        cursor: str = "",
        limit: int | None = None,
    ) -> dict[str, Any]:
        """List the deliveries the caller may see, newest first."""
        conditions = [where(caller.scope("delivery.see"), told.DELIVERY_COLUMNS)]
        if state:
            unknown = set(state.split(",")) - set(WORDS)
            if unknown:
                raise BadRequest(
                    sv=f"Okänt tillstånd: {', '.join(unknown)}.", en=f"Unknown state: {', '.join(unknown)}."
                )
            conditions.append(t.delivery.c.state.in_(state.split(",")))
        if tenant:
            conditions.append(t.delivery.c.tenant == tenant)
        most = limit_of(limit)
        after = decode_cursor(cursor, str, str)
        with parts.house.database.read() as tx:
            if agreement:
                found = store.find_agreement(tx, agreement)
                conditions.append(t.delivery.c.agreement == (found.id if found else ""))
            rows = store.list_deliveries(tx, conditions, after, most + 1)
            shown = {one["id"]: one for one in told.deliveries(tx, rows[:most], caller.language)}
        page = page_of(
            rows, most, lambda row: shown[row["id"]], lambda row: encode_cursor(row["created_at"], row["id"])
        )
        return page_answer(page, request, response)


def _reading_one(router: PolicyRouter, parts: Parts, worker: Worker) -> None:
    @router.get("/v1/deliveries/{delivery}", action="delivery.see", part="metadata")
    def one(delivery: str, caller: Who) -> dict[str, Any]:
        """Return a delivery with its steps and receipts."""
        _seen(parts, caller, delivery)
        answer = _one(parts, delivery, caller.language)
        answer["progress"] = [
            {"what": run.what, "done": run.done, "total": run.total}
            for run in worker.progress()
            if run.correlation == delivery
        ]
        return answer

    @router.get("/v1/deliveries/{delivery}/findings", action="delivery.see", part="metadata")
    def findings(
        delivery: str,
        request: Request,
        response: Response,
        caller: Who,
        cursor: str = "",
        limit: int | None = None,
    ) -> dict[str, Any]:
        """List the findings of a delivery in the caller's language."""
        _seen(parts, caller, delivery)
        most = limit_of(limit)
        after = decode_cursor(cursor, int) or (0,)
        with parts.house.database.read() as tx:
            rows = store.findings(tx, delivery, int(after[0]), most + 1)
        page = page_of(
            rows, most, lambda row: row[1].told(caller.language), lambda row: encode_cursor(row[0])
        )
        return page_answer(page, request, response)


def _deciding(router: PolicyRouter, parts: Parts) -> None:
    @router.post("/v1/deliveries/{delivery}/approve", action="delivery.approve", part="metadata")
    def approve(delivery: str, body: Decision, caller: Who) -> dict[str, Any]:
        """Let a held delivery pass; the one who decides is not one who delivered (four eyes)."""
        caller.must("delivery.approve", _seen(parts, caller, delivery), reason=body.reason)
        person = {"id": caller.subject.person or caller.subject.account, "name": "", "role": "approver"}
        use.approve(parts, delivery, caller.subject.account, person, body.reason)
        return _one(parts, delivery, caller.language)

    @router.post("/v1/deliveries/{delivery}/return", action="delivery.return", part="metadata")
    def send_back(delivery: str, body: Decision, caller: Who) -> dict[str, Any]:
        """Ask the producer to complete a held delivery, with the reason."""
        caller.must("delivery.return", _seen(parts, caller, delivery), reason=body.reason)
        use.return_delivery(parts, delivery, caller.subject.account, body.reason)
        return _one(parts, delivery, caller.language)


def _seen(parts: Parts, caller: Caller, delivery: str) -> Resource:
    """Return the delivery as the policy sees it, if the caller may see it; else it is absent."""
    with parts.house.database.read() as tx:
        row = store.get_delivery(tx, delivery)
    resource = told.delivery_resource(row)
    caller.must("delivery.see", resource)
    return resource


def _one(parts: Parts, delivery: str, language: str) -> dict[str, Any]:
    with parts.house.database.read() as tx:
        row = store.get_delivery(tx, delivery)
        answer = told.deliveries(tx, [row], language)[0]
        answer["events"] = [
            {
                "at": one["at"],
                "state": one["state"],
                "text": WORDS[one["state"]].get(language),
                "reason": one["reason"],
            }
            for one in store.steps(tx, delivery)
        ]
        answer["receipts"] = [
            {"id": one["id"], "kind": one["kind"], "issued_at": one["issued_at"]}
            for one in store.receipts(tx, delivery)
        ]
    return answer
