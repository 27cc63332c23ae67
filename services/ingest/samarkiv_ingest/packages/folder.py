"""What the container scan would say of a folder on disk, so that a folder and its ZIP get the same verdict."""

import stat

from samarkiv_contracts.findings import Finding

from samarkiv_ingest.packages.codes import finding
from samarkiv_ingest.packages.limits import Limits
from samarkiv_ingest.packages.names import NamePolicy, clash_code, junk, key
from samarkiv_ingest.packages.read import FolderTree

_MOST = 100


def folder_findings(tree: FolderTree, limits: Limits) -> tuple[Finding, ...]:
    """Return the findings about links, devices, names, collisions and numbers, at most 100 of them."""
    found: list[Finding] = []
    for path in tree.strange:
        code = "SAM-ENTRY-LINK" if stat.S_ISLNK(tree.mode(path)) else "SAM-ENTRY-DEVICE"
        found.append(finding(code, path))
    policy = NamePolicy(limits)
    seen: dict[str, str] = {}
    count = 0
    for path in (*tree.paths(), *tree.folders()):
        count += 1
        code = policy.refusal(path)
        if code:
            found.append(finding(code, path))
        for part in _with_parents(path, seen):
            other = seen.setdefault(key(part), part)
            if other != part:
                found.append(finding(clash_code(other, part), other, found=part))
        if junk(path):
            found.append(finding("SAM-JUNK", path))
        if len(found) >= _MOST:
            break
    if count > limits.entries:
        found.append(finding("SAM-CONTAINER-ENTRIES", expected=limits.entries, found=count))
    if not count:
        found.append(finding("SAM-CONTAINER-EMPTY"))
    return tuple(found[:_MOST])


def _with_parents(path: str, seen: dict[str, str]) -> list[str]:
    """Return the path and those of its folders that have not been seen."""
    parts = [path]
    parent = path.rpartition("/")[0]
    while parent and seen.get(key(parent)) != parent:
        parts.append(parent)
        parent = parent.rpartition("/")[0]
    return parts
