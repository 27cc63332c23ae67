"""Fixity: every copy examined, a bad one mended from a verified good one, all of it told (DESIGN §4, RELIABILITY)."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from samarkiv_contracts.events.fixity import FixityChecked, FixityFailed, FixityRepaired
from samarkiv_contracts.problems import CopyUnreadable, NotFound, Unavailable
from samarkiv_runtime.clock import rfc3339
from samarkiv_runtime.ocfl import object_root
from samarkiv_runtime.ports import ObjectStore
from sqlalchemy import Connection

from samarkiv_preservation import store
from samarkiv_preservation.kit import Kit
from samarkiv_preservation.locks import only_writer
from samarkiv_preservation.packages.audit import Finding, examine
from samarkiv_preservation.packages.copying import mend
from samarkiv_preservation.packages.ocfl_writer import clear_attempt, head
from samarkiv_preservation.packages.publishing import settle
from samarkiv_preservation.store import BAD, COULD_NOT_CHECK, OK, CopyOutcome

RETRY = timedelta(hours=1)
REGISTRY = "registry-"


@dataclass(frozen=True)
class Verdict:
    """What a check found (`found`, before any repair), which copies were mended from which, and how it ended."""

    package: str
    found: tuple[CopyOutcome, ...]
    repaired: tuple[tuple[str, str], ...]
    outcome: str
    all_bad: bool = False

    @property
    def clean(self) -> bool:
        """Return whether every copy was ok when it was looked at."""
        return all(one.outcome == OK for one in self.found)


def verify(kit: Kit, package: str, *, deep: bool = False) -> Verdict:
    """Check every copy of a package now, mend what a good copy can mend, note and tell it; returns the verdict.

    Raises NotFound for a package that is not known, Unavailable when somebody writes it just now. No copy good: people
    are alarmed (`fixity.failed` of every copy) and nothing is written.
    """
    with kit.database.read() as tx:
        row = store.find_package(tx, package)
        known = {one["n"]: one["inventory_sha512"] for one in store.versions(tx, package)}
    if row is None:
        raise NotFound
    root = object_root(package)
    with only_writer(kit.database, f"preservation.package.{package}"):
        if _on_its_way(kit.site.copies, root, max(known, default=0)):
            settle(kit.site, root)
        verdict = check_object(kit.site.copies, package, known, deep=deep)
    with kit.database.write() as tx:
        note(kit, tx, verdict, str(row["tenant"]))
    return verdict


def verify_registry(kit: Kit, tenant: str) -> Verdict:
    """Check a tenant's registry in every copy and mend it; noted in the log (events of fixity are about packages)."""
    object_id = f"{REGISTRY}{tenant}"
    with only_writer(kit.database, f"preservation.registry.{tenant}", 10.0):
        settle(kit.site, object_root(object_id))
        verdict = check_object(kit.site.copies, object_id, {})
    at = rfc3339(kit.clock.now())
    with kit.database.write() as tx:
        for one in verdict.found:
            if one.outcome != OK:
                store.log_fixity(tx, object_id, "failed", one, at)
        for copy, source in verdict.repaired:
            store.log_fixity(tx, object_id, "repaired", CopyOutcome(copy, OK), at, source)
    return verdict


def check_object(
    copies: Mapping[str, ObjectStore],
    object_id: str,
    known: Mapping[int, str],
    *,
    deep: bool = False,
) -> Verdict:
    """Examine an object in every copy and mend bad copies; `known` are digests of inventories by version.

    A copy is good only when it is whole in itself and its inventory is the one we remember (or, with nothing
    remembered, the one that every whole copy has). The caller holds the object's lock.
    """
    root = object_root(object_id)
    findings = {
        name: _cleared(one, root) or examine(one, root, object_id, deep=deep) for name, one in copies.items()
    }
    good = _trusted(findings, known)
    found = tuple(_outcome(name, finding, good) for name, finding in findings.items())
    repaired: list[tuple[str, str]] = []
    ends = {one.copy: one.outcome for one in found}
    if good is not None:
        source = next(one.copy for one in found if one.outcome == OK)
        for one in found:
            if one.outcome != BAD:
                continue
            try:
                _mend(copies, root, source, one.copy, good)
            except (Unavailable, CopyUnreadable):
                continue  # it stays bad, is told, and is tried again
            repaired.append((one.copy, source))
            ends[one.copy] = OK
    worst = [outcome for outcome in (BAD, COULD_NOT_CHECK) if outcome in ends.values()]
    return Verdict(
        object_id,
        found,
        tuple(repaired),
        worst[0] if worst else OK,
        all_bad=good is None and COULD_NOT_CHECK not in ends.values(),
    )


