"""Finds Swedish personal and co-ordination numbers in text, to *propose* a stricter exposure level (R33)."""

import re
from datetime import date

_CANDIDATE = re.compile(r"(?<!\d)(?:(18|19|20)?(\d{2})(\d{2})(\d{2}))[-+ ]?(\d{4})(?!\d)")


def has_personal_number(text: str) -> bool:
    """Return True when `text` holds a number with a possible date and a right check digit (Luhn)."""
    return any(_is_personal_number(match) for match in _CANDIDATE.finditer(text))


def _is_personal_number(match: re.Match[str]) -> bool:
    century, year, month, day, rest = match.groups()
    day_of_month = int(day) - 60 if int(day) > 60 else int(day)
    try:
        date(int((century or "19") + year), int(month), day_of_month)
    except ValueError:
        return False
    return _luhn(year + month + day + rest)


def _luhn(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(digits):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
