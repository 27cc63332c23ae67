"""`samarkiv validate`: the rules of acceptance control offline, on a package file or a folder; nothing is stored."""

import os
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import Any

from samarkiv_contracts.findings import Finding, Severity
from samarkiv_contracts.problems import HostileContainer
from samarkiv_ingest.packages.check import check_scanned
from samarkiv_ingest.packages.folder import folder_findings
from samarkiv_ingest.packages.limits import Limits
from samarkiv_ingest.packages.pooled import Pool as Workers
from samarkiv_ingest.packages.profile import Seen, detect
from samarkiv_ingest.packages.read import CheckedTree, FolderTree, Tree
from samarkiv_ingest.packages.scan import scan, sniff
from samarkiv_ingest.validators import validate
from samarkiv_runtime.pool import Pool
from samarkiv_runtime.settings import Settings

from samarkiv import talk

# Names that collide make a container refused, but not unreadable: the rules are told as well.
_READABLE = frozenset({"SAM-NAME-COLLISION"})
_SMALL = 32 << 20


def validate_path(settings: Settings, path: Path, profile: str, language: str) -> dict[str, Any]:
    """Return profile, outcome (`valid`, `invalid`, or `refused` as a container) and findings of a package.

    `profile` forces a package profile (`e-ark-sip-2.2.0`, `bagit-1.0`, `fgs-1.2`, `folder`, or the beginning of
    one); empty = as detected. An ERROR makes a package invalid; what an agreement would make of it is not asked.
    """
    limits = Limits(
        entries=settings.max_entries, ratio=settings.max_ratio, total_bytes=settings.max_package_bytes
    )
    with tempfile.TemporaryDirectory(prefix="samarkiv-validate-") as scratch:
        try:
            if path.is_dir():
                seen, found = _folder(path, profile, limits)
            else:
                seen, found = _container(settings, path, profile, limits, Path(scratch))
            outcome = "invalid" if _errors(found) else "valid"
        except HostileContainer as refusal:
            seen, found = _despite(refusal, path, profile, Path(scratch))
            outcome = "refused"
    told = [one.told(language) for one in sorted(found, key=lambda one: _ORDER[one.severity])]
    return {"profile": seen, "outcome": outcome, "findings": told}


_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def _errors(found: list[Finding]) -> bool:
    return any(one.severity is Severity.ERROR for one in found)


def _rules(tree: Tree, profile: str) -> tuple[str, list[Finding]]:
    """Return the profile and the findings of its rules."""
    seen = _chosen(detect(tree), profile)
    return seen.profile, list(validate(tree, seen.profile, seen.root))


def _chosen(seen: Seen, profile: str) -> Seen:
    if not profile or seen.profile.startswith(profile):
        return seen
    return Seen(profile, seen.root)


def _folder(path: Path, profile: str, limits: Limits) -> tuple[str, list[Finding]]:
    with closing(FolderTree(path)) as tree:
        name, found = _rules(tree, profile)
        return name, [*folder_findings(tree, limits), *found]


def _container(
    settings: Settings, path: Path, profile: str, limits: Limits, scratch: Path
) -> tuple[str, list[Finding]]:
    """Scan, check and validate a zip, tar or tar.gz. Raises HostileContainer."""
    with talk.progress(path.name, None) as _, closing(scan(path, limits, scratch)) as scanned:
        with _pool(settings, scanned.size) as pool:
            result = check_scanned(scanned, scratch, pool)
        with closing(CheckedTree(result.files, path, result.content, result.digests)) as tree:
            name, found = _rules(tree, profile)
    return name, [*result.findings, *found]


def _pool(settings: Settings, size: int) -> "AbstractContextManager[Workers]":
    """Give workers for a package: this process itself when it is small, since spawning takes longer than the work."""
    if size <= _SMALL:
        return nullcontext(_Here())
    return Pool(settings.workers or min(2, os.cpu_count() or 1))


class _Here:
    """Runs a task at once, in this process."""

    def submit(self, function: Callable[..., Any], *args: Any, limit_s: float | None = None) -> "Future[Any]":  # noqa: ARG002
        """Return the outcome of a call."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args))
        except Exception as fault:
            future.set_exception(fault)
        return future


def _despite(refusal: HostileContainer, path: Path, profile: str, scratch: Path) -> tuple[str, list[Finding]]:
    """Return what can be said of a refused container: its refusal, and the rules where it is safe to read."""
    found = list(refusal.findings)
    errors = {one.code for one in found if one.severity is Severity.ERROR}
    if not errors <= _READABLE:
        return "", found
    unpacked = scratch / "unpacked"
    _unpack(path, unpacked)
    inside = list(unpacked.iterdir())
    folder = inside[0] if len(inside) == 1 and inside[0].is_dir() else unpacked
    with closing(FolderTree(folder)) as tree:
        name, rules = _rules(tree, profile)
    return name, [*found, *rules]


def _unpack(path: Path, folder: Path) -> None:
    """Unpack a container whose scan found nothing but colliding names."""
    folder.mkdir()
    if sniff(path) == "zip":
        with zipfile.ZipFile(path) as box:
            box.extractall(folder)  # noqa: S202 - scanned
    else:
        with tarfile.open(path) as box:
            box.extractall(folder, filter="data")


def show(result: dict[str, Any]) -> None:
    """Show a result to a person: the verdict, then a line a finding, with what to do."""
    words = {
        "valid": talk.pick("Godkänt av reglerna", "Valid by the rules"),
        "invalid": talk.pick("Inte godkänt", "Not valid"),
        "refused": talk.pick("Avvisas som paketfil", "Refused as a package file"),
    }
    print(f"{words[result['outcome']]}. {talk.pick('Profil', 'Profile')}: {result['profile'] or '–'}")
    for line in _lines(result["findings"]):
        print(line)
    sys.stdout.flush()


def _lines(findings: list[dict[str, Any]]) -> Iterator[str]:
    for one in findings:
        where = " ".join(part for part in (one["file"], one["place"]) if part)
        yield f"{one['severity']:7} {one['code']}  {one['message']}"
        facts = [where]
        if one["expected"]:
            facts.append(f"{talk.pick('väntat', 'expected')}: {one['expected']}")
        if one["found"]:
            facts.append(f"{talk.pick('fanns', 'found')}: {one['found']}")
        text = " · ".join(fact for fact in facts if fact)
        if text:
            yield f"        {text}"
        if one["severity"] == "ERROR":
            yield f"        → {one['hint']}"
