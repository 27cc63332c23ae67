"""Text as the analysis reads it: composed letters, no soft hyphens, one dash, one space."""

import unicodedata

_DROP = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"), None)
_DASH = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
_SPACE = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " ")
_CLEAN = {**_DROP, **_DASH, **_SPACE, ord("’"): "'"}

_KEPT = frozenset("åäö")
_LETTERS = {"ø": "ö", "æ": "ä", "ß": "ss", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
_FOLD = str.maketrans("åäö", "aao")


def clean(text: str) -> str:
    """Return text as it is shown and measured in: NFC, soft hyphens out, dashes to `-`; case is kept."""
    return unicodedata.normalize("NFC", text).translate(_CLEAN)


def lower(cleaned: str) -> str:
    """Return cleaned text in lower case with every character at its place (so that offsets hold)."""
    lowered = cleaned.lower()
    if len(lowered) == len(cleaned):
        return lowered
    return "".join(one if len(one) == 1 else one[0] for one in map(str.lower, cleaned))


def plain_letters(word: str) -> str:
    """Return a word with foreign marks taken off (é→e, ü→u, ø→ö); å, ä and ö are letters and stay."""
    if word.isascii():
        return word
    return "".join(
        letter
        if letter in _KEPT or letter.isascii()
        else _LETTERS.get(letter)
        or "".join(part for part in unicodedata.normalize("NFD", letter) if not unicodedata.combining(part))
        for letter in word
    )


def fold(word: str) -> str:
    """Return a word with å, ä and ö folded to a, a and o."""
    return word.translate(_FOLD)
