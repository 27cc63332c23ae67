"""The cells of the matrix: action × role × tenant relation × level, and the other attributes pairwise (POLICY §8)."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from samarkiv_runtime.policy import ACTIONS, ANONYMOUS, Context, Grant, Resource, Subject
from samarkiv_runtime.policy.table import ACCOUNT_ROLES, ROLES, SERVICES

NOW = 1_800_000_000
RELATIONS = {
    "own board": ("tnt-1", "aut-1"),
    "own board, some types": ("tnt-1", "aut-1"),
    "archive authority": ("tnt-1", "all"),
    "every board": ("tnt-1", "*"),
    "other board": ("tnt-1", "aut-2"),
    "other tenant": ("tnt-2", "aut-9"),
    "mandate": ("tnt-1", "aut-1"),
    "house": ("*", "*"),
}
WHO = ("public", *ROLES, *ACCOUNT_ROLES, *SERVICES)
LEVELS = (0, 1, 2, None)
LEVELLED = {"record", "file", "derivative", "package", "delivery", "case"}

# The other attributes; every pair of their values meets in some cell.
REST: dict[str, tuple[Any, ...]] = {
    "custody": ("intermediate", "final"),
    "tenant_state": ("active", "active", "suspended", "closed"),
    "state": ("", "held", "received", "test", "disposed"),
    "protected": (False, False, True),
    "hold": (False, True),
    "open_case": (False, True),
    "persons": (frozenset({"prs-9"}), frozenset({"prs-1", "prs-9"}), None),
    "part": ("metadata", "public_title", "file", "registry", "event", "log"),
    "token": ("session", "session", "personal", "home"),
    "age": (60, 60, 1000, 4000),
    "purpose": (True, False),
    "assurance": ((1, 1), (1, 2), (2, 2), (2, 3), (3, 3)),
    "export_as": ("", "dip", "aip"),
    "decision": ("KS 2026:14", ""),
    "grantee": ("prs-2", "prs-1", ""),
    "facts": (False, True),
    "but": ("", "decision_covers", "free_text", "right_code", "in_time", "of_case", "on_room_list"),
    "lossy": (False, True),
    "thing": ("tnt-1", ""),
}


def pairwise(seed: int) -> list[dict[str, Any]]:
    """Return rows in which every pair of values of two attributes occurs: greedy, from a seed."""
    rng = random.Random(seed)
    names = list(REST)
    open_pairs = {
        (one, i, other, j)
        for one, other in itertools.combinations(names, 2)
        for i in range(len(REST[one]))
        for j in range(len(REST[other]))
    }
    rows = []
    while open_pairs:
        best: dict[str, int] = {}
        most = -1
        one, i, other, j = min(open_pairs)
        for _ in range(12):
            row = {name: rng.randrange(len(REST[name])) for name in names} | {one: i, other: j}
            gain = sum((a, row[a], b, row[b]) in open_pairs for a, b in itertools.combinations(names, 2))
            if gain > most:
                best, most = row, gain
        open_pairs -= {(a, best[a], b, best[b]) for a, b in itertools.combinations(names, 2)}
        rows.append({name: REST[name][best[name]] for name in names})
    return rows


def subject_of(role: str, relation: str, rest: dict[str, Any]) -> Subject:
    """Return who asks; a service's name held as a role by a person must be worth nothing."""
    if role == "public":
        return ANONYMOUS
    if role in SERVICES and relation == "itself":
        return Subject("service", account=role, token_kind="internal")
    tenant, authority = RELATIONS[relation]
    types = frozenset({"bygglov"}) if relation == "own board, some types" else None
    return Subject(
        kind="service_account" if role in ACCOUNT_ROLES else "person",
        person="prs-1",
        account="acc-1",
        tenant="tnt-3" if relation == "mandate" else tenant,
        grants=(Grant(role, tenant, authority, types),),
        assurance=rest["assurance"][0],
        auth_time=NOW - rest["age"],
        token_kind=rest["token"],
        agreements=frozenset({"agr-1"}),
        purposes=frozenset({"aut-1"}) if rest["purpose"] else frozenset(),
    )


def question(
    role: str, relation: str, level: int | None, rest: dict[str, Any], action: str
) -> tuple[Subject, Resource, Context]:
    """Return one cell's subject, resource and context."""
    thing = Resource(
        kind=action.split(".", maxsplit=1)[0],
        id="x",
        tenant=rest["thing"],
        authority="aut-1" if rest["thing"] else "",
        record_type="bygglov" if rest["facts"] else "socialakt",
        level=level,
        agreement="agr-1" if rest["facts"] else "agr-2",
        account="acc-1" if rest["facts"] else "acc-2",
        **{
            name: rest[name]
            for name in (
                "custody",
                "tenant_state",
                "state",
                "protected",
                "hold",
                "open_case",
                "persons",
                "part",
            )
        },
    )
    facts = ("decision_covers", "free_text", "right_code", "in_time", "of_case", "on_room_list")
    light = Context(
        now=NOW,
        assurance_cap=rest["assurance"][1],
        export_as=rest["export_as"],
        lossy=rest["lossy"],
        decision=rest["decision"],
        grantee=rest["grantee"],
        **{name: rest["facts"] and name != rest["but"] for name in facts},
    )
    return subject_of(role, relation, rest), thing, light


CALM: dict[str, Any] = {name: values[0] for name, values in REST.items()} | {
    "facts": True,
    "open_case": False,
    "assurance": (3, 3),
    "export_as": "dip",
}


def cells() -> Iterator[tuple[str, Subject, Resource, Context]]:
    """Yield every cell, always the same ones."""
    rows = pairwise(20261124)
    rng = random.Random(8)
    n = 0
    for action in sorted(ACTIONS):
        for role in WHO:
            relations = RELATIONS if role in {*ROLES, *ACCOUNT_ROLES} else dict.fromkeys(("itself", "house"))
            levels = LEVELS if action.split(".", maxsplit=1)[0] in LEVELLED else (0, None)
            for relation, level in itertools.product(relations, levels):
                for rest in calm_rows(action, level, rng):
                    yield (action, *question(role, relation, level, rest, action))
                n += 1
                yield (action, *question(role, relation, level, rows[n % len(rows)], action))


def calm_rows(action: str, level: int | None, rng: random.Random) -> Iterator[dict[str, Any]]:
    """Yield rows where nothing stands in the way, and one where a single thing does: these reach deep into the table."""
    part = {"file": "file", "derivative": "derivative", "log": "log", "event": "event"}.get(
        action.split(".", maxsplit=1)[0], "metadata"
    )
    if level == 1 and action in {"record.find", "record.see", "package.see"}:
        yield CALM | {"part": "public_title"}
    calm = CALM | {"part": part}
    yield calm
    if action.endswith((".breakglass", ".follow", ".fetch")):
        yield from (calm | {"facts": False}, calm | {"but": "right_code"}, calm | {"but": "in_time"})
    if action == "package.migrate":
        yield from (calm | {"lossy": True}, calm | {"lossy": True, "decision": ""})
    name = rng.choice(list(REST))
    yield calm | {name: rng.choice(REST[name])}
    yield calm | {"custody": "final", "lossy": rng.random() < 0.5, "export_as": rng.choice(["aip", "dip"])}


def shown(cell: tuple[str, Subject, Resource, Context]) -> str:
    """Return a cell as text for a failure."""
    action, subject, thing, light = cell
    return f"{action}\n  {subject}\n  {replace(thing)}\n  {light}"
