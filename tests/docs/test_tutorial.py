"""The tutorial's commands, line by line, against an embedded archive."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from samarkiv_runtime.settings import Settings

from samarkiv.app import Archive

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial" / "first-delivery.md"


def _commands() -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.strip().splitlines()]


def test_every_line_of_the_tutorial_does_what_it_says(
    archive: Archive, settings: Settings, tmp_path: Path
) -> None:
    assert len(_commands()) >= 9
    environment = {**os.environ, "SAMARKIV_HOME": str(settings.home), "SAMARKIV_LANG": "sv", "PACKAGE": ""}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    for command in _commands():
        done = subprocess.run(
            ["sh", "-c", command], check=False, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=90
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        if " deliver " in command:
            assert "godkänd, lagrad i 2 kopior, sökbar" in done.stdout
            environment["PACKAGE"] = re.search(r"uuid-[0-9a-f-]{36}", done.stdout)[0]  # type: ignore[index]
        if " find " in command:
            assert environment["PACKAGE"] in done.stdout
        if " trace " in command:
            assert "Mottagen" in done.stdout


@pytest.mark.parametrize(
    "page",
    [*sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"],
    ids=lambda page: page.name,
)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_json_examples_in_the_docs_are_json() -> None:
    for page in ROOT.glob("docs/howto/*.md"):
        for block in re.findall(r"```json\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            json.loads(block)
