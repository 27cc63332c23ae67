"""Producers' CloudEvents over HTTP: structured mode, single and batch (DESIGN §2)."""

import hashlib
import json
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import ValidationError
from samarkiv_contracts.catalogue import PRODUCER_RECORDS
from samarkiv_contracts.envelope import Envelope
from samarkiv_contracts.events.record import RecordAttached, RecordClosed
from samarkiv_contracts.problems import UnreadableEvent, UnsupportedMedia
from samarkiv_runtime.ports import Outgoing
from samarkiv_runtime.web import Caller, PolicyRouter, caller_of
from samarkiv_runtime.web.bodies import bounded_body, strict_json

from samarkiv_ingest.api.deliveries import allowed_agreement
from samarkiv_ingest.domain.agreement import Agreement
from samarkiv_ingest.usecases.parts import Parts
from samarkiv_ingest.usecases.records import keep_inline

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
MOST = 16 * 2**20
KINDS: dict[str, type[RecordClosed | RecordAttached]] = {
    RecordClosed.type: RecordClosed,
    RecordAttached.type: RecordAttached,
}
Who = Annotated[Caller, Depends(caller_of)]


def routes(parts: Parts) -> PolicyRouter:
    """Return the route `/v1/events`."""
    router = PolicyRouter(tags=["events"])

    @router.post("/v1/events", action="delivery.create", part="metadata", status_code=202)
    async def publish(request: Request, caller: Who) -> Response:
        """Take events as if they came over the producer's topic; all of a batch, or none of it."""
        from anyio import to_thread

        media = request.headers.get("content-type", "").split(";")[0].strip()
        if media not in {SINGLE, BATCH, "application/json"}:
            raise UnsupportedMedia(sv=f"Använd {SINGLE} eller {BATCH}.", en=f"Use {SINGLE} or {BATCH}.")
        raw = await bounded_body(request, MOST)
        document = strict_json(raw)
        batch = document if isinstance(document, list) else [document]
        taken = await to_thread.run_sync(_take, parts, caller, batch)
        return Response(json.dumps({"taken": taken}).encode(), 202, media_type="application/json")

    return router


def _take(parts: Parts, caller: Caller, batch: list[Any]) -> int:
    """Check, move inline documents to staging, and append everything in one transaction; returns how many."""
    outgoing = [_outgoing(parts, caller, one, place) for place, one in enumerate(batch)]
    with parts.house.database.write() as tx:
        parts.house.log.append(tx, outgoing)
    return len(outgoing)


def _outgoing(parts: Parts, caller: Caller, document: Any, place: int) -> Outgoing:
    try:
        envelope = Envelope.model_validate(document)
        data = KINDS[envelope.type].model_validate(envelope.data)
    except (ValidationError, KeyError) as error:
        why = f"{error.error_count()} fel" if isinstance(error, ValidationError) else str(error)
        raise UnreadableEvent(
            sv=f"Händelse {place + 1} i sändningen kan inte läsas: {why}.",
            en=f"Event {place + 1} of the batch cannot be read: {why}.",
        ) from error
    with parts.house.database.read() as tx:
        agreement: Agreement = allowed_agreement(parts, tx, caller, data.agreement)
    kept = keep_inline(parts, agreement, data.case_id, data.documents)
    data = data.model_copy(update={"documents": tuple(kept)})
    key = hashlib.sha256(f"{agreement.id}\0{data.case_id}".encode()).hexdigest()[:32]
    told = envelope.model_copy(
        update={
            "data": data.model_dump(mode="json"),
            "tenant": agreement.tenant,
            "partitionkey": key,
            "subject": "",
        }
    )
    return Outgoing(PRODUCER_RECORDS[:-1] + agreement.producer, key, told)
