"""Records published by producer systems: the record stream (DESIGN §2, way b)."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from samarkiv_contracts.events.base import Event


class Document(BaseModel):
    """One document of a record: inline (base64, small) or by reference in the drop area, with its digest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=1024)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)
    inline: str | None = None
    location: str | None = None
    level: int | None = Field(default=None, ge=0, le=2)


class RecordClosed(Event):
    """A case was closed in the producer's system and is to be archived."""

    type: ClassVar[str] = "se.samarkiv.record.closed.v1"
    key: ClassVar[str] = "case_id"

    agreement: str
    case_id: str = Field(min_length=1, max_length=200)
    title: str = Field(min_length=1, max_length=2000)
    public_title: str = ""
    record_type: str = ""
    registry_no: str = ""
    classification: str = ""
    description: str = ""
    level: int | None = Field(default=None, ge=0, le=2)
    dates: dict[str, str] = Field(default_factory=dict)
    places: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    documents: tuple[Document, ...] = ()
    attachments_expected: int = Field(
        default=0, ge=0, description="record.attached events that complete the case"
    )


class RecordAttached(Event):
    """A further document of a case; it may arrive before or after `record.closed`."""

    type: ClassVar[str] = "se.samarkiv.record.attached.v1"
    key: ClassVar[str] = "case_id"

    agreement: str
    case_id: str = Field(min_length=1, max_length=200)
    documents: tuple[Document, ...]
