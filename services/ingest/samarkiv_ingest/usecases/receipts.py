"""Issuing signed receipts: deterministic bytes, so that a rebuild issues them again."""

import base64
import hashlib
from typing import Any, Literal

from samarkiv_contracts.events.receipt import ReceiptIssued
from sqlalchemy import Connection, insert, select

from samarkiv_ingest import store
from samarkiv_ingest import tables as t
from samarkiv_ingest.domain.receipt import receipt_body, receipt_id
from samarkiv_ingest.usecases.parts import Parts

Kind = Literal["received", "accepted", "rejected"]


def issue(parts: Parts, tx: Connection, delivery: str, kind: Kind, at: str, facts: dict[str, Any]) -> str:
    """Sign and keep a receipt and tell the producer, in the caller's transaction; issuing it twice changes nothing.

    Returns the receipt's id. The body is canonical JSON; the signature is Ed25519 over exactly those bytes.
    """
    identity = receipt_id(delivery, kind)
    if tx.execute(select(t.receipt.c.id).where(t.receipt.c.id == identity)).first():
        return identity
    row = store.get_delivery(tx, delivery)
    body = receipt_body(
        kind,
        {
            "delivery": delivery,
            "tenant": row["tenant"],
            "agreement": row["agreement"],
            "producer": row["producer"],
            "delivery_title": row["title"],
            "issued_at": at,
            "test": row["kind"] == "TEST",
            **facts,
        },
    )
    kid, raw = parts.house.signer.sign(body)
    signature = base64.b64encode(raw).decode()
    digest = hashlib.sha256(body).hexdigest()
    tx.execute(
        insert(t.receipt).values(
            id=identity,
            delivery=delivery,
            kind=kind,
            issued_at=at,
            body=body,
            kid=kid,
            signature=signature,
            sha256=digest,
        )
    )
    parts.teller.tell(
        tx,
        ReceiptIssued(receipt=identity, delivery=delivery, kind=kind, sha256=digest),
        tenant=row["tenant"],
        correlation=row["correlation"],
        producer=row["producer"],
    )
    return identity
