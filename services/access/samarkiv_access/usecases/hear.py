"""What access makes of the events it hears: its read tables. One function an event class."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from samarkiv_contracts.description import PackageDescription, RecordDescription
from samarkiv_contracts.events.base import Event
from samarkiv_contracts.events.delivery import (
    DeliveryAccepted,
    DeliveryHeld,
    DeliveryPassed,
    DeliveryReceived,
    DeliveryRejected,
    DeliveryReturned,
)
from samarkiv_contracts.events.fixity import FixityChecked, FixityFailed, FixityRepaired
from samarkiv_contracts.events.index import PackageIndexed
from samarkiv_contracts.events.package import (
    PackageMigrated,
    PackageRestricted,
    PackageStored,
    PackageUpdated,
)
from samarkiv_contracts.events.parked import EventParked
from samarkiv_contracts.events.registry import RegistryChanged
from samarkiv_contracts.ids import kind_of
from samarkiv_runtime.clock import rfc3339
from samarkiv_runtime.database import Database
from samarkiv_runtime.failpoints import failpoint
from samarkiv_runtime.ports import Effect, Job
from sqlalchemy import Connection

from samarkiv_access.domain.exposure import levels_of_paths
from samarkiv_access.domain.formats import format_name
from samarkiv_access.store import reads, writes
from samarkiv_access.usecases.ports import Packages, Registry

STATE = {
    DeliveryReceived: "received",
    DeliveryHeld: "held",
    DeliveryReturned: "returned",
    DeliveryRejected: "rejected",
    DeliveryPassed: "passed",
    DeliveryAccepted: "accepted",
}


class Hearing:
    """The handlers of the access worker. Long reading runs before the effect; the effect writes rows."""

    def __init__(self, packages: Packages, registry: Registry, database: Database) -> None:
        self._packages = packages
        self._registry = registry
        self._database = database

    # ------------------------------------------------------------------ deliveries

    def note_delivery(self, job: Job, event: Event) -> Effect:
        """Add a line to the delivery's journey and note where it stands."""
        head = _head(job)
        delivery = str(getattr(event, "delivery", ""))

        def effect(tx: Connection) -> None:
            _line(tx, job, event, delivery=delivery)
            values: dict[str, object] = {
                "tenant": head["tenant"],
                "state": STATE[type(event)],
                "at": head["at"],
            }
            if isinstance(event, DeliveryReceived):
                values |= {"agreement": event.agreement, "test": event.test}
            elif isinstance(event, DeliveryPassed):
                values |= {"agreement": event.agreement}
            writes.put_delivery(tx, delivery, values)

        return effect

    # ------------------------------------------------------------------ packages

    def take_in(self, job: Job, event: PackageStored) -> Effect:
        """Read what a stored package says of itself into the tables."""
        said, records, stored = self._read(event.package, job)

        def effect(tx: Connection) -> None:
            _line(tx, job, event, delivery=event.delivery, package=event.package)
            copies = {"copies": writes.copies_text(event.copies), "version": event.version}
            self._write(tx, said, records, stored, copies)
            # Stored means read back: the first check of every copy, unless a later one was heard before.
            known = {row.copy_name for row in reads.fixity_of(tx, said.id)}
            first = {copy: "ok" for copy in event.copies if copy not in known}
            writes.put_fixity(tx, said.tenant, said.id, first, stored)
            writes.adopt_events(tx, said.id, said.delivery)

        return effect

    def take_in_anew(self, job: Job, event: PackageUpdated) -> Effect:
        """Read a package again when its description changed or the archive was rebuilt; derivatives change no row."""
        if event.change == "derivatives":

            def note(tx: Connection) -> None:
                _line(tx, job, event, delivery=_delivery(tx, event.package), package=event.package)

            return note
        said, records, stored = self._read(event.package, job)

        def effect(tx: Connection) -> None:
            known = reads.place_of(tx, event.package)
            at = known.stored_at if known else said.received_at or stored
            _line(tx, job, event, delivery=said.delivery, package=event.package)
            self._write(tx, said, records, at, {"version": event.version})

        return effect

    def note_migrated(self, job: Job, event: PackageMigrated) -> Effect:
        """Note what a migration did."""

        def effect(tx: Connection) -> None:
            _line(tx, job, event, delivery=_delivery(tx, event.package), package=event.package)
            writes.set_package(
                tx,
                event.package,
                {
                    "version": event.version,
                    "migrated": event.migrated,
                    "needs_review": event.needs_review,
                    "could_not": event.could_not,
                },
            )

        return effect

    def hide(self, job: Job, event: PackageRestricted) -> Effect:
        """Raise a package's level before anything else happens to it."""

        def effect(tx: Connection) -> None:
            writes.raise_level(tx, event.package, event.level)
            _line(tx, job, event, delivery=_delivery(tx, event.package), package=event.package)

        return effect

    def note_indexed(self, job: Job, event: PackageIndexed) -> Effect:
        """Note that a package can be found."""

        def effect(tx: Connection) -> None:
            _line(tx, job, event, delivery=_delivery(tx, event.package), package=event.package)
            writes.set_package(tx, event.package, {"coverage": event.coverage})

        return effect

    def _read(self, package: str, job: Job) -> tuple[PackageDescription, list[RecordDescription], str]:
        said, records = self._packages.description(package)
        listed = list(records)
        self._write_files(said, listed, job)
        return said, listed, str(_head(job)["at"])

    def _write_files(self, said: PackageDescription, records: Sequence[RecordDescription], job: Job) -> None:
        """Write the file rows in small transactions of their own: nobody sees them before the package has its row."""
        named, rest = levels_of_paths(said, records)
        holders: dict[str, list[tuple[str, int]]] = {}
        for record in records:
            for seq, path in enumerate(record.files or (), start=1):
                holders.setdefault(path, []).append((record.id, seq))
        with self._database.write() as tx:
            writes.set_package(tx, said.id, {"files_ready": False})
            writes.clear_files(tx, said.id)
        done = 0
        for batch in writes.batches(iter(self._packages.originals(said.id)), 2_000):
            files: list[dict[str, object]] = []
            links: list[dict[str, object]] = []
            for n, one in enumerate(batch, start=done + 1):
                files.append(
                    {
                        "package": said.id,
                        "n": n,
                        "path": one.path,
                        "member": one.name,
                        "size": one.size,
                        "sha256": one.sha256,
                        "crc32": one.crc32,
                        "mime": one.mime,
                        "format": format_name(one.puid),
                        "puid": one.puid,
                        "level": int(named.get(one.path, rest)),
                    }
                )
                links += [
                    {"record": record, "seq": seq, "package": said.id, "n": n}
                    for record, seq in holders.get(one.path, ())
                ]
            with self._database.write() as tx:
                writes.add_files(tx, files, links)
            failpoint("access.files")
            done += len(batch)
            job.progress("files", done, said.files)

    @staticmethod
    def _write(
        tx: Connection,
        said: PackageDescription,
        records: Sequence[RecordDescription],
        stored: str,
        more: Mapping[str, object],
    ) -> None:
        raised = reads.place_of(tx, said.id)
        writes.put_package(tx, said, {"stored_at": stored, "files_ready": True, **more})
        writes.put_records(tx, said, records, stored)
        failpoint("access.writing")
        if raised is not None and raised.level > said.level:
            # A raise that is newer than the description we read must not be undone by it.
            writes.raise_level(tx, said.id, raised.level)

    # ------------------------------------------------------------------ fixity

    def note_checked(self, job: Job, event: FixityChecked) -> Effect:
        """Note the outcome of a check of every copy."""

        def effect(tx: Connection) -> None:
            head = _head(job)
            outcomes = dict.fromkeys(event.copies, event.outcome) if event.outcome == "ok" else {}
            writes.put_fixity(tx, str(head["tenant"]), event.package, outcomes, str(head["at"]))
            if event.outcome != "ok":
                _line(tx, job, event, delivery=_delivery(tx, event.package), package=event.package)

        return effect

    def note_failed(self, job: Job, event: FixityFailed) -> Effect:
        """Note a copy that is bad or could not be checked."""

        def effect(tx: Connection) -> None:
            head = _head(job)
            writes.put_fixity(
                tx,
                str(head["tenant"]),
                event.package,
                {event.copy_name: event.outcome},
                str(head["at"]),
                ", ".join(event.codes),
            )
            _line(tx, job, event, delivery=_delivery(tx, event.package), package=event.package)

        return effect

    def note_repaired(self, job: Job, event: FixityRepaired) -> Effect:
        """Note a copy that was mended."""

        def effect(tx: Connection) -> None:
            head = _head(job)
            writes.put_fixity(
                tx, str(head["tenant"]), event.package, {event.copy_name: "ok"}, str(head["at"])
            )
            _line(tx, job, event, delivery=_delivery(tx, event.package), package=event.package)

        return effect

    # ------------------------------------------------------------------ registry, parked events

    def take_registry(self, _job: Job, event: RegistryChanged) -> Effect:
        """Read the tenant's registry and keep the names."""
        doc = self._registry.document(event.tenant)

        def effect(tx: Connection) -> None:
            writes.put_registry(tx, doc)

        return effect

    def note_parked(self, job: Job, event: EventParked) -> Effect | None:
        """Tell in the journey of a delivery that something stands still."""
        key = job.envelope.correlationid if job.envelope else ""
        delivery = key if kind_of(key) == "delivery" else event.original_key
        if kind_of(delivery) != "delivery":
            return None

        def effect(tx: Connection) -> None:
            _line(tx, job, event, delivery=delivery, keep={"consumer", "event_type", "code", "attempts"})

        return effect


def _head(job: Job) -> dict[str, object]:
    envelope = job.envelope
    return {
        "id": f"{envelope.source}#{envelope.id}" if envelope else job.cause,
        "tenant": (envelope.tenant if envelope else "") or job.tenant,
        "at": rfc3339(envelope.time) if envelope else "",
    }


def _delivery(tx: Connection, package: str) -> str:
    place = reads.place_of(tx, package)
    return place.delivery if place else ""


def _line(
    tx: Connection,
    job: Job,
    event: Event,
    *,
    delivery: str = "",
    package: str = "",
    keep: set[str] | None = None,
) -> None:
    data: dict[str, Any] = event.model_dump(mode="json", include=keep)
    writes.put_event(
        tx,
        {
            **_head(job),
            "type": event.type,
            "delivery": delivery,
            "package": package,
            "data": json.dumps(data, ensure_ascii=False, separators=(",", ":")),
        },
    )
