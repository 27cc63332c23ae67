"""The base of every event model."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """Data of one event. `type` is its CloudEvents type, `key` names the field that is the log's key.

    Additive change keeps v1: unknown fields are ignored, so that today's code reads tomorrow's event.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str] = ""
    key: ClassVar[str] = ""
    urgent: ClassVar[bool] = False
