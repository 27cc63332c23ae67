"""The numbers of the house: lengths, names, floors."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONG_FILE, LONG_TEST, LONG_FUNCTION = 450, 700, 60
EMPTY_NAMES = re.compile(r"(^|/)(utils?|helpers?|common|misc|managers?|platform)(\.py|/)")
# An exception needs its reason here.
LONG_FUNCTIONS_ALLOWED: dict[str, str] = {}


def _sources() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


SOURCES = _sources()


def test_there_are_sources() -> None:
    assert len(SOURCES) > 100


def test_no_file_is_too_long() -> None:
    limits = {
        path: LONG_TEST if path.relative_to(ROOT).parts[0] in {"tests", "bench"} else LONG_FILE
        for path in SOURCES
    }
    long = {
        str(path.relative_to(ROOT)): count
        for path, most in limits.items()
        if (count := len(path.read_text().splitlines())) > most
    }
    assert not long, f"files over their limit (450, tests and bench 700): split them: {long}"


def test_no_function_is_too_long() -> None:
    long = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                name = f"{path.relative_to(ROOT)}:{node.name}"
                if length > LONG_FUNCTION and name not in LONG_FUNCTIONS_ALLOWED:
                    long[name] = length
    assert not long, f"functions over {LONG_FUNCTION} lines: {long}"


def test_no_name_says_nothing() -> None:
    empty = [
        str(path.relative_to(ROOT)) for path in SOURCES if EMPTY_NAMES.search(str(path.relative_to(ROOT)))
    ]
    assert not empty, f"rename after what they hold: {empty}"


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if ast.get_docstring(ast.parse(path.read_text())) is None and path.read_text().strip()
    ]
    assert not silent, f"give each a first line: {silent}"


@pytest.mark.parametrize("service", ["ingest", "preservation", "search", "access"])
def test_siblings_never_import_each_other(service: str) -> None:
    others = [one for one in ("ingest", "preservation", "search", "access") if one != service]
    folder = ROOT / "services" / service
    meeting = [
        f"{path.relative_to(ROOT)} imports {other}"
        for path in folder.rglob("*.py")
        for other in others
        if re.search(rf"^\s*(from|import) samarkiv_{other}\b", path.read_text(), re.MULTILINE)
    ]
    assert not meeting


def test_our_own_modules_are_never_patched() -> None:
    patched = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.name != "test_numbers.py" and re.search(r"mock\.patch|@patch\(", path.read_text())
    ]
    assert not patched, f"use a hand-made fake: {patched}"
