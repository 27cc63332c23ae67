"""Every cell of the policy matrix, decided twice; every row is hit, and no mutant of the table survives."""

from dataclasses import replace

import pytest
from samarkiv_runtime.policy import decide
from samarkiv_runtime.policy.decide import obligations_of
from samarkiv_runtime.policy.table import rows

from tests.security.policy.cells import cells, shown
from tests.security.policy.evaluator import Line, Verdict, evaluate, lines, speaks_of

Decided = tuple[tuple[str, object, object, object], Verdict]


@pytest.fixture(scope="module")
def decided() -> list[Decided]:
    table = lines()
    return [(cell, evaluate(table, *asked(cell))) for cell in cells()]


def test_both_evaluators_agree_on_every_cell(decided: list[Decided]) -> None:
    wrong = []
    for cell, verdict in decided:
        action, subject, thing, light = cell
        answer = decide(subject, action, thing, light)  # type: ignore[arg-type]
        if answer.status != verdict.status or not verdict.gives <= answer.obligations:
            wrong.append(f"{shown(cell)}\n  first {answer}\n  second {verdict}")  # type: ignore[arg-type]
    assert not wrong, f"{len(wrong)} of {len(decided)} cells\n" + "\n".join(wrong[:3])


def test_every_row_of_the_table_decides_some_cell(decided: list[Decided]) -> None:
    hit = {verdict.line for _cell, verdict in decided}
    unhit = [line for line in lines() if line.number not in hit and line.when != ("payload_closed",)]
    assert not unhit


def asked(cell: tuple[str, object, object, object]) -> tuple[object, str, object, object]:
    return cell[1], cell[0], cell[2], cell[3]


def mutants(table: list[Line]) -> list[tuple[str, int, list[Line]]]:
    """Return the table without one row, one condition, one duty, or with one role too many."""
    found = []
    for at, line in enumerate(table):
        if line.when == ("payload_closed",):
            continue
        found.append((f"{line.name} ({line.number}) gone", at, [*table[:at], *table[at + 1 :]]))
        changes = [
            (f"without {name}", replace(line, when=tuple(one for one in line.when if one != name)))
            for name in line.when
        ]
        changes += [
            (f"without duty {duty}", replace(line, gives=tuple(one for one in line.gives if one != duty)))
            for duty in line.gives
        ]
        # Operators are in P17 and P21 already; P22 asks for a service, whatever roles it names.
        if line.name[0] == "P" and "everyone" not in line.who and line.name not in {"P17", "P21", "P22"}:
            changes.append(("for operators too", replace(line, who=(*line.who, "operator"))))
        for told, changed in changes:
            if changed != line:
                found.append(
                    (f"{line.name} ({line.number}) {told}", at, [*table[:at], changed, *table[at + 1 :]])
                )
    return found


def test_no_mutant_of_the_table_survives(decided: list[Decided]) -> None:
    table = lines()
    by_action: dict[str, list[Decided]] = {}
    for one in decided:
        by_action.setdefault(one[0][0], []).append(one)
    survivors = []
    for name, at, changed in mutants(table):
        line = table[at]
        actions = [action for action in by_action if speaks_of(line, action)]
        told = [one for action in actions for one in by_action[action]]
        told.sort(key=lambda one: one[1].line != line.number)
        if not any(evaluate(changed, *asked(cell)) != verdict for cell, verdict in told):
            survivors.append(name)
    assert not survivors


def test_the_first_evaluator_reads_the_same_table() -> None:
    assert [row.name for row in rows()] == [line.name for line in lines()]
    assert callable(obligations_of)
