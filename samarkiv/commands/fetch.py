"""`samarkiv fetch`: a copy of a package into a folder, digests checked on the way."""

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from lxml import etree
from samarkiv_contracts.problems import CopyUnreadable

from samarkiv import talk
from samarkiv.client import Client

Form = Literal["aip", "dip", "bagit", "zip"]
METS = "{http://www.loc.gov/METS/}"
HREF = "{http://www.w3.org/1999/xlink}href"


def fetch(client: Client, package: str, folder: Path, form: Form) -> tuple[int, int]:
    """Fetch a package as `form` into `folder` (which must be empty or absent); returns files and bytes written.

    Every file is compared with the digest that goes with it: the archive's list (`zip`), the bag's manifests
    (`bagit`), the METS (`aip`, `dip`). Raises CopyUnreadable when one differs or is missing.
    """
    if folder.exists() and any(folder.iterdir()):
        talk.stop(talk.USAGE, f"Mappen {folder} är inte tom.", f"The folder {folder} is not empty.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".samarkiv-", dir=folder.parent) as scratch:
        packed = Path(scratch) / "export.zip"
        _download(client, package, form, packed)
        files, size, seen = _unpack(packed, folder)
    _compare(seen, _expected(client, package, folder, form))
    return files, size


def _download(client: Client, package: str, form: Form, packed: Path) -> None:
    path, params = f"/v1/exports/{package}", {"as": form}
    with client.http.stream("GET", path, params=params) as answer:
        if answer.status_code >= 400:
            answer.read()
            client.request("GET", path, params=params)
        with packed.open("wb") as sink, talk.progress(package, None) as advance:
            for chunk in answer.iter_bytes(2**20):
                sink.write(chunk)
                advance(len(chunk))


def _unpack(packed: Path, folder: Path) -> tuple[int, int, dict[str, str]]:
    """Write the members; returns files, bytes, and path → SHA-256 of what was written."""
    seen: dict[str, str] = {}
    size = 0
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
            with target.open("rb") as written:
                seen[member.filename] = hashlib.file_digest(written, "sha256").hexdigest()
            size += member.file_size
    return len(seen), size, seen


def _expected(client: Client, package: str, folder: Path, form: Form) -> dict[str, str]:
    """Return path → SHA-256 as it must be."""
    if form == "zip":
        lines = client.request("GET", f"/v1/exports/{package}/manifest").text.splitlines()
        return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    root = next(one for one in folder.iterdir() if one.is_dir())
    if form == "bagit":
        return dict(_bagged(root))
    found: dict[str, str] = {}
    for mets in (root / "METS.xml", *sorted(root.glob("representations/*/METS.xml"))):
        found.update(_listed(mets, root.name))
    return found


def _bagged(root: Path) -> Iterator[tuple[str, str]]:
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        for line in (root / name).read_text(encoding="utf-8").splitlines():
            digest, path = line.split("  ", 1)
            yield (
                f"{root.name}/{path.replace('%0A', chr(10)).replace('%0D', chr(13)).replace('%25', '%')}",
                digest,
            )


def _listed(mets: Path, root: str) -> Iterator[tuple[str, str]]:
    """Yield what a METS lists, by its path in the export; references are relative to that METS."""
    folder = mets.parent.relative_to(mets.parent if mets.parent.name == root else mets.parent.parents[1])
    prefix = root if str(folder) == "." else f"{root}/{folder.as_posix()}"
    for _event, element in etree.iterparse(mets, resolve_entities=False, no_network=True, load_dtd=False):
        place = element if element.tag == f"{METS}mdRef" else element.find(f"{METS}FLocat")
        if place is not None and element.get("CHECKSUM"):
            yield f"{prefix}/{unquote(place.get(HREF, ''))}", element.get("CHECKSUM", "").lower()


def _compare(seen: dict[str, str], expected: dict[str, str]) -> None:
    for name, digest in expected.items():
        if name not in seen:
            raise CopyUnreadable(sv=f"Filen saknas: {name}", en=f"The file is missing: {name}")
        if seen[name] != digest:
            raise CopyUnreadable(
                sv=f"Kontrollsumman stämmer inte: {name}", en=f"The digest does not match: {name}"
            )
