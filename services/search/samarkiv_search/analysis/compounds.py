"""Compounds: a word as its parts, as few as possible (`skolskjutsbeslut` → skolskjuts, beslut)."""

from dataclasses import dataclass
from functools import lru_cache

from samarkiv_search.analysis.lexicon import Lexicon, data_lines

MOST_PARTS = 4
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a compound: as it stands in the word, and its lemmas."""

    surface: str
    lemmas: tuple[str, ...]


class Splitter:
    """Splits compounds by the lexicon; `data/compounds.txt` says what it would get wrong."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._told: dict[str, tuple[str, ...]] = {}
        for line in data_lines("compounds.txt"):
            word, _, parts = line.partition("=")
            self._told[word.strip()] = tuple(parts.split())
        self.split = lru_cache(maxsize=100_000)(self._split)
        self._search = lru_cache(maxsize=200_000)(self._find)

    def _split(self, word: str) -> tuple[Part, ...]:
        """Return the fewest parts of a word, () when it is no compound (or not known to be one)."""
        if len(word) > LONGEST or not word.isalpha():
            return ()
        lemmas = self._lexicon.lemmas(word)
        base = word if word in lemmas or not lemmas else lemmas[0]
        told = self._told.get(base)
        if told is not None:
            return tuple(Part(one, (one,)) for one in told)
        if len(base) < 6:
            return ()
        return self._search(base, MOST_PARTS)

    def leaves(self, word: str) -> tuple[Part, ...]:
        """Return the parts with known compounds among them split once more, at most four."""
        parts = self.split(word)
        out: list[Part] = []
        for number, part in enumerate(parts):
            bare = part.surface if self._lexicon.is_base(part.surface) else part.lemmas[0]
            inner = self.split(bare)
            room = MOST_PARTS - len(out) - (len(parts) - number - 1)
            out.extend(inner if inner and len(inner) <= room else (part,))
        return tuple(out)

    def _find(self, word: str, room: int) -> tuple[Part, ...]:
        """Return the best way to read `word` as two to `room` parts, () when there is none."""
        best: tuple[Part, ...] = ()
        for cut in range(2, len(word) - 2):
            lemma = self._lexicon.first_part(word[:cut])
            if lemma is None:
                continue
            rest = self._tail(word[cut:], room - 1)
            if rest:
                parts = (Part(word[:cut], (lemma,)), *rest)
                if not best or _rank(parts) < _rank(best):
                    best = parts
        return best

    def _tail(self, rest: str, room: int) -> tuple[Part, ...]:
        return self._last(rest) or (self._search(rest, room) if room > 1 else ())

    def _last(self, word: str) -> tuple[Part, ...]:
        lemmas = self._lexicon.last_part(word)
        return (Part(word, lemmas),) if lemmas else ()


def _rank(parts: tuple[Part, ...]) -> tuple[int, int, int]:
    """Fewest parts first, then no crumbs, then the longest first part (a linking s stays where it is)."""
    return len(parts), -min(len(part.surface) for part in parts), -len(parts[0].surface)
