"""Acceptance control (mottagningskontroll): from received bytes to passed, held or rejected (DESIGN §3.3)."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from samarkiv_contracts.events.delivery import DeliveryHeld, DeliveryReceived
from samarkiv_contracts.findings import Effect, Finding
from samarkiv_contracts.handover import Act
from samarkiv_contracts.problems import HostileContainer
from samarkiv_contracts.states import DeliveryState
from samarkiv_runtime.failpoints import failpoint
from samarkiv_runtime.objects.adopt import adopt
from samarkiv_runtime.scratch import scratch_folder
from sqlalchemy import Connection

from samarkiv_ingest import store
from samarkiv_ingest.descriptions import describe
from samarkiv_ingest.domain.agreement import Agreement, accepts_profile, judged
from samarkiv_ingest.domain.draft import Checked, RecordDraft
from samarkiv_ingest.domain.exposure import exposed
from samarkiv_ingest.domain.findings import digest_of, finding
from samarkiv_ingest.packages.check import CheckResult, check_scanned
from samarkiv_ingest.packages.limits import Limits
from samarkiv_ingest.packages.profile import detect
from samarkiv_ingest.packages.read import CheckedTree
from samarkiv_ingest.packages.scan import scan
from samarkiv_ingest.usecases.deliveries import rejected
from samarkiv_ingest.usecases.handover import hand_over, write
from samarkiv_ingest.usecases.parts import SCRATCH, SYSTEM, Parts, checked_prefix, scratch_base, upload_key
from samarkiv_ingest.usecases.streamed import streamed_record
from samarkiv_ingest.validators import validate

Effects = Callable[[Connection], None]


def check_delivery(parts: Parts, job: Any, event: DeliveryReceived) -> Effects | None:
    """Check a received delivery and return the effect of what was found; nothing when it has been decided already."""
    with parts.house.database.write() as tx:
        row = store.get_delivery(tx, event.delivery)
        if row["state"] not in {DeliveryState.RECEIVED, DeliveryState.CHECKING, DeliveryState.PARKED}:
            return None
        store.move(tx, event.delivery, DeliveryState.CHECKING, at=parts.now(), actor=SYSTEM)
        agreement = store.find_agreement(tx, row["agreement"])
    if agreement is None:
        raise LookupError(f"agreement {row['agreement']} of {event.delivery} is gone")
    with (
        scratch_folder(scratch_base(parts), SCRATCH) as scratch,
        _container(parts, event.delivery, scratch) as container,
    ):
        try:
            found, checked = _look(parts, job, row, agreement, container, scratch)
        except HostileContainer as refusal:
            return _refuse(parts, job, event.delivery, agreement, refusal)
        prefix = checked_prefix(event.delivery, f"{job.n}-{job.fence}")
        _keep(parts, prefix, scratch, found, checked)
        failpoint("ingest.checked")
    return _effect(parts, job, row, found, checked, prefix)


def _look(
    parts: Parts, job: Any, row: dict[str, Any], agreement: Agreement, container: Path, scratch: Path
) -> tuple[list[Finding], Checked]:
    """Scan, check, validate and describe; returns the judged findings and what was understood."""
    limits = limits_of(parts, agreement)
    scanned = scan(container, limits, scratch, scratch / "content.bin", job.progress)
    with closing(scanned):
        result = check_scanned(
            scanned, scratch, parts.house.pool, content=scratch / "content.bin", progress=job.progress
        )
    tree = CheckedTree(result.files, container, result.content, result.digests)
    with closing(tree):
        seen = detect(tree)
        found = [*result.findings, *validate(tree, seen.profile, seen.root)]
        if not accepts_profile(agreement.terms, seen.profile):
            found.append(
                finding("SAM-PROFILE", expected=", ".join(agreement.terms.profiles), found=seen.profile)
            )
        if result.count == 0:
            found.append(finding("SAM-EMPTY"))
        if row["way"] == "records":
            label, records, told = streamed_record(row["plan"], tree, seen.root)
        else:
            label, records, told = describe(
                tree, seen.profile, seen.root, agreement.terms, row["title"], row["name"]
            )
        found += told
    found.append(finding("SAM-NOT-SCANNED"))  # no scanner is built yet: never silent about it
    leveled, proposals = exposed(agreement, records)
    found += proposals
    judgements = [judged(agreement.terms, one) for one in found]
    return judgements, _checked(parts, result, seen.profile, label, leveled, judgements, agreement)


def limits_of(parts: Parts, agreement: Agreement) -> Limits:
    """Return the container limits: the house's, unless the agreement says otherwise."""
    settings, terms = parts.house.settings, agreement.terms
    return Limits(
        entries=terms.max_entries or settings.max_entries,
        ratio=terms.max_ratio or settings.max_ratio,
        total_bytes=terms.max_bytes or settings.max_package_bytes,
    )


