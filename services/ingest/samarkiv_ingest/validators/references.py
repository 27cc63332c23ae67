"""Where a reference leads: an address in METS as a path of the package, confined to it (STANDARDS §5.3)."""

import re
from typing import NamedTuple
from urllib.parse import unquote

from samarkiv_ingest.packages.names import key
from samarkiv_ingest.packages.read import Tree

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


class Target(NamedTuple):
    """What an address leads to: the file's path, or the code of what is wrong (then `path` is what it nearly was)."""

    path: str
    code: str = ""


def resolve(tree: Tree, root: str, folder: str, href: str) -> Target:
    """Return the file an address leads to; `folder` is where the METS lies, `root` the package's root folder.

    Takes `file:`, `./`, percent-encoded or raw names, and tells what leads out of the package, to the network,
    nowhere, or to a name that differs only by case or Unicode form.
    """
    plain = href.strip()
    if not plain:
        return Target("", "SAM-REF-EMPTY")
    rooted = False
    scheme = _SCHEME.match(plain)
    if scheme:
        if scheme[1].lower() != "file":
            return (
                Target(plain, "SAM-REF-REMOTE")
                if plain[scheme.end() :].startswith("//")
                else Target(plain, "SAM-REF-MISSING")
            )
        plain = plain[scheme.end() :]
        rooted = plain.startswith("//")
        plain = plain.lstrip("/") if rooted else plain
    elif plain.startswith("//"):
        return Target(plain, "SAM-REF-REMOTE")
    if plain.startswith("/"):
        return Target(plain, "SAM-REF-OUTSIDE")
    found = Target(plain, "SAM-REF-MISSING")
    for candidate in dict.fromkeys((plain, unquote(plain))):
        path = confined(root, folder, candidate)
        if path is None:
            return Target(plain, "SAM-REF-OUTSIDE")
        if tree.has(path):
            return Target(path)
        found = Target(path, "SAM-REF-MISSING")
    near = _near(tree, found.path)
    return Target(near, "SAM-REF-CASE") if near else found


def confined(root: str, folder: str, relative: str) -> str | None:
    """Return the path a relative address gives from a folder, None when it leaves the root."""
    steps = folder.split("/") if folder else []
    least = len(root.split("/")) if root else 0
    for step in relative.split("/"):
        if step == "..":
            if len(steps) <= least:
                return None
            steps.pop()
        elif step not in {"", "."}:
            steps.append(step)
    return "/".join(steps)


def _near(tree: Tree, path: str) -> str:
    """Return the file that is the same but for case or Unicode form, `` when there is none."""
    folder, _, _ = path.rpartition("/")
    if not tree.has_folder(folder):
        return ""
    wanted = key(path)
    return next((one for one in tree.children(folder) if not one.endswith("/") and key(one) == wanted), "")
