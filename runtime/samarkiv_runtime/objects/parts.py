"""Parts of a multipart upload: what is known of them, and how large they are made."""

from dataclasses import dataclass

MIB = 1 << 20
LEAST_PART = 5 * MIB


class Taken(Exception):
    """The key is taken: a conditional call found an object there."""


@dataclass(frozen=True)
class Part:
    """One uploaded part."""

    number: int
    size: int
    etag: str
    sha256: str


def part_bytes(number: int) -> int:
    """Return how large part `number` (from 1) is made: 8 MiB, growing to 32 MiB, so that 10,000 parts hold 300 GB."""
    return min(8 * (1 + number // 200), 32) * MIB
