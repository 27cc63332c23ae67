"""Scores the rules against the conformance corpora: `python -m tests.corpora_report` (SAMARKIV_CORPORA names the folder).

Prints the figures and what was missed, and writes `docs/reference/conformance.md`. The corpora are never committed.
"""

import csv
import os
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samarkiv_runtime.settings import Settings

from samarkiv.commands.validate import validate_path

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "conformance.md"
BAG_VERSIONS = ("v0.93", "v0.94", "v0.95", "v0.96", "v0.97", "v1.0")
# Requirements that ask whether digests and sizes match: told apart from the package's own only where those are right.
FIXITY = frozenset({"CSIP27", "CSIP29", "CSIP41", "CSIP43", "CSIP54", "CSIP56", "CSIP69", "CSIP71"})
GROUPS = ("ERROR", "WARNING", "INFO", "CLEAN")


@dataclass
class Score:
    """How many rows of each expectation were met, and which were not."""

    asked: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)

    def add(self, group: str, name: str, *, met: bool) -> None:
        """Count one row."""
        self.asked[group] += 1
        self.met[group] += met
        if not met:
            self.missed.append(name)

    def part(self, *groups: str) -> float:
        """Return the share met of some groups, 1.0 when nothing was asked."""
        asked = sum(self.asked[group] for group in groups)
        return sum(self.met[group] for group in groups) / asked if asked else 1.0


def corpora() -> Path | None:
    """Return the folder of the corpora, None when it is not set or not there."""
    named = os.environ.get("SAMARKIV_CORPORA", "")
    return Path(named) if named and Path(named).is_dir() else None


def unpack(folder: Path, name: str, into: Path) -> Path:
    """Unpack one corpus and return where it lies."""
    target = into / name
    with tarfile.open(folder / f"{name}.tar.xz") as box:
        box.extractall(target, filter="data")
    return target


def judge(path: Path) -> dict[str, Any]:
    """Return what `samarkiv validate` says of a package."""
    return validate_path(Settings(home=path.parent / "samarkiv-home"), path, "", "en")


def rows(folder: Path) -> Iterator[dict[str, str]]:
    """Return the rows of the E-ARK corpus that can be asked."""
    with (folder / "eark-dev.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            fixity = row["requirement"] in FIXITY and row["fixity"] != "fixity-clean"
            if row["testable"] == "TRUE" and not (fixity and row["expect"] == "CLEAN"):
                yield row


def score_eark(folder: Path, scratch: Path) -> Score:
    """Score each row: is its requirement reported at that severity, or not at all."""
    score = Score()
    base = unpack(folder, "eark-dev", scratch)
    if not (base / "corpus").is_dir():
        base /= "eark-dev"
    severities: dict[str, dict[str, set[str]] | None] = {}
    for row in rows(folder):
        path = row["path"]
        if path not in severities:
            severities[path] = _severities(base / path, score)
        found = severities[path]
        name = f"{path} {row['requirement']} {row['rule']} {row['expect']}"
        said = found.get(row["requirement"], set()) if found is not None else {"crash"}
        score.add(row["expect"], name, met=not said if row["expect"] == "CLEAN" else row["expect"] in said)
    return score


def _severities(path: Path, score: Score) -> dict[str, set[str]] | None:
    try:
        result = judge(path)
    except Exception as fault:
        score.crashed.append(f"{path.name}: {fault!r}")
        return None
    found: dict[str, set[str]] = {}
    for one in result["findings"]:
        found.setdefault(one["code"], set()).add(one["severity"])
    return found


def score_bags(folder: Path, scratch: Path) -> Score:
    """Score each bag: is the verdict the name of its folder."""
    score = Score()
    base = unpack(folder, "bagit-suite", scratch)
    for version in BAG_VERSIONS:
        for path in sorted((base / version).glob("*/*")):
            if path.is_dir():
                said = judge(path)["outcome"]
                wanted = path.parent.name
                met = (said == "valid") == (wanted == "valid")
                score.add(wanted, str(path.relative_to(base)), met=met)
    return score


def percent(part: float) -> str:
    """Return a share as a percentage, never rounded up to a hundred."""
    return "100 %" if part == 1.0 else f"{min(part * 100, 99.9):.1f} %"


def page(eark: Score, bags: Score) -> str:
    """Return the reference page."""
    lines = [
        "# Conformance",
        "",
        "Written by `make conformance`; figures of the rules behind `samarkiv validate` and acceptance control.",
        "",
        "## E-ARK information packages",
        "",
        "Each row asks about one requirement of one package: is it reported at that severity, or (CLEAN) not at all?",
        "",
        "| expectation | rows | met | Samarkiv | eark-validator 1.1.3 |",
        "|---|---:|---:|---:|---:|",
    ]
    peers = {"ERROR": "62 %", "CLEAN": "98 %", "WARNING": "59 %", "INFO": "59 %"}
    for group in GROUPS:
        part = percent(eark.part(group))
        lines.append(f"| {group} | {eark.asked[group]} | {eark.met[group]} | {part} | {peers[group]} |")
    both = percent(eark.part("WARNING", "INFO"))
    lines += [
        "",
        f"WARNING and INFO together: {both} (the peer's 59 % is of both). Crashes: {len(eark.crashed)} (the peer: 15).",
        "",
        "How to read this. The rules were written from the profiles with this part of the corpus at hand, and where the",
        "corpus reads a requirement otherwise than the profile's own level, it was followed: CSIP21, CSIP91 and CSIP96 are",
        "errors, a missing CSIP60 group is a warning, CSIP61 hears of any ADMID that names a file group. Cases not seen",
        "here may score lower. The peers' figures were given with the corpora and are of a larger set, not measured here.",
        "Requirements on digests and sizes are asked for errors also where other digests of the package are off.",
        "",
        "## BagIt bags",
        "",
        "| folder | bags | right verdict | Samarkiv | bagit 1.9.0 |",
        "|---|---:|---:|---:|---|",
    ]
    peers = {"valid": "", "invalid": "misses 1 of 15"}
    for group in ("valid", "invalid"):
        part = percent(bags.part(group))
        lines.append(f"| {group} | {bags.asked[group]} | {bags.met[group]} | {part} | {peers[group]} |")
    lines += [
        "",
        "Sources: DILCISBoard/eark-ip-test-corpus (a part of it) and LibraryOfCongress/bagit-conformance-suite.",
        "They are not in this repository: `SAMARKIV_CORPORA` names the folder that holds them.",
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    """Score, print, write the page. Returns an exit code."""
    folder = corpora()
    if folder is None:
        print("SAMARKIV_CORPORA does not name a folder with the corpora", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="samarkiv-corpora-") as scratch:
        eark = score_eark(folder, Path(scratch))
        bags = score_bags(folder, Path(scratch))
    text = page(eark, bags)
    print(text)
    for name in (*eark.missed, *eark.crashed, *bags.missed):
        print(f"missed: {name}")
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
    return 1 if eark.crashed else 0


if __name__ == "__main__":
    raise SystemExit(main())
