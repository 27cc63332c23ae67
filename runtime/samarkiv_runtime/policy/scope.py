"""What a list may show: the rows of the policy turned into a filter (POLICY §7: one filtered query)."""

from dataclasses import replace

from samarkiv_runtime.policy import table
from samarkiv_runtime.policy.conditions import OPEN, answers_for, boards, spans
from samarkiv_runtime.policy.decide import CONTENT, concerns
from samarkiv_runtime.policy.model import ALL, EVERY, Context, Grant, Reach, Scope, Subject
from samarkiv_runtime.policy.table import Row

_NEVER: list[Reach] = []


def _reaches(row: Row, subject: Subject, grant: Grant, part: str) -> list[Reach]:
    """Return what one grant of the row's role adds to a list; conditions that need a single resource add nothing."""
    found: list[Reach] = []
    for name in row.when:
        if name == "reached":
            found = spans(grant, part)
        elif name == "responsible":
            found = [answers_for(grant)]
        elif name == "tenant":
            found = [boards(grant)]
        elif name == "own_authority":
            found = _NEVER if grant.authority == ALL else [boards(grant)]
        elif name == "own_agreement":
            found = [Reach(grant.tenant, agreements=subject.agreements)]
        elif name == "anywhere":
            found = [Reach()] if grant.tenant == EVERY else _NEVER
        elif name == "level_0":
            found = [Reach(levels=OPEN)]
        elif name == "level_1":
            found = [Reach(levels=frozenset({1}))]
        elif name == "public_title":
            found = found if part == "public_title" else _NEVER
        else:
            return _NEVER
    return found


def _public(row: Row, part: str) -> list[Reach]:
    found: list[Reach] = [] if row.when else [Reach(public=True)]
    for name in row.when:
        if name == "level_0":
            found = [Reach(levels=OPEN, public=True)]
        elif name == "level_1":
            found = [Reach(levels=frozenset({1}), public=True)]
        elif name == "public_title":
            found = found if part == "public_title" else _NEVER
        else:
            return _NEVER
    return found


def _without_purpose(reach: Reach, subject: Subject, context: Context) -> tuple[list[Reach], bool]:
    """Split a reach so that level 2 is in only under a purpose; tells whether anything was left out (POLICY §4)."""
    below = frozenset({0, 1}) & (reach.levels if reach.levels is not None else frozenset({0, 1}))
    found = [replace(reach, levels=below)]
    if reach.levels is not None and 2 not in reach.levels:
        return found, False
    strong = (
        subject.token_kind not in {"home", "personal"}
        and subject.assurance >= min(3, context.assurance_cap)
        and context.now - subject.auth_time <= 3600
    )
    if strong:
        found += [
            replace(reach, authority=board, levels=frozenset({2}))
            for board in sorted(subject.purposes)
            if reach.authority in {EVERY, board}
        ]
    return found, True


def scope_of(subject: Subject, action: str, part: str, context: Context) -> Scope:
    """Return what a list by `action` (a `see` or `find`) may show of its rows' `part`.

    Anonymous subjects get the public reach only. Closed tenants are for the query to leave out (`where` does).
    Raises KeyError for an action outside the closed list.
    """
    if action not in table.ACTIONS:
        raise KeyError(action)
    reaches: list[Reach] = []
    obligations: set[str] = set()
    left_out = False
    for row in table.permits(action):
        if not concerns(row, subject):
            continue
        if row.public:
            reaches += _public(row, part)
            obligations |= {"no_person", "rate"}
            continue
        if "account" in row.who:
            mine = [Reach(account=subject.account)] if row.when == ("maker",) else _NEVER
        else:
            mine = [
                reach
                for grant in subject.grants
                if grant.role in row.who
                for reach in _reaches(row, subject, grant, part)
            ]
        if "level2:strong" in row.obligations and part in CONTENT:
            for reach in mine:
                split, out = _without_purpose(reach, subject, context)
                reaches += split
                left_out = left_out or out
        elif row.obligations == ("strong",):
            continue
        else:
            reaches += mine
        if mine and "log" in row.obligations:
            obligations.add("log")
    return Scope(tuple(dict.fromkeys(reaches)), frozenset(obligations), left_out)
