"""Restrict: the exposure level of a package is raised; closing is always allowed, opening is another act (DESIGN §5)."""

from collections.abc import Sequence

from samarkiv_contracts.events.package import PackageRestricted
from samarkiv_contracts.problems import Conflict, NotFound
from samarkiv_runtime.clock import rfc3339

from samarkiv_preservation import store
from samarkiv_preservation.kit import Kit
from samarkiv_preservation.locks import only_writer
from samarkiv_preservation.packages import premis
from samarkiv_preservation.packages.amendment import Amendment, amend
from samarkiv_preservation.packages.provenance import software
from samarkiv_preservation.usecases import catchup
from samarkiv_preservation.usecases.catchup import Noted


def restrict(kit: Kit, package: str, level: int, person: str, reason: str) -> int:
    """Raise a package to `level` by a new version of its description in every copy; returns the version.

    The same level again changes nothing. Raises NotFound, Conflict (a lower level), Unavailable, CopyUnreadable.
    """
    with kit.database.read() as tx:
        row = store.find_package(tx, package)
    if row is None:
        raise NotFound
    with only_writer(kit.database, f"preservation.package.{package}", 10.0):
        versions = catchup.unnoted(kit, package, int(row["head"]))
        description, told = kit.reader.description(package)
        records = list(told)
        if level < description.level:
            raise Conflict(
                "Nivån kan bara höjas här",
                "The level can only be raised here; opening is a publication decision",
            )
        if level > description.level:
            raised = description.model_copy(update={"level": level})
            moment = kit.clock.now()
            amendment = Amendment(
                message="Description",
                events=(_event(package, description.level, level, person, reason, rfc3339(moment)),),
                agents=(software(kit.site.software), *_people(person)),
                description=(raised, records),
            )
            stored = amend(kit.site, kit.reader, package, moment, amendment)
            versions.append(Noted(stored, "description", description=raised))
    return _tell(kit, package, str(row["tenant"]), int(row["head"]), level, versions)


def _tell(kit: Kit, package: str, tenant: str, head: int, level: int, versions: Sequence[Noted]) -> int:
    version = versions[-1].stored.version if versions else head
    if versions:
        with kit.database.write() as tx:
            catchup.note(tx, versions)
            event = PackageRestricted(package=package, version=version, level=level)
            kit.teller.tell(tx, event, tenant=tenant, sequence=version)
    return version


def _people(person: str) -> tuple[premis.Agent, ...]:
    return (premis.Agent(person, person, "person"),) if person else ()


def _event(package: str, old: int, new: int, person: str, reason: str, at: str) -> premis.Event:
    agents = [(premis.SOFTWARE, "executing program")] + ([(person, "authorizer")] if person else [])
    return premis.Event(
        id="",
        type="policy assignment",
        at=at,
        outcome="success",
        object=package,
        detail=f"Exposure level raised from {old} to {new}",
        note=reason,
        role="source",
        agents=tuple(agents),
    )
