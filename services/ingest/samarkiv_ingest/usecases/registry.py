"""The registry: tenants, authorities and agreements. Archived in every copy before it counts (DESIGN §4)."""

import hashlib
import json
from collections.abc import Callable
from typing import Any, Literal

from samarkiv_contracts.catalogue import producer_topics
from samarkiv_contracts.events.registry import RegistryChanged
from samarkiv_contracts.problems import Conflict, Unavailable
from sqlalchemy import Connection, insert, select, update

from samarkiv_ingest import store
from samarkiv_ingest import tables as t
from samarkiv_ingest.domain.agreement import Agreement, Terms
from samarkiv_ingest.usecases.parts import Parts

Noun = Literal["tenant", "authority", "agreement"]


def change(parts: Parts, tenant: str, noun: Noun, identity: str, apply: Callable[[Connection], None]) -> int:
    """Change a tenant's registry: tried, archived in every copy, and only then written and told.

    Returns the new version. Raises Unavailable when a copy cannot take it; then nothing has changed.
    """
    version, document = _tried(parts, tenant, apply)
    body = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    digest = hashlib.sha256(body).hexdigest()
    answer = parts.house.peers.get("preservation").request(
        "PUT",
        f"/internal/registry/{tenant}",
        as_service="ingest",
        content=body,
        headers={"content-type": "application/json"},
    )
    if answer.status_code >= 300:
        raise Unavailable(
            sv="Registret kunde inte arkiveras; inget ändrades.",
            en="The registry could not be archived; nothing changed.",
        )
    with parts.house.database.write() as tx:
        apply(tx)
        changed = tx.execute(
            update(t.tenant)
            .where(t.tenant.c.id == tenant, t.tenant.c.registry_version == version - 1)
            .values(registry_version=version)
        )
        if changed.rowcount != 1:
            raise Conflict(
                sv="Registret ändrades samtidigt av någon annan.",
                en="Somebody else changed the registry at the same time.",
            )
        announce(parts, tx, tenant, noun, identity, version, digest)
    return version


class _Tried(Exception):
    """Carries the document out of a transaction that is rolled back."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__("tried")
        self.document = document


def _tried(parts: Parts, tenant: str, apply: Callable[[Connection], None]) -> tuple[int, dict[str, Any]]:
    """Apply the change in a transaction that is taken back, to see the document it would make."""
    try:
        with parts.house.database.write() as tx:
            apply(tx)
            document = store.registry_document(tx, tenant)
            document["version"] += 1
            raise _Tried(document)  # noqa: TRY301 — leaving by an error is what takes the transaction back
    except _Tried as tried:
        return int(tried.document["version"]), tried.document


def announce(
    parts: Parts, tx: Connection, tenant: str, noun: Noun, identity: str, version: int, digest: str
) -> None:
    """Tell `registry.changed`."""
    parts.teller.tell(
        tx,
        RegistryChanged(tenant=tenant, noun=noun, id=identity, version=version, sha256=digest),
        tenant=tenant,
        sequence=version,
        correlation=tenant,
    )


def add_tenant(parts: Parts, tenant: dict[str, Any], authorities: list[dict[str, Any]]) -> str:
    """Add a tenant with its authorities; returns its id. A slug that is taken raises Conflict."""
    identity = parts.new_id("tenant")
    rows = [{"id": parts.new_id("authority"), "tenant": identity, **one} for one in authorities]

    def apply(tx: Connection) -> None:
        if tx.execute(select(t.tenant.c.id).where(t.tenant.c.slug == tenant["slug"])).first():
            raise Conflict(sv="Kortnamnet är upptaget.", en="The short name is taken.")
        tx.execute(insert(t.tenant).values(id=identity, state="active", registry_version=0, **tenant))
        if rows:
            tx.execute(insert(t.authority), rows)

    change(parts, identity, "tenant", identity, apply)
    return identity


def add_agreement(
    parts: Parts,
    *,
    authority: str,
    reference: str,
    title: str,
    producer: str,
    terms: Terms,
    valid_from: str = "",
    valid_to: str = "",
) -> Agreement:
    """Propose an agreement for an authority; it is a draft until both parties have approved it."""
    with parts.house.database.read() as tx:
        owner = store.get_authority(tx, authority)
    agreement = Agreement(
        id=parts.new_id("agreement"),
        tenant=owner["tenant"],
        authority=authority,
        reference=reference,
        title=title,
        producer=producer,
        valid_from=valid_from,
        valid_to=valid_to,
        terms=terms,
    )

    def apply(tx: Connection) -> None:
        taken = select(t.agreement.c.id).where(
            t.agreement.c.tenant == owner["tenant"], t.agreement.c.reference == reference
        )
        if tx.execute(taken).first():
            raise Conflict(sv="Beteckningen är upptagen.", en="The reference is taken.")
        store.put_agreement(tx, agreement)

    change(parts, owner["tenant"], "agreement", agreement.id, apply)
    return agreement


def approve_agreement(
    parts: Parts, agreement: Agreement, party: Literal["producer", "archive"], person: str
) -> Agreement:
    """A party approves; when both have, the agreement is in force and the producer's topics exist."""
    field = "approved_by_producer" if party == "producer" else "approved_by_archive"
    other = agreement.approved_by_archive if party == "producer" else agreement.approved_by_producer
    approved = agreement.model_copy(update={field: person, "state": "agreed" if other else "draft"})
    if approved.state == "agreed":
        parts.house.log.declare(producer_topics(agreement.producer))
    change(parts, agreement.tenant, "agreement", agreement.id, lambda tx: store.put_agreement(tx, approved))
    return approved
