"""Range requests by our own parser: one range or none; many ranges are refused (RFC 9110 §14, RELIABILITY case 67)."""

import re
from dataclasses import dataclass

_ONE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})$")


@dataclass(frozen=True)
class ByteRange:
    """A satisfiable range of an object: first byte and length."""

    start: int
    length: int
    size: int

    @property
    def header(self) -> str:
        """Return the Content-Range header."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{self.size}"


class Unsatisfiable(Exception):
    """The range lies outside, or is more than one range: answer 416 with `bytes */size`."""


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """Return the one range asked for, or None for the whole; raises Unsatisfiable.

    Units other than bytes are ignored (the whole is sent), as RFC 9110 says.
    """
    if header is None or not header.strip().lower().startswith("bytes="):
        return None
    match = _ONE.match(header.strip().lower().replace(" ", ""))
    if match is None or (not match[1] and not match[2]):
        raise Unsatisfiable
    if not match[1]:
        length = min(int(match[2]), size)
        if length == 0:
            raise Unsatisfiable
        return ByteRange(size - length, length, size)
    start = int(match[1])
    end = min(int(match[2]), size - 1) if match[2] else size - 1
    if start >= size or end < start:
        raise Unsatisfiable
    return ByteRange(start, end - start + 1, size)
