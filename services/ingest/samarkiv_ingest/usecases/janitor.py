"""Clearing staging: what is accepted, hostile, cut or past its quarantine leaves nothing behind."""

from datetime import datetime, timedelta

from samarkiv_contracts.states import DeliveryState
from samarkiv_runtime.clock import rfc3339
from samarkiv_runtime.failpoints import failpoint
from sqlalchemy import select, update

from samarkiv_ingest import store
from samarkiv_ingest import tables as t
from samarkiv_ingest.domain.findings import finding
from samarkiv_ingest.usecases.deliveries import reject
from samarkiv_ingest.usecases.parts import PURGE, SYSTEM, Parts, upload_key

UPLOAD_DAYS = 7


def clear(parts: Parts, limit: int = 200) -> int:
    """Clear what may go, at most `limit` deliveries a call; returns how many. Safe to run in several processes."""
    expired = _expired_uploads(parts, limit)
    for delivery in expired:
        reject(parts, delivery, [finding("SAM-EXPIRED")], actor=SYSTEM, purge=True)
    done = _clearable(parts, limit)
    for delivery in done:
        clear_delivery(parts, delivery)
    return len(expired) + len(done)


def clear_delivery(parts: Parts, delivery: str) -> None:
    """Remove everything of one delivery from staging, then remember that it is clear."""
    parts.house.uploads.discard(upload_key(delivery))
    for prefix in (
        f"uploads/{delivery}/",
        f"checked/{delivery}/",
        f"passed/{delivery}/",
        f"records/{delivery}/",
    ):
        for one in list(parts.house.staging.list(prefix)):
            parts.house.staging.delete(one.key)
            failpoint("ingest.clearing")
    with parts.house.database.write() as tx:
        tx.execute(update(t.delivery).where(t.delivery.c.id == delivery).values(cleared=True))


def _expired_uploads(parts: Parts, limit: int) -> list[str]:
    border = rfc3339(parts.house.clock.now() - timedelta(days=UPLOAD_DAYS))
    query = (
        select(t.delivery.c.id)
        .where(t.delivery.c.state == DeliveryState.RECEIVING.value, t.delivery.c.updated_at < border)
        .limit(limit)
    )
    with parts.house.database.read() as tx:
        return list(tx.execute(query).scalars())


def _clearable(parts: Parts, limit: int) -> list[str]:
    """Return accepted deliveries, and unhappy ones past the quarantine their agreement gives them."""
    query = (
        select(
            t.delivery.c.id,
            t.delivery.c.state,
            t.delivery.c.agreement,
            t.delivery.c.updated_at,
            t.delivery.c.kind,
            t.delivery.c.checked,
        )
        .where(
            t.delivery.c.cleared.is_(False),
            t.delivery.c.state.in_(["accepted", "rejected", "returned", "superseded", "passed"]),
        )
        .order_by(t.delivery.c.updated_at)
        .limit(limit * 5)
    )
    now = parts.house.clock.now()
    ready = []
    with parts.house.database.read() as tx:
        for row in tx.execute(query):
            if row.state == "passed":
                if row.kind == "TEST":
                    ready.append(row.id)
                continue
            agreement = store.find_agreement(tx, row.agreement)
            days = agreement.terms.quarantine_days if agreement else 0
            since = datetime.fromisoformat(row.updated_at)
            if row.state == "accepted" or row.checked == PURGE or now - since > timedelta(days=days):
                ready.append(row.id)
    return ready[:limit]
