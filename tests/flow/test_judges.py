"""What others say of our packages: commons-ip on the AIPs and DIPs, ocfl-py on the objects, standard tools on both."""

import json
import subprocess
from pathlib import Path

import pytest
from samarkiv_runtime.settings import Settings

from samarkiv.app import Archive
from samarkiv.client import Client
from samarkiv.commands import deliver, fetch
from samarkiv.demo.deliveries import PLAN
from tests.flow.distributed import ENGINES

pytestmark = [pytest.mark.engines, pytest.mark.timeout(400)]
WANTED = ("Bygglov 2009", "Kommunfullmäktiges protokoll 2023", "Miljötillsyn 1998–2014", "Slutbetyg 2024")


def _packages(client: Client, folder: Path) -> list[str]:
    found = []
    for sent in PLAN:
        if sent.title in WANTED:
            path = folder / sent.name
            path.write_bytes(sent.body())
            row = deliver.wait(
                client, deliver.deliver(client, path, "DEMO-TOLERANT", title=sent.title), seconds=120
            )
            assert row["state"] == "accepted", row
            found += row["packages"]
    return found


def test_no_judge_finds_an_error_in_what_we_write(
    client: Client, archive: Archive, settings: Settings, tmp_path: Path
) -> None:
    packages = _packages(client, tmp_path)
    assert len(packages) == len(WANTED)
    while not archive.idle():
        archive.house.clock.sleep(0.1)
    folders = []
    for number, package in enumerate(packages):
        for form in ("aip", "dip"):
            target = tmp_path / f"{form}-{number}"
            fetch.fetch(client, package, target, form)  # type: ignore[arg-type]
            folders.append(next(one for one in target.iterdir() if one.is_dir()))
    judged = subprocess.run(
        [str(ENGINES), "judge", "commons-ip", *map(str, folders)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    answers = [json.loads(line) for line in judged.stdout.splitlines() if line.startswith("{")]
    assert len(answers) == len(folders), judged.stderr
    errors = [
        (answer.get("path"), one)
        for answer in answers
        for one in answer.get("findings", [])
        if str(one.get("severity", one.get("level", ""))).upper() == "ERROR"
    ]
    assert not errors, errors
    assert not [answer for answer in answers if answer.get("error")], answers


def test_ocfl_py_calls_every_object_of_every_copy_valid(
    client: Client, archive: Archive, settings: Settings, tmp_path: Path
) -> None:
    import ocfl

    _packages(client, tmp_path)
    while not archive.idle():
        archive.house.clock.sleep(0.1)
    objects = [one.parent for one in (settings.home / "copies").rglob("0=ocfl_object_1.1")]
    assert len(objects) >= 2 * (len(WANTED) + 1)
    for one in objects:
        passed, validator = ocfl.Object().validate(str(one))[:2]
        assert passed, str(validator)
