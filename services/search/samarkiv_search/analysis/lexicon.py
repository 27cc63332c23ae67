"""The dictionary: lemmas of a Swedish word, and whether it can stand first or last in a compound."""

import threading
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

import Stemmer
from simplemma.strategies.dictionaries.dictionary_factory import DEFAULT_DICTIONARY_FACTORY

# Inflected forms that prove a base form: `lovet` is listed under `lov`, although `lov` itself is listed under `lova`.
_INFLECTIONS = ("en", "et", "n", "t", "ar", "er", "or", "na", "erna", "arna", "s", "a", "ns", "ets", "ens")
_DEFINITE = ("ens", "ets", "en", "et")
_SHORT_FIRST = frozenset({"el", "by", "år", "it", "va", "is", "tv", "eu"})
_FIRST_TOLD = {
    "tjänste": "tjänst",
    "gymnasie": "gymnasium",
    "musei": "museum",
    "laboratorie": "laboratorium",
    "territorial": "territorium",
    **{
        one: one
        for one in ["äldre", "yngre", "större", "mindre", "högre", "lägre", "inre", "yttre", "övre", "nedre"]
    },
}
_SHORT_LAST = frozenset(
    [
        "lov",
        "hus",
        "råd",
        "väg",
        "lag",
        "bok",
        "akt",
        "rum",
        "tak",
        "del",
        "mål",
        "bil",
        "bro",
        "sjö",
        "mur",
        "vik",
        "ort",
        "gård",
        "nät",
        "kök",
        "öre",
        "tid",
        "bad",
        "vård",
    ]
)


def data_lines(name: str) -> list[str]:
    """Return the lines of a data file of this room, without comments and blanks."""
    raw = files("samarkiv_search.analysis").joinpath("data", name).read_text(encoding="utf-8")
    return [line.strip() for line in raw.splitlines() if line.strip() and not line.startswith("#")]


class Lexicon:
    """Word knowledge from simplemma (dictionary) and Snowball (stems). Loads on first use: 100 MB, about 1 s."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._words: Mapping[str, str] | None = None
        self._stemmer = Stemmer.Stemmer("swedish")
        self._particles = frozenset(data_lines("particles.txt"))
        self._suffixes = frozenset(data_lines("suffixes.txt"))
        self._own = frozenset(data_lines("own_lemma.txt"))
        self.is_base = lru_cache(maxsize=100_000)(self._is_base)
        self.first_part = lru_cache(maxsize=50_000)(self._first_part)

    @property
    def words(self) -> Mapping[str, str]:
        """The dictionary, form → lemma."""
        if self._words is None:
            with self._lock:
                if self._words is None:
                    self._words = DEFAULT_DICTIONARY_FACTORY.get_dictionary("sv")
        return self._words

    def stem(self, word: str) -> str:
        """Return the Snowball stem."""
        with self._lock:  # a Stemmer is not for several threads at once
            stem: str = self._stemmer.stemWord(word)
        return stem

    def lookup(self, word: str) -> str | None:
        """Return the dictionary's own lemma in lower case, also for names; None when the word is not listed."""
        words = self.words
        found = words.get(word) or words.get(word.capitalize())
        return found.lower() if found else None

    def _is_base(self, word: str) -> bool:
        words = self.words
        return words.get(word) == word or any(words.get(word + ending) == word for ending in _INFLECTIONS)

    def is_own(self, word: str) -> bool:
        """Return whether a word only looks inflected (`längs`): it is its own lemma and stem."""
        return word in self._own

    def lemmas(self, word: str) -> tuple[str, ...]:
        """Return the lemmas of a listed word (several where forms meet), () when it is not listed."""
        if word in self._own:
            return (word,)
        found = self.lookup(word)
        base = self.is_base(word)
        if found is None and not base:
            return ()
        out = [found] if found else []
        if base and word not in out:
            out.append(word)
        if word not in out:
            for ending in _DEFINITE:
                stem = word.removesuffix(ending)
                if stem != word and len(stem) >= 3 and stem not in out and self.is_base(stem):
                    out.append(stem)
        return tuple(out)

    def _first_part(self, surface: str) -> str | None:
        """Return the lemma of a form that may stand first in a compound (`gatu` → gata, `arbets` → arbete), or None."""
        if surface in self._particles or (len(surface) < 3 and surface not in _SHORT_FIRST):
            return None
        if self.is_base(surface):
            return surface
        if surface in _FIRST_TOLD:
            return _FIRST_TOLD[surface]
        stem, last = surface[:-1], surface[-1]
        tries = (
            *{
                "s": (stem, stem + "e", self._feminine(stem), self._feminine(stem.removesuffix("e"))),
                "u": (stem + "a",),
                "o": (stem + "a",),
                "a": (stem,),
                "e": (stem + "a",),
            }.get(last, ()),
            surface + "a",
            surface + "e",
        )
        for one in tries:
            if len(one) >= 3 and one not in self._particles and self.is_base(one):
                return one
        return None

    def _feminine(self, stem: str) -> str:
        """Return a noun in -a (`olycks` → olycka), "" when there is none: verbs do not link with s."""
        noun = stem + "a"
        return noun if self.words.get(noun + "n") == noun or self.words.get(stem + "or") == noun else ""

    def last_part(self, surface: str) -> tuple[str, ...]:
        """Return the lemmas of a form that may stand last in a compound, () when it may not."""
        if surface in self._suffixes or surface in self._particles:
            return ()
        return tuple(
            lemma
            for lemma in self.lemmas(surface)
            if (len(lemma) >= 4 or lemma in _SHORT_LAST)
            and lemma not in self._suffixes
            and lemma not in self._particles
        )
