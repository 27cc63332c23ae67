"""Hearing what became of the packages: only when all are stored in every copy is a delivery accepted."""

from collections.abc import Callable
from typing import Any

from samarkiv_contracts.events.delivery import DeliveryAccepted
from samarkiv_contracts.events.index import PackageIndexed
from samarkiv_contracts.events.package import PackageStored
from samarkiv_contracts.states import DeliveryState
from samarkiv_runtime.failpoints import failpoint
from samarkiv_runtime.ocfl import PackageReader
from sqlalchemy import Connection, insert, select, update

from samarkiv_ingest import store
from samarkiv_ingest import tables as t
from samarkiv_ingest.usecases.parts import SYSTEM, Parts
from samarkiv_ingest.usecases.receipts import issue
from samarkiv_ingest.usecases.restore import restored_delivery

ORDER = {"": 0, "names": 1, "text": 2}


def note_stored(parts: Parts, job: Any, event: PackageStored) -> Callable[[Connection], None]:
    """A package lies in every copy; when it was the delivery's last one, the delivery is accepted with its receipt."""
    reader = PackageReader(parts.house.copies)
    facts = _facts(reader, event)

    def effect(tx: Connection) -> None:
        if tx.execute(select(t.delivery.c.id).where(t.delivery.c.id == event.delivery)).first() is None:
            restored_delivery(parts, tx, facts["description"])
        if tx.execute(select(t.package.c.id).where(t.package.c.id == event.package)).first() is None:
            tx.execute(
                insert(t.package).values(
                    id=event.package, delivery=event.delivery, stored=False, copies=0, coverage=""
                )
            )
        tx.execute(
            update(t.package)
            .where(t.package.c.id == event.package)
            .values(stored=True, copies=len(event.copies))
        )
        packages = store.packages(tx, [event.delivery])[event.delivery]
        if len(packages) < facts["description"].delivery_packages or not all(
            one["stored"] for one in packages
        ):
            return
        _accept(parts, tx, job, event, [one["id"] for one in packages], facts)

    return effect


def _accept(
    parts: Parts, tx: Connection, job: Any, event: PackageStored, ids: list[str], facts: dict[str, Any]
) -> None:
    row = store.get_delivery(tx, event.delivery)
    if row["state"] == DeliveryState.ACCEPTED:
        return
    sequence = store.move(tx, event.delivery, DeliveryState.ACCEPTED, at=parts.now(), actor=SYSTEM)
    parts.litter.set()
    description = facts["description"]
    issue(
        parts,
        tx,
        event.delivery,
        "accepted",
        facts["stored_at"],
        {
            "packages": sorted(ids),
            "copies": sorted(event.copies),
            "files": description.files,
            "bytes": description.bytes,
            "container": {"sha256": description.container_sha256, "bytes": description.container_bytes},
            "archived_sha512": event.sha512,
            "custody": description.custody,
        },
    )
    parts.teller.tell(
        tx,
        DeliveryAccepted(delivery=event.delivery, packages=tuple(sorted(ids)), copies=len(event.copies)),
        tenant=row["tenant"],
        sequence=sequence,
        cause=job,
        correlation=row["correlation"],
    )
    failpoint("ingest.accepting")


def _facts(reader: PackageReader, event: PackageStored) -> dict[str, Any]:
    """Read from the copies what the receipt says, so that a rebuild issues the same bytes."""
    inventory = reader.inventory(event.package)
    description, _records = reader.description(event.package)
    return {"stored_at": inventory.versions()[0].created, "description": description}


def note_indexed(parts: Parts, job: Any, event: PackageIndexed) -> Callable[[Connection], None]:
    """A package can be found; coverage only grows."""
    del parts, job

    def effect(tx: Connection) -> None:
        row = tx.execute(select(t.package.c.coverage).where(t.package.c.id == event.package)).first()
        if row is not None and ORDER[event.coverage] > ORDER[row.coverage]:
            tx.execute(
                update(t.package).where(t.package.c.id == event.package).values(coverage=event.coverage)
            )

    return effect
