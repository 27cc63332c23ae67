"""The delivered files of a stored package, for the use cases that make something of them."""

import re
from collections.abc import Iterator
from pathlib import Path

from samarkiv_runtime.ocfl import Member

from samarkiv_preservation.kit import Kit

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}$")


def originals(kit: Kit, package: str) -> Iterator[tuple[str, Member]]:
    """Give delivered path and member of every original, in container order."""
    prefix = f"{package}/representations/original/data/"
    for member in kit.reader.members(package):
        if member.mime and member.name.startswith(prefix):
            yield member.name.removeprefix(prefix), member


def suffix_of(path: str) -> str:
    """Return the extension of a delivered name when it is a plain one, else nothing."""
    found = _SUFFIX.search(path)
    return found[0].lower() if found else ""


def fetch(kit: Kit, package: str, member: Member, target: Path) -> None:
    """Write an original into a scratch file; raises CopyUnreadable, AllCopiesBad."""
    with target.open("wb") as file:
        for block in kit.reader.read(package, member):
            file.write(block)
