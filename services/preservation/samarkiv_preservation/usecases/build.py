"""Build: a delivery that passed becomes one AIP a planned package, in every copy, read back (DESIGN §3.4, §4)."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Self

from samarkiv_contracts.events.delivery import DeliveryPassed
from samarkiv_contracts.events.package import PackageStored
from samarkiv_contracts.handover import FileEntry, Handover
from samarkiv_contracts.problems import Unavailable
from samarkiv_runtime.ocfl import object_root, split_lines
from samarkiv_runtime.ports import Effect, Job, ObjectStore
from sqlalchemy import Connection

from samarkiv_preservation import store
from samarkiv_preservation.kit import Kit
from samarkiv_preservation.packages.first import FirstVersion
from samarkiv_preservation.packages.publishing import facts_of, publish, settle
from samarkiv_preservation.packages.site import Stored
from samarkiv_preservation.packages.source import Source


def build(kit: Kit, job: Job, event: DeliveryPassed) -> Effect:
    """Store every package of a delivery; the effect notes them and tells `package.stored` of each.

    May be killed anywhere and run again: what was committed stays, what was not is finished or made anew, and since
    the moment is that of `delivery.passed`, the same handover gives the same bytes.
    """
    handover = read_handover(kit.staging, event)
    moment = job.envelope.time if job.envelope else kit.clock.now()
    stored: list[Stored] = []
    with ExitStack() as stack:
        files = stack.enter_context(FileList(kit.staging, handover, kit.site.scratch))
        sources = {}
        for name, key in (("upload", handover.upload), ("content", handover.content)):
            if key:
                sources[name] = Source(kit.staging, key)
                stack.callback(sources[name].close)
        for number in range(len(handover.packages)):
            stored.append(_one(kit, job, handover, number, files.entries(number), sources, moment))
            job.progress("packages", number + 1, len(handover.packages))

    def effect(tx: Connection) -> None:
        now = kit.clock.now()
        for plan, one in zip(handover.packages, stored, strict=True):
            if store.add_package(tx, plan.description, one, now, kit.fixity_interval):
                kit.meters.count("samarkiv_packages_total")
            kit.teller.tell(
                tx,
                stored_event(one, plan.description.delivery),
                tenant=handover.tenant,
                sequence=1,
                cause=job,
            )

    return effect


def stored_event(stored: Stored, delivery: str) -> PackageStored:
    """Return what `package.stored` says of a version."""
    return PackageStored(
        package=stored.package,
        delivery=delivery,
        version=stored.version,
        copies=stored.copies,
        sha512=stored.container_sha512,
        files=stored.files,
        bytes=stored.bytes,
    )


def read_handover(staging: ObjectStore, event: DeliveryPassed) -> Handover:
    """Return the handover the event names; raises Unavailable when it is not there or not what ingest digested."""
    try:
        body = b"".join(staging.read(event.handover))
    except KeyError:
        raise Unavailable(
            "Överlämningen saknas i mellanlagringen", "The handover is not in staging"
        ) from None
    if hashlib.sha256(body).hexdigest() != event.handover_sha256:
        raise Unavailable("Överlämningen har ändrats", "The handover does not have the digest of the event")
    return Handover.model_validate_json(body)


def _one(
    kit: Kit,
    job: Job,
    handover: Handover,
    number: int,
    entries: Iterable[FileEntry],
    sources: dict[str, Source],
    moment: datetime,
) -> Stored:
    plan = handover.packages[number]
    package = plan.description.id
    root = object_root(package)
    if settle(kit.site, root) >= 1:
        return facts_of(next(iter(kit.site.copies.values())), tuple(kit.site.copies), root, package, 1)
    progress: Callable[[str, int, int], None] = job.progress
    first = FirstVersion(
        site=kit.site,
        handover=handover,
        plan=plan,
        entries=entries,
        sources=sources,
        report=lambda: kit.staging.read(handover.report),
        moment=moment,
        progress=progress,
    )
    return publish(
        kit.site,
        root,
        package,
        1,
        moment,
        "Ingest",
        first.fill,
        still_ours=lambda: progress("publish", number, len(handover.packages)),
    )


class FileList:
    """`files.jsonl` of a handover, package by package. With several packages the lines are found by places in a scratch copy."""

    def __init__(self, staging: ObjectStore, handover: Handover, scratch: Path) -> None:
        self._staging = staging
        self._handover = handover
        self._scratch = scratch
        self._copy: int = -1
        self._runs: dict[int, list[tuple[int, int]]] = {}

    def __enter__(self) -> Self:
        if len(self._handover.packages) > 1:
            self._sort_out()
        return self

    def __exit__(self, *_: object) -> None:
        if self._copy >= 0:
            os.close(self._copy)

    def entries(self, package: int) -> Iterator[FileEntry]:
        """Give the entries of one package in the order their bytes are to be read."""
        if self._copy < 0:
            for line in split_lines(self._staging.read(self._handover.files)):
                yield FileEntry.model_validate_json(line)
            return
        for start, end in self._runs.get(package, ()):
            for line in split_lines(self._pieces(start, end)):
                yield FileEntry.model_validate_json(line)

    def _pieces(self, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            piece = os.pread(self._copy, min(1 << 20, end - start), start)
            yield piece
            start += len(piece)

    def _sort_out(self) -> None:
        with tempfile.TemporaryFile(dir=self._scratch) as file:
            at = 0
            for line in split_lines(self._staging.read(self._handover.files)):
                file.write(line + b"\n")
                end = at + len(line) + 1
                runs = self._runs.setdefault(int(json.loads(line).get("package", 0)), [])
                if runs and runs[-1][1] == at:
                    runs[-1] = (runs[-1][0], end)
                else:
                    runs.append((at, end))
                at = end
            file.flush()
            self._copy = os.dup(file.fileno())
