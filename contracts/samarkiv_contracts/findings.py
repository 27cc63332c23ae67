"""A finding: what a rule has to say about a delivery, for a person and for a machine."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from samarkiv_contracts.text import Text


class Severity(StrEnum):
    """The official level of a rule (CSIP MUST = ERROR, SHOULD = WARNING, MAY = INFO)."""

    ERROR = "ERROR"
    WARNING = "WARNING"
    INFO = "INFO"


class Layer(StrEnum):
    """Which layer of the check a rule belongs to (STANDARDS §5.1); agreements block by layer."""

    CONTAINER = "container"
    STRUCTURE = "structure"
    COMPLETENESS = "completeness"
    FIXITY = "fixity"
    SAFETY = "safety"
    SCHEMA = "schema"
    RULE = "rule"
    REFERENCE = "reference"
    FORMAT = "format"
    CONTENT = "content"
    AGREEMENT = "agreement"


class Effect(StrEnum):
    """What an agreement makes of a finding."""

    BLOCK = "block"
    PERSON = "person"
    NOTE = "note"


class Finding(BaseModel):
    """One finding. `code` is the official rule id where one exists (`CSIP60`), ours elsewhere.

    `file` is the path inside the package, `place` where in it; both empty for the package as a whole.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    severity: Severity
    layer: Layer
    message: Text
    hint: Text
    file: str = ""
    place: str = ""
    expected: str = ""
    found: str = ""
    effect: Effect | None = Field(default=None, description="set by the agreement's policy")

    def told(self, language: str) -> dict[str, str | None]:
        """Return the finding as the flat object of the public API (DESIGN §7) in one language."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "layer": self.layer.value,
            "message": self.message.get(language),
            "file": self.file,
            "place": self.place,
            "expected": self.expected,
            "found": self.found,
            "hint": self.hint.get(language),
            "effect": self.effect.value if self.effect else None,
        }
