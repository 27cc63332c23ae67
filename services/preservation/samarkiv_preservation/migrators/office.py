"""Office files to PDF/A-2b by LibreOffice, behind walls; its exit status proves nothing, only what it made does."""

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samarkiv_runtime.pool import Pool, PoolError
from samarkiv_runtime.sandbox import Limits, Run, Sandbox

from samarkiv_preservation.formats.policy import Rule
from samarkiv_preservation.migrators.base import MigrationResult, Outcome
from samarkiv_preservation.migrators.verapdf import VeraPdf
from samarkiv_preservation.migrators.verify import measure_pdf

TOOL = "LibreOffice"
_BATCH = 40
_LEAST_BYTES = 500
_PLAUSIBLE, _PROVED = 0.95, 0.99
_OPTIONS = json.dumps(
    {
        "SelectPdfVersion": {"type": "long", "value": "2"},
        "ExportNotes": {"type": "boolean", "value": "false"},
        "ExportNotesInMargin": {"type": "boolean", "value": "true"},
    },
    separators=(",", ":"),
)


class LibreOffice:
    """The program on this machine: where it is, and in which version. `why` tells why it cannot be used."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Look for it; nothing is started."""
        self.sandbox = sandbox
        self._program = shutil.which("soffice") or shutil.which("libreoffice") or ""
        self._version = ""
        self.why = ""
        if not self._program:
            self.why = "LibreOffice is not installed"
        elif not sandbox.available:
            self.why = f"no sandbox: {sandbox.why}"

    def version(self) -> str:
        """Return the version it tells, for example `7.4.7.2`; asked once."""
        if not self._version and not self.why:
            with tempfile.TemporaryDirectory(prefix="office-") as work:
                run = self._run(["--version"], Path(work), Limits(seconds=60))
            words = run.told.split("LibreOffice ")[-1].split()
            self._version = words[0] if words else "unknown"
        return self._version

    def convert(self, family: str, names: Sequence[str], work: Path, limits: Limits) -> Run:
        """Convert `work/in/<name>` to `work/out/*.pdf`."""
        arguments = ["--convert-to", f"pdf:{family}_pdf_Export:{_OPTIONS}", "--outdir", "{work}/out"]
        return self._run([*arguments, *(f"{{work}}/in/{name}" for name in names)], work, limits)

    def _run(self, arguments: Sequence[str], work: Path, limits: Limits) -> Run:
        profile = tempfile.mkdtemp(prefix="profile-", dir=work)
        command = [
            self._program,
            *("--headless", "--norestore", "--nolockcheck", "--nodefault", "--nofirststartwizard"),
            f"-env:UserInstallation=file://{{work}}/{os.path.basename(profile)}",
            *arguments,
        ]
        try:
            return self.sandbox.run(command, work, limits=limits)
        finally:
            shutil.rmtree(profile, ignore_errors=True)


