"""What PREMIS tells of a delivery: acts of ingest become events, people and tools become agents, marks become rights."""

import re
from collections.abc import Iterable, Sequence

from samarkiv_contracts.description import PackageDescription, RecordDescription
from samarkiv_contracts.handover import Act

from samarkiv_preservation.packages.premis import SOFTWARE, Agent, Event, Right

# Acts on every file belong to the representation; the others to the package as a whole.
ON_FILES = frozenset({"message digest calculation", "fixity check", "format identification", "virus check"})
_PERSON = re.compile(r"^(?:prs|acc)-[0-9a-f-]{36}$")
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_RESTRICTIONS = {0: "none", 1: "metadata public, files after assessment", 2: "not public"}


def software(version: str) -> Agent:
    """Return ourselves as an agent."""
    return Agent(SOFTWARE, "Samarkiv", "software", version)


def agent_of(act: Act, people: Sequence[dict[str, str]], version: str) -> Agent:
    """Return who did an act: ourselves, a person by id, or a tool with its version."""
    if act.agent in {"", "samarkiv"}:
        return software(version)
    if _PERSON.match(act.agent):
        names = {person.get("id", ""): person.get("name", "") for person in people}
        return Agent(act.agent, names.get(act.agent) or act.agent, "person")
    slug = re.sub(r"[^a-z0-9]+", "-", act.agent.lower()).strip("-") or "tool"
    name, _, tail = act.agent.partition(" ")
    return Agent(f"sw-{slug}", name, "software", tail.strip())


def events_of(
    acts: Iterable[Act], people: Sequence[dict[str, str]], version: str, object_id: str, prefix: str
) -> tuple[list[Event], list[Agent]]:
    """Return acts as events on `object_id` with ids `<prefix>-<n>`, and the agents they name (each once)."""
    events, agents = [], {SOFTWARE: software(version)}
    for number, act in enumerate(acts, start=1):
        agent = agent_of(act, people, version)
        agents[agent.id] = agent
        role = "authorizer" if agent.kind == "person" else "executing program"
        events.append(
            Event(
                id=f"{prefix}-{number}",
                type=act.type,
                at=act.at,
                outcome=act.outcome,
                object=object_id,
                detail=act.detail,
                role="source",
                agents=((agent.id, role),),
            )
        )
    return events, list(agents.values())


def rights_of(package: PackageDescription, records: Iterable[RecordDescription]) -> list[Right]:
    """Return the agreement's statement and one for each distinct secrecy mark (a warning, never a decision)."""
    level = _RESTRICTIONS.get(package.level, _RESTRICTIONS[2])
    rights = [Right("rights-1", level, agreement=f"{package.agreement} version {package.agreement_version}")]
    seen: set[tuple[str, str, str]] = set()
    for record in records:
        for mark in record.secrecy:
            key = (mark.legal_ref, mark.date, mark.until)
            if key in seen:
                continue
            seen.add(key)
            dated = bool(_DATE.match(mark.date) and _DATE.match(mark.until))
            rights.append(
                Right(
                    f"rights-{len(rights) + 1}",
                    "sekretess",
                    citation=mark.legal_ref,
                    note=f"marked by {mark.authority}" if mark.authority else "",
                    start=mark.date if dated else "",
                    end=mark.until if dated else "",
                )
            )
    return rights
