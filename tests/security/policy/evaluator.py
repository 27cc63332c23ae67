"""A second, small evaluator of `policy.tsv`, written from POLICY.md and sharing no code with the first."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from samarkiv_runtime import policy

TABLE = Path(policy.__file__).parent / "policy.tsv"
READS = {"see", "find", "view", "download", "export", "follow", "fetch", "read", "verify", "health", "sample"}
READS |= {"payload", "internal"}


@dataclass(frozen=True)
class Line:
    """One line of the table, as text."""

    number: int
    name: str
    who: tuple[str, ...]
    actions: tuple[str, ...]
    when: tuple[str, ...]
    gives: tuple[str, ...]


@cache
def lines() -> list[Line]:
    found = []
    for number, text in enumerate(TABLE.read_text(encoding="utf-8").splitlines()):
        if number:
            name, who, actions, when, gives = text.split("\t")
            split = [
                tuple(part for part in one.split(sign) if part)
                for one, sign in ((who, ","), (actions, ","), (when, ";"), (gives, ","))
            ]
            found.append(Line(number, name, *split))
    return found


@dataclass(frozen=True)
class Verdict:
    """What the table says: the status, the line that decided it, and what must be fulfilled."""

    status: int
    line: int
    gives: frozenset[str] = frozenset()


class Cell:
    """One question in plain values."""

    def __init__(self, subject: Any, action: str, thing: Any, light: Any) -> None:
        self.s, self.action, self.r, self.c = subject, action, thing, light
        self.level = 2 if thing.protected or thing.level not in (0, 1) else thing.level

    def of_part(self, part: str) -> "Cell":
        from dataclasses import replace

        return Cell(self.s, self.action, replace(self.r, part=part), self.c)

    def asking(self, action: str) -> "Cell":
        return Cell(self.s, action, self.r, self.c)


def concerned(line: Line, cell: Cell) -> bool:
    if "everyone" in line.who:
        return True
    if "account" in line.who and cell.s.kind in ("person", "service_account"):
        return True
    if cell.s.kind == "service":
        return cell.s.account in line.who
    return any(g.role in line.who for g in cell.s.grants)


def local(line: Line, cell: Cell) -> list[Any]:
    return [g for g in cell.s.grants if g.role in line.who and g.tenant in ("*", cell.r.tenant)]


def covers_type(grant: Any, cell: Cell) -> bool:
    return grant.record_types is None or cell.r.record_type in grant.record_types


def board(grant: Any, cell: Cell) -> bool:
    return grant.authority in ("*", cell.r.authority)


def met(name: str, line: Line, cell: Cell) -> bool:
    """Whether one condition of a permit holds."""
    s, r, c = cell.s, cell.r, cell.c
    mine = local(line, cell)
    final, between = r.custody == "final", r.custody == "intermediate"
    match name:
        case "level_0":
            return bool(cell.level == 0)
        case "level_1":
            return bool(cell.level == 1)
        case "public_title":
            return bool(r.part == "public_title")
        case "not_aip":
            return c.export_as in ("dip", "bagit", "zip")
        case "seeable":
            return c.free_text or cell.level < 2
        case "right_code" | "in_time" | "of_case" | "on_room_list" | "lossy":
            return bool(getattr(c, name))
        case "lossless":
            return not c.lossy
        case "decision_reference":
            return bool(c.decision)
        case "unprotected":
            return not r.protected
        case "payload_closed":
            return False
        case "service_list":
            return bool(s.kind == "service")
        case "maker":
            return bool(s.account) and s.account == r.account
        case "anywhere" | "of_the_house":
            return any(g.tenant == "*" and g.role in line.who for g in s.grants)
        case "own_agreement":
            return bool(mine) and r.agreement in s.agreements
        case "own_authority":
            return any(g.authority != "all" and board(g, cell) for g in mine)
        case "tenant":
            return any(not r.authority or g.authority == "all" or board(g, cell) for g in mine)
        case "reached":
            control = r.state in ("checking", "held", "passed")
            told = r.part in ("public_title", "metadata", "registry")
            opened = between and (cell.level == 0 or (cell.level == 1 and told))
            return any(
                covers_type(g, cell)
                and ((final or control or opened) if g.authority == "all" else board(g, cell) and between)
                for g in mine
            )
        case "responsible":
            return any(
                covers_type(g, cell) and (final if g.authority == "all" else board(g, cell) and between)
                for g in mine
            )
        case "named_intermediate":
            return between and any(
                g.authority == r.authority and g.authority not in ("all", "*") for g in mine
            )
        case "type_outside_grant":
            return not any(g.authority == r.authority and covers_type(g, cell) for g in mine)
    raise AssertionError(name)


def hit(name: str, cell: Cell, *, publicly: bool) -> bool:
    """Whether one condition of a deny row strikes."""
    s, r, c = cell.s, cell.r, cell.c
    match name:
        case "tenant_closed":
            return bool(r.tenant_state == "closed")
        case "other_tenant":
            mine = any(g.tenant in ("*", r.tenant) for g in s.grants)
            return bool(r.tenant) and not publicly and not mine and s.kind != "service"
        case "tenant_suspended":
            return r.tenant_state not in ("active", "closed") and s.kind != "service"
        case "on_hold":
            return bool(r.hold)
        case "open_case":
            return bool(r.open_case)
        case "no_decision":
            return not c.decision_covers
        case "protected":
            return bool(r.protected)
        case "four_eyes":
            return r.persons is None or not s.person or s.person in r.persons
        case "own_grant":
            return not c.grantee or c.grantee == s.person
        case "dead_state":
            return r.state in ("test", "quarantined", "disposed")
    raise AssertionError(name)


def speaks_of(line: Line, action: str) -> bool:
    if "*" in line.actions or action in line.actions:
        return True
    noun, verb = action.split(".")
    spared = noun in ("case", "tenant") or action in ("package.raise", "hold.set")
    return "@writes" in line.actions and verb not in READS and not spared


def gives(line: Line, cell: Cell) -> frozenset[str]:
    found = set()
    content = cell.r.part in ("public_title", "metadata", "file", "derivative")
    for one in line.gives:
        if one.startswith("level2:"):
            if cell.level == 2 and content:
                found.add(one.split(":")[1])
        else:
            found.add(one)
    return frozenset(found)


def fulfilled(duties: frozenset[str], cell: Cell) -> bool:
    s, c = cell.s, cell.c
    if not duties & {"strong", "decision"}:
        return True
    demand = 3 if "strong" in duties else 2
    minutes = 15 if "decision" in duties else 60
    return (
        s.token_kind not in ("home", "personal")
        and s.assurance >= min(demand, c.assurance_cap)
        and c.now - s.auth_time <= 60 * minutes
        and ("strong" not in duties or cell.r.authority in s.purposes)
    )


def permitting(table: list[Line], cell: Cell) -> list[Line]:
    return [
        line
        for line in table
        if line.name[0] == "P"
        and cell.action in line.actions
        and concerned(line, cell)
        and all(met(name, line, cell) for name in line.when)
    ]


def denying(table: list[Line], cell: Cell, *, publicly: bool) -> int:
    for line in table:
        mine = line.name[0] == "D" and speaks_of(line, cell.action)
        if mine and any(hit(name, cell, publicly=publicly) for name in line.when):
            return line.number
    return 0


SEEN_AS = {
    "file": "record.see",
    "derivative": "record.see",
    "hold": "package.see",
    "log": "log.read",
    "service": "service.health",
}


def visible(table: list[Line], cell: Cell) -> bool:
    noun = cell.action.split(".")[0]
    actions = ["case.see", "case.follow"] if noun == "case" else [SEEN_AS.get(noun, f"{noun}.see")]
    for action in actions:
        part = {"delivery.see": "registry", "package.see": "public_title", "record.see": "public_title"}.get(
            action, cell.r.part
        )
        asked = cell.asking(action).of_part(part)
        found = permitting(table, asked)
        if found and not denying(table, asked, publicly=any("everyone" in line.who for line in found)):
            return True
    return False


def evaluate(table: list[Line], subject: Any, action: str, thing: Any, light: Any) -> Verdict:
    """Answer one question by the table."""
    cell = Cell(subject, action, thing, light)
    everyones = any(
        line.name[0] == "P" and action in line.actions and "everyone" in line.who for line in table
    )
    if subject.kind == "anonymous" and not everyones:
        return Verdict(401, 0)
    found = permitting(table, cell)
    denied = denying(table, cell, publicly=any("everyone" in line.who for line in found))
    if not denied:
        for line in found:
            duties = gives(line, cell)
            if fulfilled(duties, cell):
                return Verdict(200, line.number, duties)
    return Verdict(403 if visible(table, cell) else 404, denied)
