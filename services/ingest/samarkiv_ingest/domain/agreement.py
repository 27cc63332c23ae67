"""The submission agreement (leveransöverenskommelse): what may be delivered, what blocks, how things are exposed."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from samarkiv_contracts.findings import Effect, Finding, Layer, Severity
from samarkiv_contracts.levels import Level

TOLERANT_BLOCKS = frozenset(
    {Layer.CONTAINER, Layer.STRUCTURE, Layer.COMPLETENESS, Layer.FIXITY, Layer.SAFETY, Layer.AGREEMENT}
)

State = Literal["draft", "agreed", "ended"]


class Grouping(BaseModel):
    """How records of a stream become packages: one a case, once every expected attachment has come."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: Literal["case"] = "case"


class Mapping(BaseModel):
    """A CSV register in the package: which file, and which column holds which field of a record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    columns: dict[str, str]
    delimiter: str = ""


class Terms(BaseModel):
    """The machine-readable part of an agreement, archived with every package it governs.

    `rules` is the reading of findings: `strict` lets every ERROR block; `tolerant` lets structure, fixity,
    completeness, container and safety block, and records the rest in the AIP. `effects` overrides by layer or code.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    profiles: tuple[str, ...] = Field(
        default=(), description="accepted package profiles by prefix; empty = every kind"
    )
    rules: Literal["strict", "tolerant"] = "strict"
    effects: dict[str, Effect] = Field(default_factory=dict)
    approval: Literal["rules", "person"] = "rules"
    default_level: int = Field(default=2, ge=0, le=2)
    publication_decision: str = Field(
        default="", description="reference of the publiceringsbeslut; without it level 0 becomes 1"
    )
    record_type: str = ""
    series: str = ""
    custody: Literal["intermediate", "final"] = "intermediate"
    grouping: Grouping = Grouping()
    mapping: Mapping | None = None
    quarantine_days: int = Field(default=90, ge=0)
    max_bytes: int = Field(default=0, ge=0, description="0 = the house's limit")
    max_entries: int = Field(default=0, ge=0, description="0 = the house's limit")
    max_ratio: int = Field(default=0, ge=0, description="0 = the house's limit")


class Agreement(BaseModel):
    """One version of an agreement between a producing authority and the archive authority."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    tenant: str
    authority: str
    reference: str
    title: str
    version: int = 1
    producer: str = Field(description="the producer account whose topics and deliveries the agreement covers")
    state: State = "draft"
    valid_from: str = ""
    valid_to: str = ""
    approved_by_producer: str = ""
    approved_by_archive: str = ""
    terms: Terms

    def in_force(self, day: date) -> bool:
        """Return True when both parties have approved and `day` lies within the agreed time."""
        text = day.isoformat()
        if self.state != "agreed" or not (self.approved_by_producer and self.approved_by_archive):
            return False
        return (not self.valid_from or self.valid_from <= text) and (
            not self.valid_to or text <= self.valid_to
        )

    def level_of(self, declared: int | None) -> Level:
        """Return the level of a record: the declared or agreed one, never open without a publication decision."""
        level = Level(self.terms.default_level if declared is None else declared)
        return Level.ON_REQUEST if level is Level.OPEN and not self.terms.publication_decision else level


def effect_of(terms: Terms, finding: Finding) -> Effect:
    """Return what the agreement makes of a finding: by its code, then its layer, then the strict or tolerant reading."""
    for name in (finding.code, finding.layer.value):
        if name in terms.effects:
            return terms.effects[name]
    if finding.severity is not Severity.ERROR:
        return Effect.NOTE
    if terms.rules == "strict" or finding.layer in TOLERANT_BLOCKS:
        return Effect.BLOCK
    return Effect.NOTE


def judged(terms: Terms, finding: Finding) -> Finding:
    """Return the finding with the effect this agreement gives it."""
    return finding.model_copy(update={"effect": effect_of(terms, finding)})


def accepts_profile(terms: Terms, profile: str) -> bool:
    """Return True when the agreement takes packages of this profile."""
    return not terms.profiles or any(profile.startswith(prefix) for prefix in terms.profiles)
