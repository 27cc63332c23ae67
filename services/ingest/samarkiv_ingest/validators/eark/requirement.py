"""What a requirement is: its official ID, its level per version of the specification, where it looks and what it means."""

from dataclasses import dataclass
from typing import Literal

from samarkiv_contracts.findings import Finding, Layer, Severity
from samarkiv_contracts.text import Text

from samarkiv_ingest.packages.codes import shown

Version = Literal["2.0.4", "2.1.0", "2.2.0"]
VERSIONS: tuple[Version, ...] = ("2.0.4", "2.1.0", "2.2.0")
SEVERITY = {"MUST": Severity.ERROR, "SHOULD": Severity.WARNING, "MAY": Severity.INFO}
_HINT = Text(
    sv="Rätta METS-filen eller exporten enligt kravet och leverera på nytt.",
    en="Correct the METS file or the export by the requirement and deliver again.",
)


@dataclass(frozen=True)
class Requirement:
    """One requirement. `levels` are MUST, SHOULD or MAY in the order of VERSIONS; `place` is its XPath."""

    id: str
    levels: tuple[str, ...]
    place: str
    meaning: Text

    def severity(self, version: Version) -> Severity:
        """Return the severity of its own level in a version."""
        return SEVERITY[self.levels[VERSIONS.index(version)]]


def row(code: str, level: str, place: str, sv: str, en: str) -> Requirement:
    """Return a requirement; `level` is one word, or three with slashes for 2.0.4, 2.1.0 and 2.2.0."""
    levels = tuple(level.split("/")) if "/" in level else (level,) * len(VERSIONS)
    return Requirement(code, levels, place, Text(sv=sv, en=en))


def table(*rows: Requirement) -> dict[str, Requirement]:
    """Return requirements by ID; raises ValueError when an ID stands twice."""
    found = {one.id: one for one in rows}
    if len(found) != len(rows):
        raise ValueError("a requirement stands twice")
    return found


@dataclass(frozen=True)
class Fault:
    """What a rule found: where, what was expected, and a severity or layer when not the requirement's own."""

    line: int = 0
    expected: str = ""
    found: str = ""
    severity: Severity | None = None
    layer: Layer | None = None
    about: str = ""


def told(requirement: Requirement, fault: Fault, version: Version, file: str) -> Finding:
    """Return the finding of a fault against a requirement in `file`."""
    layer = Layer.STRUCTURE if requirement.id.startswith("CSIPSTR") else Layer.RULE
    where = " ".join(part for part in (requirement.place, fault.about) if part)
    return Finding(
        code=requirement.id,
        severity=fault.severity or requirement.severity(version),
        layer=fault.layer or layer,
        message=requirement.meaning,
        hint=_HINT,
        file=shown(file),
        place=shown(f"{fault.line}: {where}" if fault.line else where, 400),
        expected=shown(fault.expected, 300),
        found=shown(fault.found, 300),
    )
