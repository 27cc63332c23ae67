"""Text to the seven fields of the index; a change here is a new VERSION and a shadow rebuild."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from samarkiv_search.analysis.identifiers import TOKEN, Identifier, canonical
from samarkiv_search.analysis.lexicon import Lexicon
from samarkiv_search.analysis.normalise import clean, lower, plain_letters
from samarkiv_search.analysis.words import Words

VERSION = "sv-1"
BLOT = "······"
FIELDS = ("light", "lemmas", "stems", "parts", "plain", "ids")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text: an identifier, or a word of one or more pieces (`e-post`), with its place in the clean text."""

    start: int
    end: int
    pieces: tuple[str, ...]
    identifier: Identifier | None = None
    cut: bool = False


@dataclass(slots=True)
class Fields:
    """The seven whitespace fields while they are filled; `light` keeps order and repeats, the others are sets."""

    light: list[str] = field(default_factory=list)
    lemmas: dict[str, None] = field(default_factory=dict)
    stems: dict[str, None] = field(default_factory=dict)
    parts: dict[str, None] = field(default_factory=dict)
    plain: dict[str, None] = field(default_factory=dict)
    ids: dict[str, None] = field(default_factory=dict)
    persons: bool = False

    def joined(self) -> dict[str, str]:
        """Return field → text for a whitespace analyzer."""
        join = " ".join
        return {
            "light": join(self.light),
            "lemmas": join(self.lemmas),
            "stems": join(self.stems),
            "parts": join(self.parts),
            "plain": join(self.plain),
            "ids": join(self.ids),
        }

    def copy(self) -> "Fields":
        """Return fields that can be filled on without touching these."""
        return Fields(
            self.light[:],
            self.lemmas.copy(),
            self.stems.copy(),
            self.parts.copy(),
            self.plain.copy(),
            self.ids.copy(),
            self.persons,
        )


