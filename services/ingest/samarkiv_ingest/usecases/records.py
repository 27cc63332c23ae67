"""The record stream: closed cases published as events become deliveries like any other (DESIGN §2, way b)."""

import base64
import binascii
import hashlib
import json
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from samarkiv_contracts.events.record import Document, RecordAttached, RecordClosed
from samarkiv_contracts.ids import make_id
from samarkiv_contracts.problems import Conflict, DigestMismatch, InvalidInput, UnknownAgreement
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.engine import RowMapping

from samarkiv_ingest import store
from samarkiv_ingest import tables as t
from samarkiv_ingest.domain.agreement import Agreement
from samarkiv_ingest.packages.sip_writer import Source, write_sip
from samarkiv_ingest.usecases.deliveries import Opening, active_agreement, new_row, receive
from samarkiv_ingest.usecases.parts import SYSTEM, Parts, upload_key

MAX_INLINE = 4 * 2**20


def case_delivery(agreement: str, case_id: str) -> str:
    """Return the delivery id of a case: the same however often its events come."""
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"samarkiv:case:{agreement}:{case_id}")
    return make_id("delivery", uuid.UUID(bytes=name.bytes, version=4))


def document_key(delivery: str, sha256: str) -> str:
    """Return the staging key of one document of a case."""
    return f"records/{delivery}/{sha256}"


def keep_inline(
    parts: Parts, agreement: Agreement, case_id: str, documents: Sequence[Document]
) -> list[Document]:
    """Move inline documents into staging; returns the documents with `location` in their place (claim check).

    Raises InvalidInput for what is neither inline nor in staging, DigestMismatch for wrong bytes.
    """
    delivery = case_delivery(agreement.id, case_id)
    return [_keep(parts, delivery, one) for one in documents]


