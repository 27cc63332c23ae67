"""What a package says of itself: the machine-readable description that lies in every AIP and search and access read.

Stored as `metadata/other/description.jsonl`: the first line is the package, every further line a record.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from samarkiv_contracts.ids import AgreementId, AuthorityId, DeliveryId, PackageId, RecordId, TenantId

Custody = Literal["intermediate", "final"]


class SecrecyMark(BaseModel):
    """A secrecy marking: a warning with legal reference, date and marking authority, never a decision."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    legal_ref: str
    date: str = ""
    authority: str = ""
    until: str = ""


class RecordDescription(BaseModel):
    """One record (handling, ärende) of a package.

    `files` holds original paths; None means every file of the package. `file_levels` raises single files.
    Dates are ISO dates under their role (`created`, `decided`, `closed` …), as written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: RecordId
    title: str
    public_title: str = ""
    record_type: str = ""
    level: int = 2
    registry_no: str = ""
    series: str = ""
    classification: str = ""
    description: str = ""
    places: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    dates: dict[str, str] = Field(default_factory=dict)
    secrecy: tuple[SecrecyMark, ...] = ()
    protected: bool = False
    files: tuple[str, ...] | None = None
    file_levels: dict[str, int] = Field(default_factory=dict)
    source_id: str = Field(
        default="", description="the producer's own id of the record, for example a CloudEvents id"
    )


class PackageDescription(BaseModel):
    """The package as a whole: whose it is, under which agreement, and its own exposure level."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: PackageId
    label: str
    tenant: TenantId
    tenant_name: str
    authority: AuthorityId
    authority_name: str
    agreement: AgreementId
    agreement_reference: str
    agreement_version: int
    delivery: DeliveryId
    producer: str
    profile: str = Field(
        description="the detected package profile, for example `e-ark-sip-2.1.0`, `bagit-1.0`, `folder`"
    )
    received_at: str
    custody: Custody = "intermediate"
    level: int = 2
    container_name: str
    container_sha256: str
    container_bytes: int
    records: int
    files: int
    bytes: int
    delivery_packages: int = Field(default=1, description="how many packages the delivery became")
    delivery_title: str = ""
