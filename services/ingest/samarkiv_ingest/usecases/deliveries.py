"""Opening, committing, cancelling and deciding deliveries."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from samarkiv_contracts.events.delivery import DeliveryReceived, DeliveryRejected, DeliveryReturned
from samarkiv_contracts.findings import Effect, Finding
from samarkiv_contracts.problems import (
    Conflict,
    DigestMismatch,
    InactiveAgreement,
    TooLarge,
    Unavailable,
    UnknownAgreement,
)
from samarkiv_contracts.states import DeliveryState
from samarkiv_runtime.failpoints import failpoint
from sqlalchemy import Connection

from samarkiv_ingest import store
from samarkiv_ingest.domain.agreement import Agreement
from samarkiv_ingest.domain.findings import digest_of, finding
from samarkiv_ingest.usecases.handover import hand_over
from samarkiv_ingest.usecases.parts import PURGE, Parts, upload_key
from samarkiv_ingest.usecases.receipts import issue

Kind = Literal["NEW", "REPLACEMENT", "SUPPLEMENT", "TEST"]


@dataclass(frozen=True)
class Opening:
    """What a producer says when a delivery is opened."""

    agreement: str
    title: str = ""
    name: str = "paket.zip"
    sha256: str = ""
    bytes: int = 0
    kind: Kind = "NEW"
    replaces: str = ""


def active_agreement(
    parts: Parts, tx: Connection, name: str, seen: Callable[[Agreement], bool] = lambda _one: True
) -> Agreement:
    """Return the agreement by id or reference; raises UnknownAgreement (also when it may not be seen) or InactiveAgreement."""
    agreement = store.find_agreement(tx, name)
    if agreement is None or not seen(agreement):
        raise UnknownAgreement(
            sv=f"Överenskommelsen ”{name}” finns inte.", en=f"There is no agreement “{name}”."
        )
    if not agreement.in_force(parts.today().date()):
        raise InactiveAgreement(
            sv=f"Överenskommelsen {agreement.reference} gäller inte i dag.",
            en=f"The agreement {agreement.reference} is not in force today.",
        )
    return agreement


def new_row(
    parts: Parts, agreement: Agreement, opening: Opening, account: str, person: str
) -> dict[str, Any]:
    """Return the row of a new delivery in state receiving."""
    now = parts.now()
    delivery = parts.new_id("delivery")
    return {
        "id": delivery,
        "tenant": agreement.tenant,
        "authority": agreement.authority,
        "agreement": agreement.id,
        "agreement_version": agreement.version,
        "producer": agreement.producer,
        "account": account,
        "title": opening.title or opening.name,
        "name": opening.name,
        "way": "package",
        "kind": opening.kind,
        "replaces": opening.replaces,
        "state": DeliveryState.RECEIVING.value,
        "sequence": 1,
        "correlation": delivery,
        "declared_sha256": opening.sha256.lower(),
        "declared_bytes": opening.bytes,
        "sha256": "",
        "bytes": 0,
        "files": 0,
        "profile": "",
        "checked": "",
        "plan": "",
        "reason": "",
        "people": json.dumps([person] if person else []),
        "created_at": now,
        "received_at": "",
        "updated_at": now,
        "cleared": False,
    }


def open_delivery(
    parts: Parts, tx: Connection, opening: Opening, agreement: Agreement, account: str, person: str
) -> str:
    """Open a delivery under an agreement in force, in the caller's transaction; returns its id.

    The upload begins with its first bytes: a rolled-back or killed opening leaves nothing in staging.
    Raises TooLarge, or Conflict for a replacement of nothing.
    """
    if opening.replaces:
        old = store.get_delivery(tx, opening.replaces)
        if old["agreement"] != agreement.id or old["state"] not in {"rejected", "returned"}:
            raise Conflict(
                sv="Bara en avvisad eller återsänd leverans under samma överenskommelse kan ersättas.",
                en="Only a rejected or returned delivery under the same agreement can be replaced.",
            )
    limit = agreement.terms.max_bytes or parts.house.settings.max_package_bytes
    if opening.bytes > limit:
        raise TooLarge(
            sv=f"Leveransen är större än {limit} byte.", en=f"The delivery is larger than {limit} bytes."
        )
    row = new_row(parts, agreement, opening, account, person)
    store.add_delivery(tx, row, account)
    if opening.replaces:
        store.move(tx, opening.replaces, DeliveryState.SUPERSEDED, at=parts.now(), actor=account)
    return str(row["id"])


def commit(parts: Parts, delivery: str, account: str, person: str) -> None:
    """End the upload: read the bytes back, compare with what was declared, then acknowledge (RELIABILITY rule 1).

    Committing twice is no error. Raises DigestMismatch (the delivery is rejected and purged) or Unavailable.
    """
    with parts.house.database.read() as tx:
        row = store.get_delivery(tx, delivery)
    if row["state"] not in {DeliveryState.RECEIVING, DeliveryState.REJECTED}:
        return
    if row["state"] == DeliveryState.REJECTED:
        raise Conflict(sv="Leveransen är avvisad.", en="The delivery is rejected.")
    key = upload_key(delivery)
    try:
        size = parts.house.uploads.finish(key).size
    except KeyError:  # no bytes ever came
        parts.house.uploads.begin(key)
        size = parts.house.uploads.finish(key).size
    failpoint("ingest.uploaded")
    digest = _read_back(parts, key)
    written_at, running = parts.hashes.pop(delivery, (-1, None))
    if running is not None and written_at == size and running.hexdigest() != digest:
        raise Unavailable(
            sv="Lagringen läste inte tillbaka det som skrevs.",
            en="Storage did not read back what was written.",
        )
    wrong = _compare(row, size, digest)
    if wrong:
        reject(parts, delivery, [wrong], actor=account, purge=True)
        raise DigestMismatch(findings=(wrong,))
    with parts.house.database.write() as tx:
        people = sorted({*json.loads(row["people"]), *([person] if person else [])})
        receive(parts, tx, row, size=size, digest=digest, actor=account, people=people)
        failpoint("ingest.receiving")
    failpoint("ingest.received")


def receive(
    parts: Parts,
    tx: Connection,
    row: dict[str, Any],
    *,
    size: int,
    digest: str,
    actor: str,
    people: list[str],
) -> None:
    """Acknowledge the bytes: state received, receipt *mottagen* and `delivery.received`, all in one transaction."""
    now = parts.now()
    sequence = store.move(
        tx,
        row["id"],
        DeliveryState.RECEIVED,
        at=now,
        actor=actor,
        sha256=digest,
        bytes=size,
        received_at=now,
        people=json.dumps(people),
    )
    issue(parts, tx, row["id"], "received", now, {"bytes": size, "sha256": digest})
    parts.teller.tell(
        tx,
        DeliveryReceived(
            delivery=row["id"],
            agreement=row["agreement"],
            way=row["way"],
            bytes=size,
            sha256=digest,
            test=row["kind"] == "TEST",
        ),
        tenant=row["tenant"],
        sequence=sequence,
        correlation=row["correlation"],
    )


def _read_back(parts: Parts, key: str) -> str:
    running = hashlib.sha256()
    for chunk in parts.house.staging.read(key):
        running.update(chunk)
    return running.hexdigest()


def _compare(row: dict[str, Any], size: int, digest: str) -> Finding | None:
    if row["declared_bytes"] and row["declared_bytes"] != size:
        return finding("SAM-SIZE", file=row["name"], expected=str(row["declared_bytes"]), found=str(size))
    if row["declared_sha256"] and row["declared_sha256"] != digest:
        return finding("SAM-DIGEST", file=row["name"], expected=row["declared_sha256"], found=digest)
    return None


def reject(parts: Parts, delivery: str, findings: list[Finding], *, actor: str, purge: bool) -> None:
    """Reject a delivery outside a job (wrong digest, cancelled, expired); purges what was uploaded when asked."""
    with parts.house.database.write() as tx:
        rejected(parts, tx, delivery, findings, actor=actor, purge=purge)
    if purge:
        parts.house.uploads.discard(upload_key(delivery))
        parts.house.staging.delete(upload_key(delivery))
        parts.hashes.pop(delivery, None)


def rejected(
    parts: Parts,
    tx: Connection,
    delivery: str,
    findings: list[Finding],
    *,
    actor: str,
    purge: bool,
    cause: Any = None,
) -> None:
    """Write a rejection: state, findings, notice and event, in the caller's transaction.

    `purge` lets the janitor clear staging at once; otherwise the delivery is kept for its quarantine.
    """
    row = store.get_delivery(tx, delivery)
    blocking = [one.model_copy(update={"effect": one.effect or Effect.BLOCK}) for one in findings]
    store.set_findings(tx, delivery, blocking)
    now = parts.now()
    sequence = store.move(
        tx, delivery, DeliveryState.REJECTED, at=now, actor=actor, **({"checked": PURGE} if purge else {})
    )
    parts.litter.set()
    codes = sorted({one.code for one in blocking if one.effect is Effect.BLOCK})
    report = digest_of(blocking)
    issue(
        parts,
        tx,
        delivery,
        "rejected",
        now,
        {"codes": codes, "findings": len(blocking), "report_sha256": report},
    )
    parts.teller.tell(
        tx,
        DeliveryRejected(delivery=delivery, codes=tuple(codes), findings=len(blocking), report_sha256=report),
        tenant=row["tenant"],
        sequence=sequence,
        cause=cause,
        correlation=row["correlation"],
    )


def cancel(parts: Parts, delivery: str, account: str) -> None:
    """End an unfinished upload at the producer's wish (tus termination); nothing of it is left."""
    reject(parts, delivery, [finding("SAM-CANCELLED")], actor=account, purge=True)


def approve(parts: Parts, delivery: str, account: str, person: dict[str, str], reason: str) -> None:
    """A person lets a held delivery pass, with a reason; the packages are planned and handed over."""
    with parts.house.database.read() as tx:
        row = store.get_delivery(tx, delivery)
    if row["state"] != DeliveryState.HELD:
        raise Conflict(sv="Leveransen väntar inte på beslut.", en="The delivery does not await a decision.")
    run = f"approved-{parts.house.ids.uuid4().hex}"  # its own: a killed attempt may have left a handover
    effect = hand_over(parts, delivery, actor=account, people=[person], reason=reason, run=run)
    with parts.house.database.write() as tx:
        effect(tx)


def return_delivery(parts: Parts, delivery: str, account: str, reason: str) -> None:
    """A person asks the producer to complete the delivery, with a reason; it is kept in quarantine."""
    with parts.house.database.write() as tx:
        row = store.get_delivery(tx, delivery)
        sequence = store.move(
            tx, delivery, DeliveryState.RETURNED, at=parts.now(), actor=account, reason=reason
        )
        parts.teller.tell(
            tx,
            DeliveryReturned(delivery=delivery),
            tenant=row["tenant"],
            sequence=sequence,
            correlation=row["correlation"],
        )
