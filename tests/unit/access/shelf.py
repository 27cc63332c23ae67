"""Packages on a shelf: small real OCFL objects in two folders, made without preservation."""

import hashlib
import json
import uuid
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from samarkiv_access.dissemination.zipstream import entry_of, zip_stream
from samarkiv_contracts.description import PackageDescription, RecordDescription
from samarkiv_runtime.objects.folder import FolderStore
from samarkiv_runtime.ocfl import container_key, index_key, object_root

MOMENT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MIMES = {
    ".pdf": ("application/pdf", "fmt/476"),
    ".txt": ("text/plain", "x-fmt/111"),
    ".csv": ("text/csv", "x-fmt/18"),
    ".png": ("image/png", "fmt/11"),
    ".tif": ("image/tiff", "fmt/353"),
    ".xml": ("text/xml", "fmt/101"),
}


def an_id(prefix: str, name: str) -> str:
    """Return a well-formed id that is the same for the same name."""
    return f"{prefix}-{uuid.UUID(bytes=uuid.uuid5(uuid.NAMESPACE_OID, name).bytes, version=4)}"


TENANT = an_id("tnt", "lindhamra")
OTHER = an_id("tnt", "ronnesta")
BOARD = an_id("aut", "byggnadsnamnden")
SCHOOL = an_id("aut", "skola")
AGREEMENT = an_id("agr", "demo-tolerant")


def described(name: str, **more: object) -> PackageDescription:
    """Return a package's description with sensible values for everything that is not named."""
    values: dict[str, object] = {
        "id": an_id("uuid", name),
        "label": name,
        "tenant": TENANT,
        "tenant_name": "Lindhamra",
        "authority": BOARD,
        "authority_name": "Byggnadsnämnden",
        "agreement": AGREEMENT,
        "agreement_reference": "DEMO-TOLERANT",
        "agreement_version": 1,
        "delivery": an_id("dlv", name),
        "producer": "byggr",
        "profile": "folder",
        "received_at": "2026-11-24T07:30:00Z",
        "level": 0,
        "container_name": f"{name}.zip",
        "container_sha256": "0" * 64,
        "container_bytes": 1000,
        "records": 1,
        "files": 1,
        "bytes": 1,
    }
    return PackageDescription.model_validate({**values, **more})


def record(name: str, **more: object) -> RecordDescription:
    """Return a record's description, at level 0 unless said."""
    values: dict[str, object] = {"id": an_id("rec", name), "title": name, "level": 0}
    return RecordDescription.model_validate({**values, **more})


class Shelf:
    """Two storage roots, `a` and `b`, and a derivatives store."""

    def __init__(self, folder: Path) -> None:
        self.copies = {name: FolderStore(folder / name) for name in ("a", "b")}
        self.derivatives = FolderStore(folder / "derivatives")

    def put(
        self,
        said: PackageDescription,
        records: Sequence[RecordDescription],
        files: Mapping[str, bytes],
        texts: Mapping[str, str] | None = None,
    ) -> None:
        """Write version 1 of a package into both copies, and its extracted texts."""
        lines = [said.model_dump_json(), *(one.model_dump_json() for one in records)]
        members = {f"representations/original/data/{path}": data for path, data in files.items()}
        members["metadata/other/description.jsonl"] = ("\n".join(lines) + "\n").encode()
        members["schemas/mets.xsd"] = b"<schema/>"
        members["METS.xml"] = b"<mets/>"
        for store in self.copies.values():
            self._write(store, said.id, members)
        if texts:
            body = "".join(f"{json.dumps({'path': path, 'text': text})}\n" for path, text in texts.items())
            writer = self.derivatives.create(f"{said.id}/1/text.jsonl")
            writer.write(body.encode())
            writer.commit()

    def _write(self, store: FolderStore, package: str, members: Mapping[str, bytes]) -> None:
        index, at = [], 0
        for name, data in members.items():
            full = f"{package}/{name}"
            mime, puid = MIMES.get(Path(name).suffix, ("application/octet-stream", ""))
            offset = at + 30 + len(full.encode())
            line = {"member": full, "offset": offset, "length": len(data), "crc32": zlib.crc32(data)}
            line["sha256"] = hashlib.sha256(data).hexdigest()
            index.append(json.dumps(line | ({"mime": mime, "puid": puid} if "/data/" in name else {})))
            at = offset + len(data)
        entries = [entry_of(f"{package}/{name}", data) for name, data in members.items()]
        container = b"".join(zip_stream(entries, MOMENT))
        lines = ("\n".join(index) + "\n").encode()
        manifest = {}
        for key, data in ((container_key(package, 1), container), (index_key(package, 1), lines)):
            writer = store.create(key)
            writer.write(data)
            writer.commit()
            path = key.removeprefix(f"{object_root(package)}/")
            manifest[hashlib.sha512(data).hexdigest()] = [path]
        inventory = {
            "id": package,
            "head": "v1",
            "manifest": manifest,
            "versions": {"v1": {"created": "2026-11-24T08:00:00Z", "message": "stored"}},
        }
        raw = json.dumps(inventory).encode()
        store.replace(f"{object_root(package)}/inventory.json", raw)
        sidecar = f"{hashlib.sha512(raw).hexdigest()} inventory.json\n".encode()
        store.replace(f"{object_root(package)}/inventory.json.sha512", sidecar)
