"""From a delivery that may pass to what preservation builds upon: ids are minted, the handover is written and told."""

import hashlib
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from samarkiv_contracts.description import PackageDescription, RecordDescription
from samarkiv_contracts.events.delivery import DeliveryPassed
from samarkiv_contracts.handover import Act, Handover, PlannedPackage
from samarkiv_contracts.levels import strictest
from samarkiv_contracts.states import DeliveryState
from samarkiv_runtime.failpoints import failpoint
from sqlalchemy import Connection

from samarkiv_ingest import store
from samarkiv_ingest.domain.agreement import Agreement
from samarkiv_ingest.domain.draft import Checked
from samarkiv_ingest.usecases.parts import SYSTEM, Parts, passed_prefix, upload_key


def hand_over(
    parts: Parts,
    delivery: str,
    *,
    run: str,
    actor: str = SYSTEM,
    people: list[dict[str, str]] | None = None,
    reason: str = "",
    checked_key: str = "",
    cause: Any = None,
) -> Callable[[Connection], None]:
    """Write the handover of a checked delivery under a key of its own and return the effect that lets it pass.

    Running twice writes a second handover that nobody names; only the one in the event counts.
    """
    row, agreement, names = _parties(parts, delivery)
    prefix = checked_key or row["checked"]
    checked = Checked.model_validate_json(_read(parts, f"{prefix}/checked.json"))
    planned = _plan(parts, row, agreement, checked, *names)
    decided = () if actor == SYSTEM else (_decision(parts, actor, people, reason),)
    handover = Handover(
        delivery=delivery,
        tenant=row["tenant"],
        upload=upload_key(delivery),
        content=f"{prefix}/content.bin" if checked.content else "",
        files=f"{prefix}/files.jsonl",
        report=f"{prefix}/report.json",
        agreement=json.loads(agreement.model_dump_json()),
        packages=(planned,),
        acts=(*checked.acts, *decided),
        people=tuple(people or ()),
    )
    body = handover.model_dump_json().encode()
    key = f"{passed_prefix(delivery)}/{run}/handover.json"
    write(parts, key, body)
    failpoint("ingest.handed")
    told = DeliveryPassed(
        delivery=delivery,
        agreement=agreement.id,
        handover=key,
        handover_sha256=hashlib.sha256(body).hexdigest(),
        packages=(planned.description.id,),
        files=checked.files,
        bytes=checked.bytes,
    )
    return partial(_pass, parts, row, checked, told, actor, reason, cause)


def _parties(parts: Parts, delivery: str) -> tuple[dict[str, Any], Agreement, tuple[str, str]]:
    """Return the delivery, its agreement, and the names of tenant and authority."""
    with parts.house.database.read() as tx:
        row = store.get_delivery(tx, delivery)
        agreement = store.find_agreement(tx, row["agreement"])
        if agreement is None:
            raise LookupError(f"agreement {row['agreement']} of {delivery} is gone")
        tenant = store.get_tenant(tx, row["tenant"])["name"]
        authority = store.get_authority(tx, row["authority"])["name"]
    return row, agreement, (tenant, authority)


def _decision(parts: Parts, actor: str, people: list[dict[str, str]] | None, reason: str) -> Act:
    agent = (people or [{}])[0].get("id", actor)
    return Act(type="appraisal", at=parts.now(), outcome="success", detail=reason, agent=agent)


def _pass(
    parts: Parts,
    row: dict[str, Any],
    checked: Checked,
    told: DeliveryPassed,
    actor: str,
    reason: str,
    cause: Any,
    tx: Connection,
) -> None:
    sequence = store.move(
        tx,
        told.delivery,
        DeliveryState.PASSED,
        at=parts.now(),
        actor=actor,
        reason=reason,
        files=checked.files,
        profile=checked.profile,
    )
    store.add_packages(tx, told.delivery, told.packages)
    parts.teller.tell(
        tx, told, tenant=row["tenant"], sequence=sequence, cause=cause, correlation=row["correlation"]
    )


def _plan(
    parts: Parts, row: dict[str, Any], agreement: Agreement, checked: Checked, tenant: str, authority: str
) -> PlannedPackage:
    records = tuple(
        RecordDescription(
            id=parts.new_id("record"),
            level=agreement.level_of(draft.level),
            **draft.model_dump(exclude={"level", "record_type", "series"}),
            record_type=draft.record_type or agreement.terms.record_type,
            series=draft.series or agreement.terms.series,
        )
        for draft in checked.records
    )
    description = PackageDescription(
        id=parts.new_id("package"),
        label=checked.label or row["title"],
        tenant=row["tenant"],
        tenant_name=tenant,
        authority=row["authority"],
        authority_name=authority,
        agreement=agreement.id,
        agreement_reference=agreement.reference,
        agreement_version=row["agreement_version"],
        delivery=row["id"],
        producer=row["producer"],
        profile=checked.profile,
        received_at=row["received_at"],
        custody=agreement.terms.custody,
        # The package's own level never hides an open record of it: the strictest on the path is taken by record.
        level=min((strictest(one.level) for one in records), default=strictest(None)),
        container_name=row["name"],
        container_sha256=row["sha256"],
        container_bytes=row["bytes"],
        records=len(records),
        files=checked.files,
        bytes=checked.bytes,
        delivery_title=row["title"],
    )
    return PlannedPackage(description=description, records=records)


def write(parts: Parts, key: str, body: bytes) -> None:
    """Put a small object into staging."""
    writer = parts.house.staging.create(key)
    try:
        writer.write(body)
        writer.commit()
    finally:
        writer.abort()


def _read(parts: Parts, key: str) -> bytes:
    return b"".join(parts.house.staging.read(key))
