"""How the command line speaks: data on stdout, talk on stderr, exit codes 0 done, 1 findings, 2 usage, 3 system."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from samarkiv_contracts.problems import Problem

from samarkiv.client import Told

DONE, FINDINGS, USAGE, SYSTEM = 0, 1, 2, 3


def language() -> str:
    """Return the language of the terminal: English only when the locale says so, Swedish otherwise."""
    said = os.environ.get("SAMARKIV_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "en" if said.lower().startswith("en") else "sv"


def pick(sv: str, en: str) -> str:
    """Return the sentence in the terminal's language."""
    return en if language() == "en" else sv


def say(sv: str, en: str) -> None:
    """Say something to the person at the terminal."""
    print(pick(sv, en), file=sys.stderr)


def give(data: Any) -> None:
    """Give data as JSON on stdout."""
    print(json.dumps(data, ensure_ascii=False, indent=2))


def stop(code: int, sv: str = "", en: str = "") -> NoReturn:
    """End with an exit code, saying why."""
    if sv:
        say(sv, en)
    raise SystemExit(code)


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn problems into a plain sentence and the right exit code."""
    try:
        yield
    except Told as told:
        problem = told.problem
        lines = [
            f"{problem.get('title', '')} ({problem.get('code', '')})",
            problem.get("detail", ""),
            problem.get("todo", ""),
        ]
        lines += [
            f"  {one['code']}  {one.get('file', '')}  {one.get('message', '')}"
            for one in problem.get("findings", [])
        ]
        print("\n".join(line for line in lines if line), file=sys.stderr)
        fault = problem.get("fault")
        raise SystemExit({"content": FINDINGS, "person": USAGE}.get(str(fault), SYSTEM)) from told
    except Problem as problem:
        lang = language()
        detail = problem.detail.get(lang)
        print(f"{problem.title.get(lang)} ({problem.stable_code})", file=sys.stderr)
        for line in (detail, problem.todo.get(lang)):
            if line:
                print(line, file=sys.stderr)
        raise SystemExit({"content": FINDINGS, "person": USAGE}.get(problem.fault, SYSTEM)) from problem
    except KeyboardInterrupt as stopped:
        raise SystemExit(130) from stopped


def table(rows: list[dict[str, Any]], columns: dict[str, str]) -> None:
    """Print rows as a plain table: column key → heading."""
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for heading in columns.values():
        drawn.add_column(heading, overflow="fold")
    for row in rows:
        drawn.add_row(*(_cell(row.get(key)) for key in columns))
    Console(soft_wrap=not sys.stdout.isatty()).print(drawn)


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("reference") or value.get("name") or value.get("id") or "")
    return "" if value is None else str(value)


@contextmanager
def progress(text: str, total: int | None, *, unit: str = "bytes") -> Iterator[Any]:
    """Give a progress bar on a terminal, else nothing: `advance(n)`."""
    if not sys.stderr.isatty():
        yield lambda _n: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    counted = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        counted,
        TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bar:
        task = bar.add_task(text, total=total)
        yield lambda n: bar.advance(task, n)