def _checked(
    parts: Parts,
    result: CheckResult,
    profile: str,
    label: str,
    records: list[RecordDraft],
    found: list[Finding],
    agreement: Agreement,
) -> Checked:
    effects = {one.effect for one in found}
    if Effect.BLOCK in effects:
        outcome = "rejected"
    elif Effect.PERSON in effects or agreement.terms.approval == "person":
        outcome = "held"
    else:
        outcome = "clean"
    return Checked(
        profile=profile,
        label=label,
        records=tuple(records),
        files=result.count,
        bytes=result.bytes,
        content=result.content is not None,
        outcome=outcome,
        acts=_acts(parts, result, profile, found),
    )


def _acts(parts: Parts, result: CheckResult, profile: str, found: list[Finding]) -> tuple[Act, ...]:
    """Return what was done, for the package's PREMIS events (LoC event types)."""
    now = parts.now()
    errors = sum(1 for one in found if one.severity.value == "ERROR")
    return (
        Act(type="ingestion", at=now, outcome="success", detail=f"profile {profile}"),
        Act(type="message digest calculation", at=now, outcome="success", detail="SHA-256 of every file"),
        Act(type="virus check", at=now, outcome="not done"),
        Act(
            type="format identification",
            at=now,
            outcome="success",
            detail=result.tool,
            agent=result.tool or "samarkiv",
        ),
        Act(
            type="validation",
            at=now,
            outcome="warning" if errors else "success",
            detail=f"{len(found)} findings, {errors} errors; see metadata/other/validation-report.json",
        ),
    )


def _keep(parts: Parts, prefix: str, scratch: Path, found: list[Finding], checked: Checked) -> None:
    """Put what preservation will read into staging, under the prefix of this run."""
    staging = parts.house.staging
    if checked.outcome == "rejected":
        return
    adopt(staging, f"{prefix}/files.jsonl", scratch / "files.jsonl")
    if checked.content:
        adopt(staging, f"{prefix}/content.bin", scratch / "content.bin")
    report = "[" + ",\n".join(one.model_dump_json() for one in found) + "]\n"
    write(parts, f"{prefix}/report.json", report.encode())
    write(parts, f"{prefix}/checked.json", checked.model_dump_json().encode())


def _effect(
    parts: Parts, job: Any, row: dict[str, Any], found: list[Finding], checked: Checked, prefix: str
) -> Effects:
    delivery = row["id"]
    if checked.outcome == "rejected":
        return lambda tx: rejected(parts, tx, delivery, found, actor=SYSTEM, purge=False, cause=job)
    if checked.outcome == "held":
        end: Effects = partial(_hold, parts, job, row, found, checked, prefix)
    elif row["kind"] == "TEST":
        end = partial(_end_test, parts, delivery, checked, prefix)
    else:
        end = hand_over(parts, delivery, run=f"{job.n}-{job.fence}", checked_key=prefix, cause=job)

    def effect(tx: Connection) -> None:
        store.set_findings(tx, delivery, found)
        end(tx)

    return effect


def _end_test(parts: Parts, delivery: str, checked: Checked, prefix: str, tx: Connection) -> None:
    """A test delivery ends here: it is never stored (R15)."""
    store.move(
        tx,
        delivery,
        DeliveryState.PASSED,
        at=parts.now(),
        actor=SYSTEM,
        files=checked.files,
        profile=checked.profile,
        checked=prefix,
    )
    parts.litter.set()


def _hold(
    parts: Parts,
    job: Any,
    row: dict[str, Any],
    findings: list[Finding],
    checked: Checked,
    prefix: str,
    tx: Connection,
) -> None:
    sequence = store.move(
        tx,
        row["id"],
        DeliveryState.HELD,
        at=parts.now(),
        actor=SYSTEM,
        files=checked.files,
        profile=checked.profile,
        checked=prefix,
    )
    parts.teller.tell(
        tx,
        DeliveryHeld(delivery=row["id"], findings=len(findings), report_sha256=digest_of(findings)),
        tenant=row["tenant"],
        sequence=sequence,
        cause=job,
        correlation=row["correlation"],
    )


def _refuse(
    parts: Parts, job: Any, delivery: str, agreement: Agreement, refusal: HostileContainer
) -> Effects:
    """Say what is hostile or broken as a container; nothing of it is kept."""
    findings = [judged(agreement.terms, one) for one in refusal.findings]

    def effect(tx: Connection) -> None:
        rejected(parts, tx, delivery, findings, actor=SYSTEM, purge=True, cause=job)

    return effect


@contextmanager
def _container(parts: Parts, delivery: str, scratch: Path) -> Iterator[Path]:
    """Give the delivered container as a local file; on a remote store it is fetched into scratch first."""
    key = upload_key(delivery)
    local = parts.house.staging.local_path(key)
    if local is not None:
        yield local
        return
    fetched = scratch / "container"
    with fetched.open("wb") as sink:
        for chunk in parts.house.staging.read(key):
            sink.write(chunk)
    yield fetched
