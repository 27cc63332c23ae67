"""Dates as written, and the year that puts a record in time."""

import re
from collections.abc import Mapping

_YEAR = re.compile(r"(?<!\d)(1[0-9]{3}|20[0-9]{2})(?!\d)")
_ROLES = ("decided", "closed", "created", "received", "issued")


def year_of(dates: Mapping[str, str]) -> int:
    """Return the year of the record's own date (decided, closed, created …, else the first that has one), 0 if none."""
    order = [*(role for role in _ROLES if role in dates), *(role for role in dates if role not in _ROLES)]
    for role in order:
        found = _YEAR.search(dates[role])
        if found:
            return int(found.group())
    return 0
