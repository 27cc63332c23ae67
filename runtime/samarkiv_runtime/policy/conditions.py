"""The named conditions of `policy.tsv`. A permit condition returns "" when it holds, else the code that says why not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from samarkiv_contracts.levels import Level

from samarkiv_runtime.policy.model import ALL, EVERY, Context, Grant, Reach, Resource, Subject

NO = "no_grant"
IN_CONTROL = frozenset({"checking", "held", "passed"})
DEAD = frozenset({"test", "quarantined", "disposed"})
METADATA = frozenset({"public_title", "metadata", "registry"})
OPEN = frozenset({0})
TO_REQUEST = frozenset({0, 1})


@dataclass(frozen=True)
class Ask:
    """One question: who, with which of their grants (those of the row's role), for what, in which light."""

    subject: Subject
    action: str
    resource: Resource
    context: Context
    grants: Sequence[Grant] = ()

    @property
    def here(self) -> list[Grant]:
        """Return the grants that hold in the resource's tenant."""
        return [grant for grant in self.grants if grant.tenant in {EVERY, self.resource.tenant}]


def spans(grant: Grant, part: str) -> list[Reach]:
    """Return what a grant reaches (POLICY §1): a board by name while intermediate, `all` for the archive authority."""
    if grant.authority != ALL:
        return [Reach(grant.tenant, grant.authority, custody="intermediate", record_types=grant.record_types)]
    open_part = TO_REQUEST if part in METADATA else OPEN
    return [
        Reach(grant.tenant, custody="final", record_types=grant.record_types),
        Reach(grant.tenant, states=IN_CONTROL, record_types=grant.record_types),
        Reach(grant.tenant, custody="intermediate", levels=open_part, record_types=grant.record_types),
    ]


def answers_for(grant: Grant) -> Reach:
    """Return what a grant is responsible for: named while intermediate, `all` when final (P13, P14)."""
    if grant.authority == ALL:
        return Reach(grant.tenant, custody="final", record_types=grant.record_types)
    return Reach(grant.tenant, grant.authority, custody="intermediate", record_types=grant.record_types)


def boards(grant: Grant) -> Reach:
    """Return the boards a grant names; `all` stands for every board of the tenant here."""
    return Reach(grant.tenant, EVERY if grant.authority == ALL else grant.authority)


def _reached(ask: Ask) -> str:
    if any(reach.holds(ask.resource) for grant in ask.here for reach in spans(grant, ask.resource.part)):
        return ""
    walled = any(grant.authority == ALL for grant in ask.here) and ask.resource.custody == "intermediate"
    return "custody_intermediate" if walled else NO


def _responsible(ask: Ask) -> str:
    if any(answers_for(grant).holds(ask.resource) for grant in ask.here):
        return ""
    return "not_responsible" if ask.here else NO


def _tenant(ask: Ask) -> str:
    whole = not ask.resource.authority
    return "" if any(whole or boards(grant).holds(ask.resource) for grant in ask.here) else NO


def _own_authority(ask: Ask) -> str:
    named = [grant for grant in ask.here if grant.authority != ALL]
    return "" if any(grant.authority in {EVERY, ask.resource.authority} for grant in named) else NO


def _named_intermediate(ask: Ask) -> str:
    mine = [grant for grant in ask.here if grant.authority not in {ALL, EVERY}]
    held = any(grant.authority == ask.resource.authority for grant in mine)
    return "" if held and ask.resource.custody == "intermediate" else NO


def _type_outside_grant(ask: Ask) -> str:
    inside = any(
        grant.authority == ask.resource.authority
        and (grant.record_types is None or ask.resource.record_type in grant.record_types)
        for grant in ask.here
    )
    return NO if inside else ""


def _of_the_house(ask: Ask) -> str:
    return "" if any(grant.tenant == EVERY for grant in ask.grants) else NO


def _level_0(ask: Ask) -> str:
    exposure = ask.resource.exposure
    return "" if exposure is Level.OPEN else "on_request" if exposure is Level.ON_REQUEST else NO


def _told(holds: Callable[[Ask], bool], code: str = NO) -> Callable[[Ask], str]:
    return lambda ask: "" if holds(ask) else code


PERMIT: dict[str, Callable[[Ask], str]] = {
    "level_0": _level_0,
    "level_1": _told(lambda ask: ask.resource.exposure is Level.ON_REQUEST),
    "public_title": _told(lambda ask: ask.resource.part == "public_title", "on_request"),
    "not_aip": _told(lambda ask: ask.context.export_as in {"dip", "bagit", "zip"}, "aip_not_public"),
    "seeable": _told(lambda ask: ask.context.free_text or ask.resource.exposure <= Level.ON_REQUEST),
    "right_code": _told(lambda ask: ask.context.right_code),
    "in_time": _told(lambda ask: ask.context.in_time, "link_expired"),
    "own_authority": _own_authority,
    "own_agreement": _told(lambda ask: bool(ask.here) and ask.resource.agreement in ask.subject.agreements),
    "reached": _reached,
    "named_intermediate": _named_intermediate,
    "type_outside_grant": _type_outside_grant,
    "tenant": _tenant,
    "lossless": _told(lambda ask: not ask.context.lossy, "no_decision"),
    "lossy": _told(lambda ask: ask.context.lossy),
    "responsible": _responsible,
    "decision_reference": _told(lambda ask: bool(ask.context.decision), "no_decision"),
    "of_case": _told(lambda ask: ask.context.of_case),
    "on_room_list": _told(lambda ask: ask.context.on_room_list),
    "unprotected": _told(lambda ask: not ask.resource.protected, "protected"),
    "anywhere": _of_the_house,
    "payload_closed": _told(lambda _ask: False, "payload_closed"),
    "of_the_house": _of_the_house,
    "maker": _told(lambda ask: bool(ask.subject.account) and ask.subject.account == ask.resource.account),
    "service_list": _told(lambda ask: ask.subject.kind == "service", "not_in_service_list"),
}


def _other_tenant(ask: Ask) -> bool:
    subject, resource = ask.subject, ask.resource
    mine = any(grant.tenant in {EVERY, resource.tenant} for grant in subject.grants)
    return bool(resource.tenant) and not mine and subject.kind != "service"


def _four_eyes(ask: Ask) -> bool:
    persons = ask.resource.persons
    return persons is None or not ask.subject.person or ask.subject.person in persons


# A deny condition returns True when the row denies.
DENY: dict[str, tuple[Callable[[Ask], bool], str]] = {
    "tenant_closed": (lambda ask: ask.resource.tenant_state == "closed", NO),
    "other_tenant": (_other_tenant, NO),
    "tenant_suspended": (
        lambda ask: ask.resource.tenant_state not in {"active", "closed"} and ask.subject.kind != "service",
        "tenant_suspended",
    ),
    "on_hold": (lambda ask: ask.resource.hold, "on_hold"),
    "open_case": (lambda ask: ask.resource.open_case, "open_case"),
    "no_decision": (lambda ask: not ask.context.decision_covers, "no_decision"),
    "protected": (lambda ask: ask.resource.protected, "protected"),
    "four_eyes": (_four_eyes, "four_eyes"),
    "own_grant": (
        lambda ask: not ask.context.grantee or ask.context.grantee == ask.subject.person,
        "own_grant",
    ),
    "dead_state": (lambda ask: ask.resource.state in DEAD, "state"),
}
