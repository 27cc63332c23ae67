"""Exposure levels (DESIGN §5): the strictest on the path wins, unknown is closed."""

from enum import IntEnum


class Level(IntEnum):
    """0 open · 1 metadata searchable, file on request · 2 no trace in public results."""

    OPEN = 0
    ON_REQUEST = 1
    CLOSED = 2


def strictest(*levels: int | None) -> Level:
    """Return the strictest of the levels on a path; a missing or unknown one counts as closed."""
    if not levels:
        return Level.CLOSED
    return max(Level(level) if level in {0, 1, 2} else Level.CLOSED for level in levels)
