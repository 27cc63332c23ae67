"""What every migrator takes and gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from samarkiv_preservation.formats.policy import Rule

# proved: nothing is known to differ · plausible: what could be measured agrees · needs_review: a person must look,
# the output is not to be added · could_not: no tool, too large · failed: the tool gave nothing that can be used
Outcome = Literal["proved", "plausible", "needs_review", "could_not", "failed"]


@dataclass(frozen=True)
class MigrationResult:
    """The outcome for one file. The original is always kept, whatever it is.

    `output` is None when there is none; `proved` without output means the original is in the target format already.
    `measured` holds the numbers the outcome was drawn from, for the PREMIS event, so that thresholds can change later.
    """

    source: Path
    output: Path | None
    outcome: Outcome
    measured: Mapping[str, Any] = field(default_factory=dict)
    tool: str = ""
    version: str = ""
    reason: str = ""

    @property
    def keeps(self) -> bool:
        """Return True when the output may become a representation."""
        return self.output is not None and self.outcome in {"proved", "plausible"}


class Migrator(Protocol):
    """Moves files of one format. Equal for equal work, so that files can be grouped by it."""

    @property
    def rule(self) -> Rule:
        """Return the rule of the format policy it follows."""
        ...

    @property
    def target_puid(self) -> str:
        """Return the PUID of what it makes."""
        ...

    @property
    def target_mime(self) -> str:
        """Return the MIME type of what it makes."""
        ...

    @property
    def suffix(self) -> str:
        """Return the suffix of what it makes, with its dot."""
        ...

    def migrate(self, batch: Sequence[Path], outdir: Path) -> list[MigrationResult]:
        """Migrate local files into `outdir`, under names of the migrator's own; one result a source, in order.

        Never raises for what a file holds or for a missing tool. Raises OSError, StorageFull when it cannot write.
        """
        ...
