"""What ingest remembers: queries on its tables. States move only along `states.FOLLOWS`."""

import json
from collections.abc import Sequence
from typing import Any

from samarkiv_contracts.findings import Effect, Finding
from samarkiv_contracts.problems import Conflict, NotFound
from samarkiv_contracts.states import FOLLOWS, WORDS, DeliveryState
from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update
from sqlalchemy.engine import RowMapping

from samarkiv_ingest import tables as t
from samarkiv_ingest.domain.agreement import Agreement


def get_delivery(tx: Connection, delivery: str) -> dict[str, Any]:
    """Return the row of a delivery, with the state of its tenant as `tenant_state`; raises NotFound."""
    owner = t.delivery.outerjoin(t.tenant, t.tenant.c.id == t.delivery.c.tenant)
    query = select(t.delivery, t.tenant.c.state.label("tenant_state")).select_from(owner)
    row = tx.execute(query.where(t.delivery.c.id == delivery)).mappings().first()
    if row is None:
        raise NotFound
    return {str(key): value for key, value in row.items()}


def list_deliveries(
    tx: Connection, where: Sequence[Any], after: tuple[str, str] | None, limit: int
) -> list[RowMapping]:
    """Return deliveries newest first, after a (created_at, id) cursor."""
    query = select(t.delivery).where(*where)
    if after:
        created, last = after
        query = query.where(
            or_(
                t.delivery.c.created_at < created,
                and_(t.delivery.c.created_at == created, t.delivery.c.id < last),
            )
        )
    query = query.order_by(t.delivery.c.created_at.desc(), t.delivery.c.id.desc()).limit(limit)
    return list(tx.execute(query).mappings())


def add_delivery(tx: Connection, row: dict[str, Any], actor: str) -> None:
    """Insert a delivery with its first step."""
    tx.execute(insert(t.delivery).values(**row))
    _add_step(tx, row["id"], 1, row["state"], row["created_at"], actor, "")


def move(
    tx: Connection,
    delivery: str,
    state: DeliveryState,
    *,
    at: str,
    actor: str,
    reason: str = "",
    **changes: Any,
) -> int:
    """Move a delivery to a state that may follow, with a step; returns its new sequence.

    Raises Conflict when the state may not follow. Moving to the state it already has changes nothing.
    """
    row = get_delivery(tx, delivery)
    now = DeliveryState(row["state"])
    if now is state:
        if changes:
            tx.execute(update(t.delivery).where(t.delivery.c.id == delivery).values(**changes))
        return int(row["sequence"])
    if state not in FOLLOWS[now]:
        raise Conflict(
            sv=f"Leveransen är {WORDS[now].sv} och kan inte bli {WORDS[state].sv}.",
            en=f"The delivery is {WORDS[now].en} and cannot become {WORDS[state].en}.",
        )
    sequence = int(row["sequence"]) + 1
    tx.execute(
        update(t.delivery)
        .where(t.delivery.c.id == delivery)
        .values(state=state.value, sequence=sequence, updated_at=at, reason=reason, **changes)
    )
    _add_step(tx, delivery, sequence, state.value, at, actor, reason)
    return sequence


def _add_step(tx: Connection, delivery: str, n: int, state: str, at: str, actor: str, reason: str) -> None:
    tx.execute(insert(t.step).values(delivery=delivery, n=n, state=state, at=at, actor=actor, reason=reason))


def steps(tx: Connection, delivery: str) -> list[RowMapping]:
    """Return the steps of a delivery, oldest first."""
    return list(
        tx.execute(select(t.step).where(t.step.c.delivery == delivery).order_by(t.step.c.n)).mappings()
    )


def set_findings(tx: Connection, delivery: str, findings: Sequence[Finding]) -> None:
    """Replace the findings of a delivery."""
    tx.execute(delete(t.finding).where(t.finding.c.delivery == delivery))
    if findings:
        tx.execute(
            insert(t.finding),
            [
                {
                    "delivery": delivery,
                    "n": n,
                    "code": one.code,
                    "severity": one.severity.value,
                    "effect": (one.effect or Effect.NOTE).value,
                    "body": one.model_dump_json(),
                }
                for n, one in enumerate(findings, 1)
            ],
        )


def findings(tx: Connection, delivery: str, after: int = 0, limit: int = 1000) -> list[tuple[int, Finding]]:
    """Return findings with their numbers, in order."""
    query = (
        select(t.finding.c.n, t.finding.c.body)
        .where(t.finding.c.delivery == delivery, t.finding.c.n > after)
        .order_by(t.finding.c.n)
        .limit(limit)
    )
    return [(n, Finding.model_validate_json(body)) for n, body in tx.execute(query)]


