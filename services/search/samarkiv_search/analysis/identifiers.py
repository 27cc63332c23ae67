"""Identifiers in running text: one combined pattern, and the canonical form of each kind."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from samarkiv_search.analysis.lexicon import data_lines

Kind = Literal[
    "registry", "property", "date", "amount", "paragraph", "organisation", "person", "code", "number"
]

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januari jan", "februari feb febr", "mars mar", "april apr", "maj", "juni jun",
            "juli jul", "augusti aug", "september sep sept", "oktober okt", "november nov", "december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_NAMES = "|".join(sorted(_MONTHS, key=len, reverse=True))
_YEAR = r"(?:1[5-9]|20)\d\d"

# Order is meaning: a date is no diarienummer, an organisation number no amount; words come last.
TOKEN = re.compile(
    rf"""
    (?<![^\W_])(?:
      (?P<ten>(?:(?:1[89]|20)\d\d|\d\d)\d{{4}}[-+ ]?\d{{4}})(?![^\W_])
    | (?P<iso>{_YEAR}-\d\d-\d\d)(?![^\W_])
    | (?P<compact>{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?![^\W_])
    | (?P<spoken>[0-3]?\d[. ]?\ ?(?:{_NAMES})[. ]\ ?{_YEAR})(?![^\W_])
    | (?P<slashed>[0-3]?\d(?:/|\.)[01]?\d[ ./-]{_YEAR})(?![^\W_])
    | (?P<registry>(?:[a-zåäö]{{1,6}}[ ./-]?)?(?:19|20)\d\d\ ?[:/-]\ ?\d{{1,6}}(?:[-:]\d{{1,4}})?)(?![^\W_])
    | (?P<property>(?:\d{{1,4}}|s):\d{{1,4}})(?![^\W_]|:\d)
    | (?P<amount>\d{{1,3}}(?:[ .]\d{{3}})+)(?![^\W_])
    | (?P<code>(?=[^\W_]+(?:[-./][^\W_]+)*?[-./][^\W_]*\d)[^\W_]+(?:[-./](?!{_YEAR}[-:/]?\d)[^\W_]+)+)
    )
    | §+\ ?(?P<paragraph>\d+(?:\ ?[a-z](?![^\W_]))?)
    | (?P<word>[^\W_]+(?:(?:['-]|:(?=s|en|et|n|ar|arna|ens\b))[^\W\d_]+)*(?P<cut>-(?![^\W_]))?)
    """,
    re.VERBOSE,
)
_PREFIXES = frozenset(data_lines("registry_prefixes.txt"))
_NO_PREFIX = frozenset(
    [
        "dnr",
        "nr",
        "den",
        "i",
        "av",
        "och",
        "för",
        "från",
        "till",
        "år",
        "om",
        "vid",
        "med",
        "per",
        "på",
        "hos",
        "ab",
        "mars",
        "maj",
        "juni",
        "juli",
        "jan",
        "feb",
    ]
)
_REGISTRY = re.compile(r"(?:([a-zåäö]+)[ ./-]?)?(\d{4}) ?[:/-] ?0*(\d+)(?:[-:]0*(\d+))?$")
_SPOKEN = re.compile(rf"(\d+)[. ]*({_NAMES})[. ]*(\d{{4}})")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier: its kind, the canonical forms for the index, and a lone word that stood before it."""

    kind: Kind
    forms: tuple[str, ...]
    word_before: str = ""


def canonical(group: str, raw: str) -> Identifier | None:
    """Return the identifier that a matched group of TOKEN is, or None when it is none after all."""
    return _MAKERS[group](raw)


def luhn(digits: str) -> bool:
    """Return whether ten digits carry a right check digit."""
    total = 0
    for place, digit in enumerate(digits):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _ten(raw: str) -> Identifier | None:
    digits = "".join(_DIGITS.findall(raw))
    marked = not raw.isdigit()
    ten = digits[-10:]
    month, day = int(ten[2:4]), int(ten[4:6])
    dated = 1 <= month <= 12 and (1 <= day <= 31 or 61 <= day <= 91)
    if int(ten[2]) >= 2 and len(digits) == 10 and " " not in raw:
        return Identifier("organisation", (f"{ten[:6]}-{ten[6:]}", ten))
    if dated and (luhn(ten) or (marked and " " not in raw)):
        forms = [f"{ten[:6]}-{ten[6:]}"]
        if len(digits) == 12:
            forms.append(f"{digits[:8]}-{ten[6:]}")
        return Identifier("person", tuple(forms))
    return Identifier("number", (digits,)) if not marked else None


def _date(year: str, month: str, day: str) -> Identifier | None:
    if 1 <= int(month) <= 12 and 1 <= int(day) <= 31:
        return Identifier("date", (f"{year}-{int(month):02d}-{int(day):02d}",))
    return None


def _iso(raw: str) -> Identifier | None:
    return _date(*raw.split("-")) or _registry(raw)


def _compact(raw: str) -> Identifier | None:
    return _date(raw[:4], raw[4:6], raw[6:])


def _spoken(raw: str) -> Identifier | None:
    found = _SPOKEN.match(raw)
    return _date(found[3], str(_MONTHS[found[2]]), found[1]) if found else None


def _slashed(raw: str) -> Identifier | None:
    day, month, year = _DIGITS.findall(raw)
    return _date(year, month, day)


def _registry(raw: str) -> Identifier | None:
    found = _REGISTRY.match(raw)
    if not found:
        return None
    prefix, year, number, sub = found.groups()
    bare = f"{year}-{number}"
    forms = [bare] if sub is None else [f"{bare}-{sub}", bare]
    if prefix is None:
        return Identifier("registry", tuple(forms))
    if prefix in _PREFIXES or (len(prefix) <= 4 and prefix not in _NO_PREFIX):
        return Identifier("registry", (*(prefix + one for one in forms), *forms))
    return Identifier("registry", tuple(forms), prefix)


def _amount(raw: str) -> Identifier:
    return Identifier("amount", ("".join(_DIGITS.findall(raw)),))


_MAKERS: dict[str, Callable[[str], Identifier | None]] = {
    "ten": _ten,
    "iso": _iso,
    "compact": _compact,
    "spoken": _spoken,
    "slashed": _slashed,
    "registry": _registry,
    "property": lambda raw: Identifier("property", (raw,)),
    "amount": _amount,
    "paragraph": lambda raw: Identifier("paragraph", ("§" + raw.replace(" ", ""),)),
    "code": lambda raw: Identifier("code", (raw,)),
}
