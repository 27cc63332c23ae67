"""Dates as producers write them, as numbers that sort and years that filter."""

import re
from collections.abc import Iterable, Mapping

_DATE = re.compile(r"(?<!\d)(1\d{3}|20\d\d)(?:-(\d\d)(?:-(\d\d))?)?(?!\d)")
_SPAN = re.compile(r"(?<!\d)(1\d{3}|20\d\d)\s?[-/–]{1,2}\s?(1\d{3}|20\d\d)(?!\d)")
_FIRST = ("closed", "decided", "dated", "created", "received")
LONGEST_SPAN = 120
UNKNOWN_LAST = 99_999_999


def years(values: Iterable[str]) -> tuple[int, ...]:
    """Return every year that dates name, a span with all its years; sorted."""
    found: set[int] = set()
    for value in values:
        for span in _SPAN.finditer(value):
            first, last = int(span[1]), int(span[2])
            if first <= last <= first + LONGEST_SPAN:
                found.update(range(first, last + 1))
        found.update(int(one[1]) for one in _DATE.finditer(value))
    return tuple(sorted(found))


def sort_date(dates: Mapping[str, str]) -> int:
    """Return one date as yyyymmdd (missing parts 0) by the weight of its role, 0 when none is known."""
    roles = [role for role in _FIRST if role in dates] + [
        role for role in sorted(dates) if role not in _FIRST
    ]
    for role in roles:
        found = _DATE.search(dates[role])
        if found:
            return int(found[1]) * 10_000 + int(found[2] or 0) * 100 + int(found[3] or 0)
    return 0


_ALPHABET = {letter: number for number, letter in enumerate("0123456789abcdefghijklmnopqrstuvwxyzåäö", 2)}


def title_key(title: str) -> int:
    """Return the first ten letters of a title as a number in Swedish order (… z å ä ö), other signs first."""
    key = 0
    for letter in title.strip().lower()[:10].ljust(10, "\0"):
        key = key * 64 + (0 if letter == "\0" else _ALPHABET.get(letter, 1))
    return key
