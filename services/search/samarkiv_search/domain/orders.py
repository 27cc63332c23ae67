"""Orders: dates as producers write them, as numbers that sort and years that filter; titles in Swedish order."""

import hashlib
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


_COLLATED = str.maketrans({"å": "{", "ä": "|", "æ": "|", "ö": "}", "ø": "}", "é": "e", "ü": "u"})
_DIGITS = re.compile(r"\d+")


def in_order(number: int, name: str) -> int:
    """Return a number that sorts by `number`, then by `name` (36 bits of its digest): no two documents are alike."""
    return number << 36 | int.from_bytes(hashlib.blake2b(name.encode(), digest_size=5).digest()) >> 4


def title_order(title: str, name: str) -> str:
    """Return a word that sorts as a title does in Swedish (… z å ä ö, numbers by value), then by `name`."""
    bare = _DIGITS.sub(lambda found: found[0].zfill(8)[-8:], title.strip().lower()[:80])
    return f"{bare.translate(_COLLATED)} {name}"
