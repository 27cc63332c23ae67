"""The code's told and heard tables equal the catalogue."""

import ast
import importlib
from pathlib import Path

import pytest
from samarkiv_contracts.catalogue import SCORE, heard_by
from samarkiv_contracts.events import EVENTS
from samarkiv_contracts.paths import SERVICES

ROOT = Path(__file__).resolve().parents[2]
NAMES = {model.__name__ for model in EVENTS.values()}


class _Anything:
    """Stands for the parts of a service: every use case is there."""

    def __getattr__(self, name: str) -> str:
        return name


@pytest.mark.parametrize("service", SERVICES)
def test_a_worker_hears_what_the_score_says(service: str) -> None:
    module = importlib.import_module(f"samarkiv_{service}.worker")
    table = getattr(module, "TABLE", None) or module.handlers(_Anything())
    assert {event.type for event in table} == {row.event.type for row in heard_by(service)}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_tells_what_the_score_says(service: str) -> None:
    """Every event class that a service constructs is one it may tell, and it constructs all of those."""
    made = set()
    for path in (ROOT / "services" / service).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
                made.add(node.func.id)
    told = {row.event.__name__ for row in SCORE if row.told_by == service}
    assert made == told


def test_every_event_stands_in_the_score_once() -> None:
    assert sorted(row.event.type for row in SCORE) == sorted(EVENTS)
