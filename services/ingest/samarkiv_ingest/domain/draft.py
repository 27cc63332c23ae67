"""What acceptance control understood of a delivery, before ids are minted: packages and their records to be."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from samarkiv_contracts.description import SecrecyMark
from samarkiv_contracts.handover import Act


class RecordDraft(BaseModel):
    """A record as the delivery describes it; `level` None means that the delivery says nothing of it.

    `files` are delivered paths; None means every file of the package.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    public_title: str = ""
    record_type: str = ""
    level: int | None = None
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
    source_id: str = ""


class PackageDraft(BaseModel):
    """A package as the delivery describes it: a label and its records (at least one)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    records: tuple[RecordDraft, ...]


class Checked(BaseModel):
    """The outcome of one run of acceptance control, kept in staging until the delivery has its packages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: str
    label: str
    records: tuple[RecordDraft, ...]
    files: int
    bytes: int
    content: bool = Field(description="True when content.bin exists")
    outcome: Literal["clean", "held", "rejected"]
    acts: tuple[Act, ...]
