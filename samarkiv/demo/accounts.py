"""The demo's staff: each member has an archivist, an approver and a producer; the house an operator and an auditor."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samarkiv_access.identity.accounts import NewGrant
from samarkiv_access.identity.demo import DemoPerson, make_demo_accounts, mark_demo
from samarkiv_runtime.policy.model import EVERY
from samarkiv_runtime.settings import Settings

from samarkiv.app import Archive
from samarkiv.demo.members import MEMBERS

SHOWN = ("lindhamra", "kvarnasa")


@dataclass(frozen=True)
class Staff:
    """A demo account as it is shown to the person at the terminal."""

    login: str
    password: str
    role: str


def mark(settings: Settings) -> None:
    """Mark the home as a demo: without the mark, demo accounts are refused."""
    mark_demo(settings)


def make(archive: Archive, tenants: Mapping[str, str]) -> list[Staff]:
    """Make the demo accounts that are not there; returns those of the two rich members and the operator."""
    house = archive.house
    access: Any = archive.services["access"]
    made = make_demo_accounts(house.settings, access.identities.accounts, house.ids, people(tenants))
    return [
        Staff(one["username"], one["password"], one["name"])
        for one in made
        if one["username"] == "drift" or one["username"].split("-")[-1] in SHOWN
    ]


def people(tenants: Mapping[str, str]) -> list[DemoPerson]:
    """Return the staff to be: an archivist and an approver for every member; a producer and a reader for the rich ones."""
    staff = [
        DemoPerson("drift", "Drift, Nordväst Arkivförbund", EVERY, (NewGrant("operator", EVERY),)),
        DemoPerson("granskare", "Granskare, Nordväst Arkivförbund", EVERY, (NewGrant("auditor", EVERY),)),
    ]
    for member in MEMBERS:
        tenant = tenants[member.slug]
        staff.append(_person("arkivarie", "Arkivarie", "archivist", member.slug, member.name, tenant))
        staff.append(_person("beslutande", "Beslutande", "approver", member.slug, member.name, tenant))
        if member.slug in SHOWN:
            staff.append(_person("producent", "Producent", "producer", member.slug, member.name, tenant))
            staff.append(
                _person("handlaggare", "Handläggare", "staff_reader", member.slug, member.name, tenant)
            )
    return staff


def _person(login: str, title: str, role: str, slug: str, name: str, tenant: str) -> DemoPerson:
    """Return one of the staff: every board by name, and archive roles for the archive authority too."""
    grants: tuple[NewGrant, ...] = (NewGrant(role, tenant, EVERY),)
    if role in {"archivist", "approver"}:
        grants = (*grants, NewGrant(role, tenant))
    return DemoPerson(f"{login}-{slug}", f"{title}, {name}", tenant, grants)