def _on_its_way(copies: Mapping[str, ObjectStore], root: str, known: int) -> bool:
    """Return whether a copy has committed a version that the rows do not know yet (a job died, or has not ended)."""
    for one in copies.values():
        try:
            if head(one, root) > known:
                return True
        except (Unavailable, CopyUnreadable):
            continue  # the examination tells that it does not answer
    return False


def _cleared(copy: ObjectStore, root: str) -> Finding | None:
    """Take away what a dead attempt left uncommitted; None when the copy can be examined."""
    try:
        last = head(copy, root)
        if last:
            clear_attempt(copy, root, last + 1)
    except (Unavailable, CopyUnreadable):
        return Finding(COULD_NOT_CHECK, ("no_answer",))
    return None


def _trusted(findings: Mapping[str, Finding], known: Mapping[int, str]) -> bytes | None:
    """Return the inventory that good copies have; None when none can be trusted."""
    whole = [finding.inventory for finding in findings.values() if finding.outcome == OK]
    for one in whole:
        version = len(json.loads(one)["versions"])
        remembered = known.get(version)
        if remembered == hashlib.sha512(one).hexdigest():
            return one
        if remembered is None and version > max(known, default=0) and all(other == one for other in whole):
            return one
    return None


def _outcome(name: str, finding: Finding, good: bytes | None) -> CopyOutcome:
    if finding.outcome == OK and finding.inventory != good:
        return CopyOutcome(name, BAD, ("differs_from_what_was_stored",))
    return CopyOutcome(name, finding.outcome, finding.codes)


def _mend(copies: Mapping[str, ObjectStore], root: str, source: str, target: str, good: bytes) -> None:
    """Mend one copy and look at it again; raises CopyUnreadable when it is still not right."""
    mend(copies[source], copies[target], root, good)
    expected = _keys(copies[source], root)
    for one in list(copies[target].list(f"{root}/")):
        if one.key not in expected:
            copies[target].delete(one.key)
    again = examine(copies[target], root, root.rsplit("/", 1)[1])
    if again.outcome != OK:
        raise CopyUnreadable(en=f"the mended copy is still {again.outcome}: {' '.join(again.codes)}")


def _keys(copy: ObjectStore, root: str) -> set[str]:
    return {one.key for one in copy.list(f"{root}/")}


def note(kit: Kit, tx: Connection, verdict: Verdict, tenant: str) -> None:
    """Write a verdict into the rows and the log, and tell it."""
    now = kit.clock.now()
    at = rfc3339(now)
    mended = dict(verdict.repaired)
    for one in verdict.found:
        if one.outcome == OK:
            continue
        store.log_fixity(tx, verdict.package, "failed", one, at)
        failed = FixityFailed(
            package=verdict.package,
            copy_name=one.copy,
            outcome="bad" if one.outcome == BAD else "could_not_check",
            codes=(*one.codes, "all_copies_bad") if verdict.all_bad else one.codes,
        )
        kit.teller.tell(tx, failed, tenant=tenant)
        if one.copy in mended:
            fixed = CopyOutcome(one.copy, OK, one.codes)
            store.log_fixity(tx, verdict.package, "repaired", fixed, at, mended[one.copy])
            repaired = FixityRepaired(
                package=verdict.package, copy_name=one.copy, source_copy=mended[one.copy]
            )
            kit.teller.tell(tx, repaired, tenant=tenant)
    for one in verdict.found:
        kit.meters.count("samarkiv_fixity_checks_total", outcome=one.outcome)
    ends = [CopyOutcome(one.copy, OK) if one.copy in mended else one for one in verdict.found]
    store.set_outcomes(tx, verdict.package, ends, at)
    fine = verdict.outcome == OK
    due = now + (kit.fixity_interval if fine else RETRY)
    store.set_checked(tx, verdict.package, at if fine else None, rfc3339(due))
    outcome = "ok" if fine else "bad" if verdict.outcome == BAD else "could_not_check"
    checked = FixityChecked(
        package=verdict.package,
        copies=tuple(one.copy for one in verdict.found),
        outcome=outcome,
    )
    kit.teller.tell(tx, checked, tenant=tenant)


def check_due(kit: Kit, limit: int = 20, stopping: Callable[[], bool] = lambda: False) -> int:
    """Check packages whose time has come, the longest waiting first; returns how many were checked.

    A package that somebody writes just now is left for the next round.
    """
    with kit.database.read() as tx:
        waiting = store.due(tx, rfc3339(kit.clock.now()), limit)
    done = 0
    for package in waiting:
        if stopping():
            break
        try:
            verify(kit, package)
        except Unavailable:
            continue
        done += 1
    return done
