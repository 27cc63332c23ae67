"""Where things lie and on which ports they listen; every value can be set from outside."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
PARTS = HERE / "parts"
JUDGES = HERE / "judges"
WORK = Path(os.environ.get("ENGINES_WORK", HERE / ".work")).absolute()
PORTS = {
    "kafka": 19092,
    "kafka-controller": 19093,
    "opensearch": 19201,
    "s3-a": 19701,
    "s3-b": 19702,
    "postgres": 19543,
    "nginx": 19080,
    "ingest": 19081,
    "preservation": 19082,
    "search": 19083,
    "access": 19084,
}


class EngineError(Exception):
    """An engine could not do what was asked; the text says why."""


def port(name: str) -> int:
    """The port of an engine or service: ENGINES_KAFKA_PORT and so on, else the fixed one."""
    return int(os.environ.get(f"ENGINES_{name.upper().replace('-', '_')}_PORT", PORTS[name]))


def cache() -> Path:
    """Downloaded and built parts, kept between runs; PostgreSQL's own user must be able to read them."""
    given = os.environ.get("ENGINES_CACHE")
    base = (
        Path("/var/cache")
        if os.geteuid() == 0
        else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    )
    folder = Path(given).absolute() if given else base / "samarkiv-engines"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def reachable_data(name: str, as_user: list[str]) -> Path:
    """A data folder for an engine that runs as another user: beside the rest, else where that user can go."""
    WORK.mkdir(parents=True, exist_ok=True)
    if subprocess.run([*as_user, "test", "-x", str(WORK)], check=False).returncode == 0:
        return WORK / name
    return Path("/var/lib/samarkiv-engines") / hashlib.sha256(str(WORK).encode()).hexdigest()[:12] / name


def secret(name: str) -> str:
    """A random secret, made when first asked for and kept with mode 0600 until `wipe`."""
    WORK.mkdir(parents=True, exist_ok=True)
    file = WORK / "secrets.json"
    with locked("secrets"):
        known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        if name not in known:
            known[name] = secrets.token_hex(10 if name.endswith("_key_id") else 20)
            part = file.with_suffix(".part")
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                json.dump(known, out)
            part.replace(file)
    return known[name]


@contextmanager
def locked(name: str, folder: Path | None = None) -> Iterator[None]:
    """One holder at a time, over all processes of this machine."""
    folder = folder or WORK
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
