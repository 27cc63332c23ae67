"""The tag files of a bag: the declaration `bagit.txt`, and `bag-info.txt`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from samarkiv_contracts.findings import Finding

from samarkiv_ingest.packages.read import Tree
from samarkiv_ingest.validators.codes import finding

VERSIONS = ("0.93", "0.94", "0.95", "0.96", "0.97", "1.0")
_VERSION = re.compile(r"BagIt-Version\s*:\s*(\S+)\s*")
_WELL_FORMED = re.compile(r"\d+\.\d+")
_ENCODING = re.compile(r"Tag-File-Character-Encoding\s*:\s*(\S+)\s*")
_ITEM = re.compile(r"([^\s:][^:]*?)\s*:\s*(.*)", re.DOTALL)
_OXUM = re.compile(r"(\d+)\.(\d+)")
_ONCE = frozenset({"bagging-date", "payload-oxum", "bag-size", "bag-group-identifier", "bag-count"})
_MOST = 4 << 20


@dataclass
class Declaration:
    """What bagit.txt says; the newest version and UTF-8 when it says nothing that can be read."""

    version: str = "1.0"
    encoding: str = "utf-8"
    findings: list[Finding] = field(default_factory=list)

    @property
    def final(self) -> bool:
        """Tell whether the rules of RFC 8493 apply."""
        return self.version == "1.0"


def join(root: str, name: str) -> str:
    """Return a name of the bag as a path of the tree."""
    return f"{root}/{name}" if root else name


def declaration(tree: Tree, root: str) -> Declaration:
    """Return what bagit.txt says, with what is wrong in it."""
    said = Declaration()
    path = join(root, "bagit.txt")
    if not tree.has(path):
        said.findings.append(finding("BAG-DECLARATION", path, expected="bagit.txt"))
        return said
    with tree.open(path) as file:
        data = file.read(4096)
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        said.findings.append(finding("BAG-BOM", path))
        data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        said.findings.append(finding("BAG-ENCODING", path, expected="UTF-8"))
        return said
    while lines and not lines[-1].strip():
        lines.pop()
    _version(said, path, lines)
    _encoding(said, path, lines)
    if len(lines) > 2 and said.final:
        said.findings.append(finding("BAG-DECLARATION", path, expected="2", found=len(lines)))
    return said


def _version(said: Declaration, path: str, lines: list[str]) -> None:
    match = _VERSION.fullmatch(lines[0]) if lines else None
    if match is None:
        said.findings.append(
            finding("BAG-DECLARATION", path, "1", "BagIt-Version: 1.0", lines[0] if lines else "")
        )
    elif match[1] not in VERSIONS or not _WELL_FORMED.fullmatch(match[1]):
        said.findings.append(finding("BAG-VERSION", path, "1", " ".join(VERSIONS), match[1]))
    else:
        said.version = match[1]


def _encoding(said: Declaration, path: str, lines: list[str]) -> None:
    match = _ENCODING.fullmatch(lines[1]) if len(lines) > 1 else None
    if match is None:
        found = lines[1] if len(lines) > 1 else ""
        said.findings.append(
            finding("BAG-DECLARATION", path, "2", "Tag-File-Character-Encoding: UTF-8", found)
        )
        return
    try:
        "".encode(match[1])
    except (LookupError, UnicodeError):
        said.findings.append(finding("BAG-ENCODING", path, "2", "UTF-8", match[1]))
    else:
        said.encoding = match[1]


def items(tree: Tree, root: str, encoding: str) -> tuple[str, list[tuple[str, str, int]], list[Finding]]:
    """Return the name of the info file (`` when there is none), its items (label, value, line) and its faults."""
    name = next((one for one in ("bag-info.txt", "package-info.txt") if tree.has(join(root, one))), "")
    if not name:
        return "", [], []
    path = join(root, name)
    with tree.open(path) as file:
        data = file.read(_MOST)
    try:
        text = data.decode(encoding)
    except (UnicodeError, LookupError):
        return path, [], [finding("BAG-ENCODING", path, expected=encoding)]
    found: list[tuple[str, str, int]] = []
    faults: list[Finding] = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if not line.strip():
            continue
        match = _ITEM.fullmatch(line)
        if line[0] in " \t" and found:
            label, value, at = found[-1]
            found[-1] = (label, f"{value} {line.strip()}".strip(), at)
        elif match:
            found.append((match[1], match[2].strip(), number))
        else:
            faults.append(finding("BAG-INFO-LINE", path, str(number), "Label: value", line))
    return path, found, faults


def info(tree: Tree, root: str, encoding: str) -> dict[str, list[str]]:
    """Return the items of bag-info.txt by lower-case label, for a description; `{}` when it cannot be read."""
    found: dict[str, list[str]] = {}
    for label, value, _ in items(tree, root, encoding)[1]:
        found.setdefault(label.lower(), []).append(value)
    return found


def check_info(tree: Tree, root: str, said: Declaration, payload: tuple[int, int]) -> Iterator[Finding]:
    """Find what is wrong in bag-info.txt; `payload` is its real (bytes, files)."""
    path, found, faults = items(tree, root, said.encoding)
    yield from faults
    seen: set[str] = set()
    for label, value, line in found:
        name = label.lower()
        if name in _ONCE and name in seen:
            yield finding("BAG-INFO-ONCE", path, str(line), found=label)
        seen.add(name)
        if name == "payload-oxum":
            match = _OXUM.fullmatch(value)
            if match is None:
                yield finding("BAG-OXUM-LINE", path, str(line), "bytes.files", value)
            elif (int(match[1]), int(match[2])) != payload:
                yield finding("BAG-OXUM", path, str(line), value, f"{payload[0]}.{payload[1]}")
