"""What a container may be at most (RELIABILITY §3); agreements may set other numbers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Starting limits. `path` counts characters, `path_bytes` and `segment` count UTF-8 bytes."""

    entries: int = 100_000
    depth: int = 32
    path: int = 1_024
    path_bytes: int = 3_072
    segment: int = 255
    ratio: int = 200
    ratio_from: int = 10_000_000
    total_bytes: int = 100 * 2**30

    def too_dense(self, size: int, packed: int) -> bool:
        """Tell whether `size` bytes out of `packed` bytes is more than the ratio allows."""
        return size > self.ratio_from and size > self.ratio * packed