@dataclass(frozen=True)
class OfficeMigrator:
    """One kind of office file (by its suffix, which LibreOffice goes by) to PDF/A-2b."""

    rule: Rule
    source_puid: str
    source_mime: str
    source_suffix: str
    office: LibreOffice = field(compare=False, repr=False)
    pool: Pool = field(compare=False, repr=False)
    verapdf: VeraPdf | None = field(default=None, compare=False, repr=False)
    target_mime: str = "application/pdf"
    suffix: str = ".pdf"

    @property
    def target_puid(self) -> str:
        """Return the PUID the policy asks for."""
        return self.rule.to

    def migrate(self, batch: Sequence[Path], outdir: Path) -> list[MigrationResult]:
        """Migrate in batches, then alone what is missing, then measure every output against its source."""
        if self.office.why:
            return [self._told(source, None, "could_not", {}, self.office.why) for source in batch]
        found: list[MigrationResult] = []
        for at in range(0, len(batch), _BATCH):
            found += self._batch(batch[at : at + _BATCH], outdir, at)
        return found

    def _batch(self, batch: Sequence[Path], outdir: Path, first: int) -> list[MigrationResult]:
        with tempfile.TemporaryDirectory(prefix="office-", dir=outdir, ignore_cleanup_errors=True) as folder:
            work = Path(folder)
            (work / "in").mkdir()
            (work / "out").mkdir()
            names: dict[str, Path] = {}
            notes: dict[Path, str] = {}
            for n, source in enumerate(batch, first):
                if source.stat().st_size > self.rule.max_bytes:
                    notes[source] = f"larger than {self.rule.max_bytes >> 20} MiB"
                    continue
                # a copy under a name of ours: two sources of one name would overwrite each other's output,
                # and the program must not reach the source itself
                name = f"{n:06}{self.source_suffix}"
                shutil.copyfile(source, work / "in" / name)
                names[name] = source
            self._convert(work, list(names), notes, names)
            made: dict[Path, Path] = {}
            for name, source in names.items():
                output = work / "out" / (Path(name).stem + self.suffix)
                if _is_pdf(output):
                    made[source] = Path(shutil.move(output, outdir / output.name))
            return self._results(batch, made, notes)

    def _convert(
        self, work: Path, names: list[str], notes: dict[Path, str], sources: dict[str, Path]
    ) -> None:
        def limits(count: int) -> Limits:
            return Limits(self.rule.timeout_s / 2 + 5 * count, self.rule.memory_bytes)

        if len(names) > 1:
            self.office.convert(self.rule.family, names, work, limits(len(names)))
        for name in names:
            if _is_pdf(work / "out" / (Path(name).stem + self.suffix)):
                continue
            run = self.office.convert(self.rule.family, [name], work, limits(12))
            told = run.told.replace("{work}", "").strip().splitlines()
            notes[sources[name]] = (
                "took too long" if run.timed_out else f"no output: {(told or [''])[-1][:200]}"
            )

    def _results(
        self, batch: Sequence[Path], made: dict[Path, Path], notes: dict[Path, str]
    ) -> list[MigrationResult]:
        futures = {
            source: self.pool.submit(
                measure_pdf, str(source), self.source_puid, self.source_mime, str(output), limit_s=120.0
            )
            for source, output in made.items()
        }
        found = []
        for source in batch:
            if source not in made:
                note = notes.get(source, "no output")
                could_not = note.startswith("larger")
                found.append(self._told(source, None, "could_not" if could_not else "failed", {}, note))
                continue
            try:
                measured = futures[source].result()
            except PoolError as error:
                found.append(self._told(source, made[source], "needs_review", {}, f"not measured: {error}"))
                continue
            if self.verapdf:
                measured["verapdf"] = self.verapdf.judge(made[source], "2b")
            outcome, reason = self._verdict(measured)
            found.append(self._told(source, made[source], outcome, measured, reason))
        return found

    def _verdict(self, measured: dict[str, Any]) -> tuple[Outcome, str]:
        recall = measured["word_recall"]
        judged = measured.get("verapdf", {}).get("compliant")
        doubts = [
            ("" if measured["puid"] == self.target_puid else f"the output is {measured['puid']}"),
            ("" if measured["pages"] else "the output has no pages"),
            ("the output is not valid PDF/A-2b" if judged is False else ""),
            ("" if recall is None or recall >= _PLAUSIBLE else f"only {recall:.0%} of the words are found"),
            ("the source text cannot be read" if measured["words"] is None else ""),
            (
                "another number of slides"
                if self.rule.family == "impress" and measured["pages_told"] not in {None, measured["pages"]}
                else ""
            ),
        ]
        reason = "; ".join(doubt for doubt in doubts if doubt)
        if reason:
            return "needs_review", reason
        same_pages = measured["pages_told"] in {None, measured["pages"]}
        if judged and same_pages and recall is not None and recall >= _PROVED and not measured["signed"]:
            return "proved", ""
        return "plausible", "the original is digitally signed" if measured["signed"] else ""

    def _told(
        self, source: Path, output: Path | None, outcome: Outcome, measured: dict[str, Any], reason: str
    ) -> MigrationResult:
        return MigrationResult(source, output, outcome, measured, TOOL, self.office.version(), reason)


def _is_pdf(path: Path) -> bool:
    """Return whether a real file (no link out of the walls) is there that begins as a PDF."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        found = os.fstat(fd)
        return stat.S_ISREG(found.st_mode) and found.st_size > _LEAST_BYTES and os.read(fd, 5) == b"%PDF-"
    finally:
        os.close(fd)
