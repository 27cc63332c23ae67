"""What the readers of descriptions share: their answer, a name made of a file name, dates, levels, files."""

import re
from typing import NamedTuple

from samarkiv_contracts.findings import Finding
from samarkiv_contracts.levels import Level

from samarkiv_ingest.domain.draft import RecordDraft
from samarkiv_ingest.packages.read import Tree
from samarkiv_ingest.validators.references import resolve

_ENDINGS = re.compile(r"\.(?:zip|tar|tar\.gz|tgz|gz|7z)$", re.IGNORECASE)
_DATE = re.compile(r"\s*(-?\d{4})(?:-?(\d{2}))?(?:-?(\d{2}))?(?:[T ].*|Z)?\s*")
LONGEST_TITLE = 500
CLOSED = int(Level.CLOSED)


class Told(NamedTuple):
    """What a description says: the label (`` when it says none), records, and what could not be understood."""

    label: str = ""
    records: tuple[RecordDraft, ...] = ()
    findings: tuple[Finding, ...] = ()


def whole(title: str, **more: object) -> RecordDraft:
    """Return a record that is the whole package."""
    return RecordDraft.model_validate({"title": short(title), **more})


def short(title: str) -> str:
    """Return a title on one line, cut at 500 characters."""
    plain = " ".join(title.split())
    return plain if len(plain) <= LONGEST_TITLE else plain[: LONGEST_TITLE - 1].rstrip() + "…"


def named(title: str, name: str, root: str) -> str:
    """Return a label when the package has none: the delivery's title, else its file name in readable form."""
    if title.strip() and title != name:
        return short(title)
    plain = _ENDINGS.sub("", (name or title or root).rpartition("/")[2])
    return short(plain.replace("_", " ")) or "Leverans"


def day(value: str) -> str:
    """Return an ISO date (year, month or day) of a value that begins with one, `` for anything else."""
    match = _DATE.fullmatch(value)
    return "-".join(part for part in match.groups() if part) if match else ""


def find(tree: Tree, root: str, folders: tuple[str, ...], href: str) -> str:
    """Return the file an address means, tried from each folder in turn; `` when it is in none."""
    for folder in folders:
        target = resolve(tree, root, folder, href)
        if not target.code or target.code == "SAM-REF-CASE":
            return target.path
    return ""