def _keep(parts: Parts, delivery: str, document: Document) -> Document:
    key = document_key(delivery, document.sha256)
    if document.inline is None:
        return _by_reference(parts, key, document)
    try:
        body = base64.b64decode(document.inline, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(
            sv=f"Dokumentet {document.name} är inte giltig base64.",
            en=f"The document {document.name} is not valid base64.",
        ) from error
    if len(body) > MAX_INLINE:
        raise InvalidInput(
            sv=f"Dokumentet {document.name} är för stort för att skickas i händelsen.",
            en=f"The document {document.name} is too large to travel in the event.",
        )
    if hashlib.sha256(body).hexdigest() != document.sha256 or len(body) != document.bytes:
        raise DigestMismatch(
            sv=f"Dokumentet {document.name} har inte den angivna kontrollsumman eller storleken.",
            en=f"The document {document.name} does not have the declared digest or size.",
        )
    writer = parts.house.staging.create(key)
    try:
        writer.write(body)
        writer.commit()
    except Conflict:
        pass  # the same bytes are there: the key is their digest
    finally:
        writer.abort()
    return document.model_copy(update={"inline": None, "location": key})


def _by_reference(parts: Parts, key: str, document: Document) -> Document:
    """Accept a document that already lies in staging under its own key, with the declared digest and size."""
    location = document.location or ""
    found = parts.house.staging.stat(location) if location in {key, f"drop/{document.sha256}"} else None
    if found is None:
        raise InvalidInput(
            sv=f"Dokumentet {document.name} finns varken i händelsen eller i inlämningsytan.",
            en=f"The document {document.name} is neither in the event nor in the drop area.",
        )
    running = hashlib.sha256()
    for chunk in parts.house.staging.read(location):
        running.update(chunk)
    if running.hexdigest() != document.sha256 or found.size != document.bytes:
        raise DigestMismatch(
            sv=f"Dokumentet {document.name} har inte den angivna kontrollsumman eller storleken.",
            en=f"The document {document.name} does not have the declared digest or size.",
        )
    return document


def _agreement(parts: Parts, job: Any, name: str) -> Agreement:
    """Return the agreement if it is the one of the producer whose topic this is (the topic proves the sender)."""
    with parts.house.database.read() as tx:
        agreement = active_agreement(parts, tx, name)
    if not job.topic.endswith(f"producer.records.{agreement.producer}"):
        raise UnknownAgreement(
            sv="Överenskommelsen gäller en annan producent än den som skickade händelsen.",
            en="The agreement is with another producer than the one that sent the event.",
        )
    return agreement


def record_closed(parts: Parts, job: Any, event: RecordClosed) -> Callable[[Connection], None]:
    """A case was closed: keep it, and when every expected attachment has come, make it a delivery."""
    agreement = _agreement(parts, job, event.agreement)
    documents = keep_inline(parts, agreement, event.case_id, event.documents)
    closed = event.model_copy(update={"documents": tuple(documents)})
    return _gathered(parts, job, agreement, event.case_id, documents, closed=closed)


def record_attached(parts: Parts, job: Any, event: RecordAttached) -> Callable[[Connection], None]:
    """A document of a case came by itself, before or after the closing."""
    agreement = _agreement(parts, job, event.agreement)
    documents = keep_inline(parts, agreement, event.case_id, event.documents)
    return _gathered(parts, job, agreement, event.case_id, documents, closed=None)


def _gathered(
    parts: Parts,
    job: Any,
    agreement: Agreement,
    case_id: str,
    documents: list[Document],
    closed: RecordClosed | None,
) -> Callable[[Connection], None]:
    event_id = f"{job.envelope.source}#{job.envelope.id}" if job.envelope else ""
    with parts.house.database.read() as tx:
        case = _case(tx, agreement.id, case_id)
        kept = _documents(tx, agreement.id, case_id)
    if case is not None and case["delivery"]:
        return _late(case, closed)
    facts = closed or (
        RecordClosed.model_validate_json(case["closed"]) if case is not None and case["closed"] else None
    )
    known = {row["name"]: row for row in kept}
    merged = {**known, **{one.name: _row(agreement.id, case_id, one, event_id) for one in documents}}
    complete = facts is not None and len(merged) >= len(facts.documents) + facts.attachments_expected
    ready = (
        _assemble(parts, agreement, facts, list(merged.values()), event_id) if complete and facts else None
    )

    def effect(tx: Connection) -> None:
        _remember(tx, agreement.id, case_id, closed, event_id, [merged[one.name] for one in documents], known)
        if ready is None:
            return
        row, size, digest = ready
        store.add_delivery(tx, row, SYSTEM)
        receive(parts, tx, row, size=size, digest=digest, actor=SYSTEM, people=[])
        tx.execute(
            update(t.case)
            .where(t.case.c.agreement == agreement.id, t.case.c.case_id == case_id)
            .values(delivery=row["id"])
        )

    return effect


def _late(case: RowMapping, closed: RecordClosed | None) -> Callable[[Connection], None]:
    """A case that is already a delivery: the same closing again is nothing new, anything else needs a person."""
    if closed is not None and RecordClosed.model_validate_json(case["closed"]) == closed:
        return lambda _tx: None
    raise Conflict(
        sv="Ärendet är redan levererat; det som kom efteråt behöver en kompletterande leverans.",
        en="The case is already delivered; what came later needs a supplementary delivery.",
    )


def _case(tx: Connection, agreement: str, case_id: str) -> RowMapping | None:
    query = select(t.case).where(t.case.c.agreement == agreement, t.case.c.case_id == case_id)
    return tx.execute(query).mappings().first()


def _documents(tx: Connection, agreement: str, case_id: str) -> list[dict[str, Any]]:
    query = select(t.case_document).where(
        t.case_document.c.agreement == agreement, t.case_document.c.case_id == case_id
    )
    return [dict(row) for row in tx.execute(query.order_by(t.case_document.c.name)).mappings()]


def _row(agreement: str, case_id: str, document: Document, event_id: str) -> dict[str, Any]:
    return {
        "agreement": agreement,
        "case_id": case_id,
        "name": document.name,
        "sha256": document.sha256,
        "bytes": document.bytes,
        "key": document.location or "",
        "level": document.level,
        "event": event_id,
    }


def _remember(
    tx: Connection,
    agreement: str,
    case_id: str,
    closed: RecordClosed | None,
    event_id: str,
    rows: list[dict[str, Any]],
    known: dict[str, Any],
) -> None:
    if _case(tx, agreement, case_id) is None:
        tx.execute(
            insert(t.case).values(agreement=agreement, case_id=case_id, closed="", closed_id="", delivery="")
        )
    if closed is not None:
        tx.execute(
            update(t.case)
            .where(t.case.c.agreement == agreement, t.case.c.case_id == case_id)
            .values(closed=closed.model_dump_json(), closed_id=event_id)
        )
    new = [row for row in rows if row["name"] not in known]
    if new:
        tx.execute(insert(t.case_document), new)


def _assemble(
    parts: Parts, agreement: Agreement, facts: RecordClosed, rows: list[dict[str, Any]], event_id: str
) -> tuple[dict[str, Any], int, str]:
    """Write the case as an E-ARK SIP into staging; returns the delivery's row, size and digest.

    The key is the delivery's own, so a second run replaces what a killed first one left.
    """
    delivery = case_delivery(agreement.id, facts.case_id)
    row = new_row(
        parts,
        agreement,
        Opening(agreement=agreement.id, title=facts.title, name=f"{delivery}.zip"),
        SYSTEM,
        "",
    )
    plan = {"closed": facts.model_dump(mode="json"), "source_id": event_id, "levels": _levels(rows)}
    row |= {
        "id": delivery,
        "correlation": delivery,
        "way": "records",
        "plan": json.dumps(plan, ensure_ascii=False),
    }
    key = upload_key(delivery)
    parts.house.staging.delete(key)
    writer = parts.house.staging.create(key)
    running = hashlib.sha256()

    def sink(data: bytes | bytearray | memoryview) -> None:
        running.update(data)
        writer.write(data)

    try:
        write_sip(
            sink,
            objid=delivery,
            label=facts.title,
            sources=[
                Source(
                    one["name"],
                    one["bytes"],
                    one["sha256"],
                    partial(parts.house.staging.read, str(one["key"])),
                )
                for one in sorted(rows, key=lambda one: str(one["name"]))
            ],
            created=row["created_at"],
            submitter=agreement.producer,
            agreement=agreement.reference,
            documentation={"record.json": json.dumps(plan, ensure_ascii=False, indent=1).encode()},
        )
        size = writer.commit().size
    finally:
        writer.abort()
    return row, size, running.hexdigest()


def _levels(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {str(one["name"]): int(one["level"]) for one in rows if one["level"] is not None}
