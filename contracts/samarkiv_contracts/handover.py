"""What ingest hands to preservation when a delivery has passed: the promise behind `delivery.passed`.

Objects in the staging store under `passed/<delivery>/`:

- `handover.json`  this model; its sha-256 stands in the event
- `files.jsonl`    a `FileEntry` a line, in the order the bytes are to be read
- `content.bin`    inflated members, one after the other (absent when every file can be read from the upload)
- `report.json`    the findings of the acceptance control
and the upload itself, under the key `upload` names.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from samarkiv_contracts.description import PackageDescription, RecordDescription
from samarkiv_contracts.ids import DeliveryId, TenantId


class FileEntry(BaseModel):
    """One delivered file or empty folder, checked.

    `source` tells where its stored bytes lie: `upload` or `content`, from `offset`, `size` bytes as they are.
    `path` is the delivered path (forward slashes, exact code points); `raw_name` is set (hex) when the delivered
    name was not UTF-8. Folders that hold nothing have `folder=True` and no digest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    size: int = 0
    sha256: str = ""
    crc32: int = 0
    source: Literal["upload", "content"] = "content"
    offset: int = 0
    puid: str = ""
    mime: str = "application/octet-stream"
    format: str = ""
    basis: str = ""
    raw_name: str = ""
    folder: bool = False
    package: int = 0


class PlannedPackage(BaseModel):
    """One AIP to be: its description and records. FileEntry.package is the index of the plan."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: PackageDescription
    records: tuple[RecordDescription, ...]


class Act(BaseModel):
    """One act of ingest, to be told as a PREMIS event of every package of the delivery."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str = Field(
        description="LoC event type, for example `ingestion`, `message digest calculation`, `virus check`"
    )
    at: str
    outcome: Literal["success", "warning", "failure", "not done"]
    detail: str = ""
    agent: str = Field(default="samarkiv", description="`samarkiv`, a tool with version, or a person id")


class Handover(BaseModel):
    """Everything preservation needs to build the AIPs of one delivery; no other table of ingest is read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delivery: DeliveryId
    tenant: TenantId
    upload: str = Field(description="staging key of the delivered container; empty for a record stream")
    content: str = Field(description="staging key of content.bin; empty when nothing was inflated")
    files: str
    report: str
    agreement: dict[str, object] = Field(
        description="the agreement as it stood, for documentation/agreement.json"
    )
    packages: tuple[PlannedPackage, ...]
    acts: tuple[Act, ...] = ()
    people: tuple[dict[str, str], ...] = Field(default=(), description="staff named in acts: id, name, role")
