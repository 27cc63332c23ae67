"""`samarkiv fetch`: a copy of a package into a folder, digests checked on the way."""

import hashlib
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Literal

from samarkiv_contracts.problems import CopyUnreadable

from samarkiv import talk
from samarkiv.client import Client

Form = Literal["aip", "dip", "bagit", "zip"]


def fetch(client: Client, package: str, folder: Path, form: Form) -> tuple[int, int]:
    """Fetch a package as `form` into `folder` (which must be empty or absent); returns files and bytes written.

    Every file is compared with the digest the archive keeps of it; raises CopyUnreadable when one differs.
    """
    if folder.exists() and any(folder.iterdir()):
        talk.stop(talk.USAGE, f"Mappen {folder} är inte tom.", f"The folder {folder} is not empty.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="samarkiv-", dir=folder) as scratch:
        packed = Path(scratch) / "export.zip"
        _download(client, package, form, packed)
        expected = _digests(client, package, form)
        return _unpack(packed, folder, expected)


def _download(client: Client, package: str, form: Form, packed: Path) -> None:
    path = f"/v1/exports/{package}"
    client.request("GET", f"{path}/manifest", params={"as": form})
    with client.http.stream("GET", path, params={"as": form}) as answer, packed.open("wb") as sink:
        if answer.status_code >= 400:
            answer.read()
            client.request("GET", path, params={"as": form})
        with talk.progress(package, int(answer.headers.get("content-length", 0)) or None) as advance:
            for chunk in answer.iter_bytes(2**20):
                sink.write(chunk)
                advance(len(chunk))


def _digests(client: Client, package: str, form: Form) -> dict[str, str]:
    """Return path → sha256 as the archive's manifest of this export tells it."""
    answer = client.request("GET", f"/v1/exports/{package}/manifest", params={"as": form})
    pairs = (line.split("  ", 1) for line in answer.text.splitlines() if line)
    return {name: digest for digest, name in pairs}


def _unpack(packed: Path, folder: Path, expected: dict[str, str]) -> tuple[int, int]:
    """Write the members and compare each with its digest; every listed file must be there."""
    files = size = 0
    root = folder.resolve()
    with zipfile.ZipFile(packed) as archive:
        for member in archive.infolist():
            target = (root / member.filename).resolve()
            if not target.is_relative_to(root):
                raise CopyUnreadable(
                    sv=f"Otillåtet namn: {member.filename}", en=f"Forbidden name: {member.filename}"
                )
            if member.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink, 2**20)
            _compare(target, member.filename, expected)
            files, size = files + 1, size + member.file_size
    missing = [name for name in expected if not (root / name).is_file()]
    if missing:
        raise CopyUnreadable(sv=f"Filen saknas: {missing[0]}", en=f"The file is missing: {missing[0]}")
    return files, size


def _compare(target: Path, name: str, expected: dict[str, str]) -> None:
    if name not in expected:
        return
    with target.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    if digest != expected[name]:
        raise CopyUnreadable(
            sv=f"Kontrollsumman stämmer inte: {name}", en=f"The digest does not match: {name}"
        )