def finding_counts(tx: Connection, deliveries: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return delivery → severity → number of findings."""
    counts: dict[str, dict[str, int]] = {one: {"ERROR": 0, "WARNING": 0, "INFO": 0} for one in deliveries}
    query = (
        select(t.finding.c.delivery, t.finding.c.severity, func.count())
        .where(t.finding.c.delivery.in_(deliveries))
        .group_by(t.finding.c.delivery, t.finding.c.severity)
    )
    for one, severity, number in tx.execute(query):
        counts[one][severity] = number
    return counts


def packages(tx: Connection, deliveries: Sequence[str]) -> dict[str, list[RowMapping]]:
    """Return delivery → its packages."""
    found: dict[str, list[RowMapping]] = {one: [] for one in deliveries}
    query = select(t.package).where(t.package.c.delivery.in_(deliveries)).order_by(t.package.c.id)
    for row in tx.execute(query).mappings():
        found[row["delivery"]].append(row)
    return found


def add_packages(tx: Connection, delivery: str, ids: Sequence[str]) -> None:
    """Remember which packages a delivery becomes."""
    tx.execute(
        insert(t.package),
        [{"id": one, "delivery": delivery, "stored": False, "copies": 0, "coverage": ""} for one in ids],
    )


def receipts(tx: Connection, delivery: str) -> list[RowMapping]:
    """Return the receipts of a delivery, in the order they were issued."""
    query = (
        select(t.receipt)
        .where(t.receipt.c.delivery == delivery)
        .order_by(t.receipt.c.issued_at, t.receipt.c.kind)
    )
    return list(tx.execute(query).mappings())


def get_receipt(tx: Connection, receipt: str) -> RowMapping:
    """Return a receipt; raises NotFound."""
    row = tx.execute(select(t.receipt).where(t.receipt.c.id == receipt)).mappings().first()
    if row is None:
        raise NotFound
    return row


def find_agreement(tx: Connection, name: str) -> Agreement | None:
    """Return an agreement by id or reference, or None. A reference must be unique among all tenants to be found by."""
    query = (
        select(t.agreement.c.body)
        .where(or_(t.agreement.c.id == name, t.agreement.c.reference == name))
        .limit(2)
    )
    bodies = tx.execute(query).scalars().all()
    return Agreement.model_validate_json(bodies[0]) if len(bodies) == 1 else None


def list_agreements(tx: Connection, where: Sequence[Any]) -> list[Agreement]:
    """Return agreements by reference."""
    query = select(t.agreement.c.body).where(*where).order_by(t.agreement.c.reference)
    return [Agreement.model_validate_json(body) for body in tx.execute(query).scalars()]


def put_agreement(tx: Connection, agreement: Agreement) -> None:
    """Insert or replace an agreement."""
    tx.execute(delete(t.agreement).where(t.agreement.c.id == agreement.id))
    tx.execute(
        insert(t.agreement).values(
            id=agreement.id,
            tenant=agreement.tenant,
            authority=agreement.authority,
            reference=agreement.reference,
            producer=agreement.producer,
            state=agreement.state,
            version=agreement.version,
            body=agreement.model_dump_json(),
        )
    )


def get_tenant(tx: Connection, tenant: str) -> RowMapping:
    """Return a tenant by id or slug; raises NotFound."""
    row = (
        tx.execute(select(t.tenant).where(or_(t.tenant.c.id == tenant, t.tenant.c.slug == tenant)))
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound
    return row


def get_authority(tx: Connection, authority: str) -> RowMapping:
    """Return an authority; raises NotFound."""
    row = tx.execute(select(t.authority).where(t.authority.c.id == authority)).mappings().first()
    if row is None:
        raise NotFound
    return row


def list_tenants(tx: Connection) -> list[RowMapping]:
    """Return all tenants by name."""
    return list(tx.execute(select(t.tenant).order_by(t.tenant.c.name)).mappings())


def list_authorities(tx: Connection, tenant: str) -> list[RowMapping]:
    """Return the authorities of a tenant by name."""
    return list(
        tx.execute(
            select(t.authority).where(t.authority.c.tenant == tenant).order_by(t.authority.c.name)
        ).mappings()
    )


def registry_document(tx: Connection, tenant: str) -> dict[str, Any]:
    """Return everything the registry holds of a tenant, as it is archived (DESIGN §4)."""
    row = dict(get_tenant(tx, tenant))
    version = row.pop("registry_version")
    return {
        "tenant": row,
        "authorities": [
            {k: v for k, v in dict(one).items() if k != "tenant"} for one in list_authorities(tx, tenant)
        ],
        "agreements": [
            json.loads(one.model_dump_json()) for one in list_agreements(tx, [t.agreement.c.tenant == tenant])
        ],
        "version": version,
    }
