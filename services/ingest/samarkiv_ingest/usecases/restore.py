"""Getting ingest's memory back from storage alone: registry documents and the deliveries behind stored packages."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from samarkiv_contracts.description import PackageDescription
from samarkiv_contracts.states import DeliveryState
from sqlalchemy import Connection, insert, select

from samarkiv_ingest import store
from samarkiv_ingest import tables as t
from samarkiv_ingest.domain.agreement import Agreement
from samarkiv_ingest.usecases.parts import SYSTEM, Parts
from samarkiv_ingest.usecases.receipts import issue
from samarkiv_ingest.usecases.registry import announce


def restored_delivery(parts: Parts, tx: Connection, said: PackageDescription) -> None:
    """Write the row of a delivery whose package tells of it; it stands at passed until all its packages are seen."""
    row = {
        "id": said.delivery,
        "tenant": said.tenant,
        "authority": said.authority,
        "agreement": said.agreement,
        "agreement_version": said.agreement_version,
        "producer": said.producer,
        "account": "",
        "title": said.delivery_title or said.label,
        "name": said.container_name,
        "way": "package",
        "kind": "NEW",
        "replaces": "",
        "state": DeliveryState.PASSED.value,
        "sequence": 4,
        "correlation": said.delivery,
        "declared_sha256": "",
        "declared_bytes": 0,
        "sha256": said.container_sha256,
        "bytes": said.container_bytes,
        "files": said.files,
        "profile": said.profile,
        "checked": "",
        "plan": "",
        "reason": "",
        "people": json.dumps([]),
        "created_at": said.received_at,
        "received_at": said.received_at,
        "updated_at": parts.now(),
        "cleared": True,
    }
    store.add_delivery(tx, {**row, "sequence": 1}, SYSTEM)
    facts = {"bytes": said.container_bytes, "sha256": said.container_sha256}
    issue(parts, tx, said.delivery, "received", said.received_at, facts)


def restore_registry(parts: Parts, documents: Iterable[dict[str, Any]]) -> int:
    """Write tenants, authorities and agreements from archived registry documents and tell of them; returns how many."""
    count = 0
    for document in documents:
        with parts.house.database.write() as tx:
            tenant = document["tenant"]
            if tx.execute(select(t.tenant.c.id).where(t.tenant.c.id == tenant["id"])).first():
                continue
            tx.execute(insert(t.tenant).values(**tenant, registry_version=document["version"]))
            for one in document["authorities"]:
                tx.execute(insert(t.authority).values(tenant=tenant["id"], **one))
            for body in document["agreements"]:
                store.put_agreement(tx, Agreement.model_validate(body))
            announce(
                parts,
                tx,
                tenant["id"],
                "tenant",
                tenant["id"],
                document["version"],
                document.get("sha256", ""),
            )
            count += 1
    return count


def canonical_dump(parts: Parts) -> Iterator[str]:
    """Give what ingest must remember the same after a rebuild, a JSON line each, in a fixed order.

    Registry, accepted deliveries with their packages, and the exact receipts; not what was rejected or running.
    """
    kept = (
        "id",
        "tenant",
        "authority",
        "agreement",
        "agreement_version",
        "producer",
        "title",
        "name",
        "sha256",
    )
    with parts.house.database.read() as tx:
        for tenant in store.list_tenants(tx):
            yield json.dumps(store.registry_document(tx, tenant["id"]), sort_keys=True, ensure_ascii=False)
        accepted = t.delivery.select().where(t.delivery.c.state == "accepted").order_by(t.delivery.c.id)
        for row in tx.execute(accepted).mappings().all():
            packages = store.packages(tx, [row["id"]])[row["id"]]
            told = {key: row[key] for key in (*kept, "bytes", "files", "profile", "received_at")}
            told["packages"] = [[one["id"], one["copies"], one["coverage"]] for one in packages]
            told["receipts"] = [
                [one["id"], one["kind"], one["kid"], one["signature"], bytes(one["body"]).decode()]
                for one in store.receipts(tx, row["id"])
            ]
            yield json.dumps(told, sort_keys=True, ensure_ascii=False)