class Analyser:
    """The Swedish analysis. `persons` says whether personal numbers may be found (closed indexes only)."""

    def __init__(self, lexicon: Lexicon | None = None, words: Words | None = None) -> None:
        self.lexicon = lexicon or Lexicon()
        self.words = words or Words(self.lexicon)
        self._folder = lru_cache(maxsize=500)(self._read_folder)

    def warm(self) -> None:
        """Load the dictionary now (1 s)."""
        self.words.forms("handling")

    def fields(self, texts: Iterable[str], persons: bool) -> dict[str, str]:
        """Return the seven fields of several texts; a phrase never runs from one text into the next.

        With `persons` False a personal number leaves no trace in any field.
        """
        out = Fields()
        for text in texts:
            if text:
                self._fill(out, lower(clean(text)), persons)
        return out.joined()

    def named(self, path: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return the fields of a file's path for an open and for a closed index; a folder is analysed once."""
        folder, _, name = path.rpartition("/")
        out = self._folder(folder).copy() if folder else Fields()
        self._fill(out, lower(clean(name)), persons=False)
        shown = out.joined()
        return shown, self.fields((folder, name), persons=True) if out.persons else shown

    def _read_folder(self, folder: str) -> Fields:
        out = Fields()
        self._fill(out, lower(clean(folder)), persons=False)
        return out

    def both(self, texts: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Return the fields for an open and for a closed index; analysed once when no personal number stands there."""
        kept = list(texts)
        out = Fields()
        for text in kept:
            if text:
                self._fill(out, lower(clean(text)), persons=False)
        shown = out.joined()
        return shown, self.fields(kept, persons=True) if out.persons else shown

    def pieces(self, texts: Iterable[str]) -> Iterator[str]:
        """Return the words of texts, as the field `light` holds them."""
        for text in texts:
            for token in tokens(lower(clean(text))):
                if token.identifier is None:
                    yield from map(plain_letters, token.pieces)

    def near_forms(self, word: str) -> tuple[str, ...]:
        """Return the lemmas and parts of a word: what a fuzzy search also compares with."""
        forms = self.words.forms(word)
        return (*forms.lemmas, *forms.parts)

    def masked(self, text: str) -> str:
        """Return text with personal numbers blotted out, for what an open index stores."""
        cleaned = clean(text)
        out, place = [], 0
        for token in tokens(lower(cleaned)):
            if token.identifier is not None and token.identifier.kind == "person":
                out += [cleaned[place : token.start], BLOT]
                place = token.end
        return "".join([*out, cleaned[place:]]) if out else cleaned

    def _fill(self, out: Fields, text: str, persons: bool) -> None:
        if out.light:
            out.light.append("¶")
        waiting: list[str] = []  # first halves of `vatten- och avloppsavgift`
        gap = 0
        for token in tokens(text):
            if token.identifier is not None:
                if token.identifier.kind == "person" and not persons:
                    out.light.append("¶")
                    out.persons = True
                    continue
                self._identifier(out, token)
                waiting = []
                continue
            for piece in token.pieces:
                self._word(out, piece)
            if len(token.pieces) > 1:
                out.parts["".join(token.pieces)] = None
            if token.cut:
                waiting.append(token.pieces[-1])
                gap = 0
            elif waiting:
                gap += 1
                if token.pieces[-1] not in _BETWEEN:
                    self._ellipsis(out, waiting, token.pieces[-1])
                    waiting = []
                elif gap > 1:
                    waiting = []

    def _identifier(self, out: Fields, token: Token) -> None:
        identifier = token.identifier
        assert identifier is not None
        for piece in token.pieces:
            out.light.append(piece)
        for form in identifier.forms:
            out.ids[form] = None
        if identifier.word_before:
            self._word(out, identifier.word_before, at_place=False)
        if identifier.kind == "code":
            for piece in token.pieces:
                if piece.isalpha() and len(piece) > 2:
                    self._word(out, piece, at_place=False)

    def _word(self, out: Fields, piece: str, at_place: bool = True) -> None:
        forms = self.words.forms(piece)
        if at_place:
            out.light.append(forms.light)
        if piece.isdigit() and len(piece) > 3:
            out.ids[piece] = None
        for lemma in forms.lemmas:
            out.lemmas[lemma] = None
        out.stems[forms.stem] = None
        for part in forms.parts:
            out.parts[part] = None
        for one in forms.plain:
            out.plain[one] = None

    def _ellipsis(self, out: Fields, waiting: list[str], whole: str) -> None:
        """`vatten- och avloppsavgifter` says vattenavgift too: the first half takes the tail of the whole."""
        top = self.words.forms(whole).top
        for half in waiting:
            for number in range(1, len(top)):
                run = "".join(part.surface for part in top[number:-1])
                for lemma in top[-1].lemmas:
                    out.parts[plain_letters(half) + run + lemma] = None


_BETWEEN = frozenset({"och", "samt", "eller", "respektive"})


def tokens(text: str) -> Iterator[Token]:
    """Return the tokens of clean text in lower case, in order."""
    for match in TOKEN.finditer(text):
        group = match.lastgroup
        if group == "cut":
            group = "word"
        assert group is not None
        if group != "word":
            identifier = canonical(group, match[group])
            pieces = tuple(plain_letters(piece) for piece in _pieces(match[0]))
            if identifier is not None:
                yield Token(match.start(), match.end(), pieces, identifier)
            else:
                for start, piece in _spans(match[0]):
                    yield Token(match.start() + start, match.start() + start + len(piece), (piece,))
        else:
            pieces = tuple(_pieces(match["word"].partition(":")[0]))
            yield Token(match.start(), match.end(), pieces, cut=match["cut"] is not None)


def _spans(raw: str) -> Iterator[tuple[int, str]]:
    start = -1
    for place, letter in enumerate(raw):
        if letter.isalnum():
            if start < 0:
                start = place
        elif start >= 0:
            yield start, raw[start:place]
            start = -1
    if start >= 0:
        yield start, raw[start:]


def _pieces(raw: str) -> list[str]:
    if raw.isalnum():
        return [raw]
    return [piece for _start, piece in _spans(raw)]
