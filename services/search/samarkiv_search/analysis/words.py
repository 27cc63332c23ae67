"""One word and all its forms for the index; analysed once and remembered."""

from dataclasses import dataclass
from functools import lru_cache

from samarkiv_search.analysis.compounds import Part, Splitter
from samarkiv_search.analysis.lexicon import Lexicon
from samarkiv_search.analysis.normalise import fold, plain_letters

LONGEST_WORD = 80


@dataclass(frozen=True, slots=True)
class Forms:
    """A word as the index holds it. `top` are the parts a query asks for, `known` whether a dictionary lists it."""

    light: str
    known: bool
    lemmas: tuple[str, ...]
    stem: str
    parts: tuple[str, ...]
    plain: tuple[str, ...]
    top: tuple[Part, ...]


class Words:
    """Analyses single words (letters only, lower case); the same for documents and queries."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._splitter = Splitter(lexicon)
        self.forms = lru_cache(maxsize=60_000)(self._forms)

    def _forms(self, word: str) -> Forms:
        """Return the forms of a word in lower case."""
        light = plain_letters(word)[:LONGEST_WORD]
        if not light.isalpha():
            return Forms(light, known=False, lemmas=(light,), stem=light, parts=(), plain=(), top=())
        lemmas = self._lexicon.lemmas(light)
        known = bool(lemmas)
        top = self._splitter.split(light)
        if not known:
            lemmas = self._guess(light, top)
        parts = self._parts(light, lemmas)
        stem = light if self._lexicon.is_own(light) else self._lexicon.stem(light)
        folded = dict.fromkeys(fold(one) for one in (light, *lemmas, *parts, stem) if not one.isascii())
        return Forms(light, known, lemmas, stem, parts, tuple(folded), top)

    def _guess(self, word: str, top: tuple[Part, ...]) -> tuple[str, ...]:
        """Lemmas of a word no dictionary lists: by its last part, or without a genitive s."""
        if top:
            head = word[: len(word) - len(top[-1].surface)]
            if word.endswith(top[-1].surface):
                return tuple(dict.fromkeys(head + lemma for lemma in top[-1].lemmas))
        if word.endswith("s") and len(word) > 4:
            return (word, *(self._lexicon.lemmas(word[:-1]) or (word[:-1],)))
        return (word,)

    def _parts(self, word: str, lemmas: tuple[str, ...]) -> tuple[str, ...]:
        """Every part as lemma and as it stands, and every run of neighbours that is not the whole word."""
        leaves = self._splitter.leaves(word)
        out: dict[str, None] = {}
        for start, first in enumerate(leaves):
            for one in (*first.lemmas, first.surface):
                out[one] = None
            run = first.surface
            for end in range(start + 1, len(leaves)):
                part = leaves[end]
                if not (start == 0 and end == len(leaves) - 1):
                    for lemma in part.lemmas:
                        out[run + lemma] = None
                run += part.surface
        for one in lemmas:
            out.pop(one, None)
        return tuple(out)
