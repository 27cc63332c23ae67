"""Telling a journey: of a delivery, a package or a record, to those who may know of it."""

import json
from dataclasses import dataclass
from typing import Any

from samarkiv_contracts.ids import kind_of
from samarkiv_contracts.problems import NotFound
from samarkiv_runtime.database import Database
from samarkiv_runtime.policy import Resource
from sqlalchemy import Row

from samarkiv_access.domain.journey import Step, Told, expected, tell
from samarkiv_access.store import reads
from samarkiv_access.usecases.look import Asker, package_resource, see_record

# Steps that say something of the archive's own care and are told with an open record; the rest is the producer's business.
CARE = frozenset(
    {
        "se.samarkiv.package.stored.v1",
        "se.samarkiv.package.migrated.v1",
        "se.samarkiv.package.updated.v1",
        "se.samarkiv.fixity.failed.v1",
        "se.samarkiv.fixity.repaired.v1",
        "se.samarkiv.package.indexed.v1",
    }
)


@dataclass(frozen=True)
class Story:
    """A journey: what it is of, its steps, and the delivery it belongs to."""

    kind: str
    id: str
    steps: list[Step]
    delivery: str = ""
    packages: tuple[str, ...] = ()


def tell_story(database: Database, caller: Asker, thing: str) -> Story:
    """Return the journey of an id; raises NotFound for anything the caller may not know of."""
    kind = kind_of(thing)
    if kind == "record":
        seen = see_record(database, caller, thing)
        if not seen.whole:
            raise NotFound
        return of_package(database, kind, thing, seen.held.place.package, seen.held.place.received_at)
    if kind == "package":
        with database.read() as tx:
            place = reads.place_of(tx, thing)
        if place is None:
            raise NotFound
        caller.must("package.see", package_resource(place, "registry"))
        return of_package(database, kind, thing, place.package, place.received_at)
    if kind == "delivery":
        return _of_delivery(database, caller, thing)
    raise NotFound


def of_package(database: Database, kind: str, thing: str, package: str, received_at: str) -> Story:
    """Return the archive's care of one package, beginning with its arrival."""
    with database.read() as tx:
        rows = reads.story(tx, package=package)
    told = [one for one in map(_told, rows) if one.type in CARE]
    if received_at:
        told.insert(0, Told("se.samarkiv.delivery.received.v1", received_at, {}))
    return Story(kind, thing, tell(told), packages=(package,))


def _of_delivery(database: Database, caller: Asker, delivery: str) -> Story:
    with database.read() as tx:
        row = reads.delivery_of(tx, delivery)
        if row is None:
            raise NotFound
        packages = reads.packages_of(tx, delivery, 1)
        authority = packages[0].authority if packages else reads.authority_of(tx, row.agreement)
        events = reads.story(tx, delivery=delivery)
    caller.must(
        "delivery.see",
        Resource(
            kind="delivery",
            id=delivery,
            tenant=row.tenant,
            authority=authority,
            state=row.state,
            part="registry",
            agreement=row.agreement,
        ),
    )
    told = [_told(one) for one in events]
    steps = tell(told)
    if not any(step.tone == "stop" and step.kind.endswith("parked.v1") for step in steps):
        steps += expected(row.state, test=row.test)
    found = tuple(dict.fromkeys(one.package for one in told if one.package))
    return Story("delivery", delivery, steps, delivery, found)


def _told(row: Row[Any]) -> Told:
    return Told(row.type, row.at, json.loads(row.data or "{}"), row.package)
