"""`samarkiv deliver`: a file, or a folder as a stored ZIP, over the public API."""

import hashlib
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from samarkiv import talk
from samarkiv.client import Client

PIECE = 32 * 2**20
ENDS = {"accepted", "rejected", "returned", "held", "parked", "superseded"}


def deliver(
    client: Client,
    path: Path,
    agreement: str,
    *,
    title: str = "",
    test: bool = False,
    replaces: str = "",
    key: str = "",
) -> str:
    """Deliver `path` under an agreement; returns the delivery's id once the archive has acknowledged the bytes."""
    with _as_file(path) as (file, name):
        size, digest = file.stat().st_size, _digest(file)
        headers = {"idempotency-key": key} if key else {}
        opened = client.post(
            "/v1/deliveries",
            {
                "agreement": agreement,
                "title": title or path.name,
                "name": name,
                "sha256": digest,
                "bytes": size,
                "kind": "TEST" if test else ("REPLACEMENT" if replaces else "NEW"),
                "replaces": replaces,
            },
            headers=headers,
        )
        _upload(client, opened["upload"], file, size)
        client.post(f"/v1/deliveries/{opened['id']}/commit")
        return str(opened["id"])


def _upload(client: Client, address: str, file: Path, size: int) -> None:
    """Send the bytes by tus from where the upload stands."""
    headers = {"tus-resumable": "1.0.0"}
    offset = int(client.request("HEAD", address, headers=headers).headers["upload-offset"])
    with talk.progress(file.name, size) as advance, file.open("rb") as source:
        source.seek(offset)
        advance(offset)
        while offset < size or (size == 0 and offset == 0):
            piece = source.read(PIECE)
            answer = client.request(
                "PATCH",
                address,
                content=piece,
                headers={
                    **headers,
                    "upload-offset": str(offset),
                    "content-type": "application/offset+octet-stream",
                },
            )
            advance(len(piece))
            offset = int(answer.headers["upload-offset"])
            if size == 0:
                break


def wait(client: Client, delivery: str, *, seconds: float = 24 * 3600) -> dict[str, Any]:
    """Follow a delivery to its end and return it; accepted counts only when everything of it is searchable."""
    deadline = time.monotonic() + seconds
    pause = 0.05
    while True:
        row = client.delivery(delivery)
        ended = row["state"] in ENDS and (row["state"] != "accepted" or row["indexed"])
        if ended or (row["test"] and row["state"] == "passed") or time.monotonic() > deadline:
            return row
        time.sleep(pause)
        pause = min(pause * 1.3, 1.0)


def outcome(client: Client, row: dict[str, Any]) -> dict[str, Any]:
    """Return the command's JSON: delivery, outcome, packages and findings."""
    findings = list(client.items(f"/v1/deliveries/{row['id']}/findings"))
    return {
        "delivery": row["id"],
        "outcome": row["state"],
        "packages": row["packages"],
        "findings": findings,
    }


def exit_code(state: str) -> int:
    """Return the exit code of an outcome: 0 accepted or on its way, 1 a person must act, 3 a technical fault."""
    if state in {"rejected", "returned", "held"}:
        return talk.FINDINGS
    return talk.SYSTEM if state == "parked" else talk.DONE


def show(result: dict[str, Any], row: dict[str, Any]) -> None:
    """Print an outcome for a person."""
    print(f"{row['id']}  {row['state_text']}")
    for package in result["packages"]:
        print(f"  {talk.pick('paket', 'package')} {package}")
    for one in result["findings"][:20]:
        print(f"  {one['severity']:<7} {one['code']:<14} {one['file']} {one['message']}")
        if one["hint"]:
            print(f"          {one['hint']}")
    more = len(result["findings"]) - 20
    if more > 0:
        print(
            talk.pick(f"  … och {more} till (--json visar alla)", f"  … and {more} more (--json shows all)")
        )


@contextmanager
def _as_file(path: Path) -> Iterator[tuple[Path, str]]:
    if not path.is_dir():
        yield path, path.name
        return
    from samarkiv_ingest.packages.sip_writer import zip_folder

    with tempfile.TemporaryDirectory(prefix="samarkiv-") as folder:
        packed = Path(folder) / f"{path.resolve().name}.zip"
        zip_folder(path, packed)
        yield packed, packed.name


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
