"""The CloudEvents 1.0 envelope in structured JSON mode, as every event of the archive wears it."""

import json
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

TYPE_PREFIX = "se.samarkiv."


class Envelope(BaseModel):
    """A CloudEvents 1.0 event (structured mode) with our extension attributes.

    `partitionkey` is the key of the log; `sequence` the version of the thing told about, so that a consumer can
    apply events by version; `correlationid` follows a delivery from event to event, `causationid` names the event
    that led to this one. `data` carries ids, digests and states only, never content or personal data.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(min_length=1, max_length=200)
    source: str = Field(min_length=1, max_length=400)
    type: str = Field(min_length=1, max_length=200)
    time: datetime
    subject: str = ""
    datacontenttype: str = "application/json"
    tenant: str = ""
    partitionkey: str = ""
    sequence: int = 0
    correlationid: str = ""
    causationid: str = ""
    traceparent: str = ""
    data: dict[str, Any] = Field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return the structured JSON form, UTF-8, keys in a fixed order."""
        doc = self.model_dump(mode="json")
        doc["time"] = self.time.isoformat().replace("+00:00", "Z")
        return json.dumps(doc, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, body: bytes) -> "Envelope":
        """Read the structured JSON form; raises pydantic.ValidationError when it is no CloudEvent of ours."""
        return cls.model_validate_json(body)
