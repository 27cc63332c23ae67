"""What a person typed, as a query tree: words, "quoted phrases", a trailing *, identifiers."""

import re
from dataclasses import dataclass, field

from samarkiv_search.analysis.analyser import Analyser, Token, tokens
from samarkiv_search.analysis.lexicon import data_lines
from samarkiv_search.analysis.normalise import clean, fold, lower, plain_letters
from samarkiv_search.domain.query import Both, Fuzzy, Node, Phrase, Prefix, Term, Weighted, best, both

MOST_WORDS = 20
_QUOTED = re.compile(r'"([^"]*)"|“([^”]*)”|”([^”]*)”')
_STAR = re.compile(r"([^\W_]{2,})\*")
_HEAD = 5.0
_WEIGHTS = {"light": 3.0, "lemmas": 2.0, "parts": 1.0, "plain": 0.3, "ids": 4.0}


@dataclass(slots=True)
class Question:
    """A parsed query. `tree` finds; `fuzzy` is the second search for no hits; `marks` are the tokens that highlight."""

    tree: Node
    fuzzy: Node | None = None
    words: tuple[str, ...] = ()
    too_long: bool = False
    marks: frozenset[str] = frozenset()
    starts: tuple[str, ...] = ()


@dataclass(slots=True)
class _Draft:
    nodes: list[Node] = field(default_factory=list)
    fuzzy: list[Node] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    marks: set[str] = field(default_factory=set)
    starts: list[str] = field(default_factory=list)
    stopped: list[Node] = field(default_factory=list)
    vague: bool = False


class Questions:
    """Reads queries with the same analysis as the documents."""

    def __init__(self, analyser: Analyser) -> None:
        self._analyser = analyser
        self._stopwords = frozenset(data_lines("stopwords.txt"))

    def read(self, text: str, persons: bool) -> Question:
        """Return the question that `text` asks; at most 20 words count, the rest is left out and told.

        With `persons` False a personal number finds nothing, whatever the index holds.
        """
        draft = _Draft()
        said = lower(clean(text))
        rest = _QUOTED.sub(lambda found: self._quoted(draft, found[1] or found[2] or found[3] or ""), said)
        rest = _STAR.sub(lambda found: self._star(draft, found[1]), rest)
        self._running(draft, rest, persons)
        nodes = draft.nodes or draft.stopped
        if not nodes:
            return Question(both([]))
        return Question(
            tree=both(nodes[:MOST_WORDS]),
            fuzzy=both(draft.fuzzy[:MOST_WORDS]) if draft.vague else None,
            words=tuple(draft.words[:MOST_WORDS]),
            too_long=len(nodes) > MOST_WORDS,
            marks=frozenset(draft.marks),
            starts=tuple(draft.starts),
        )

    def beginning(self, text: str) -> Node:
        """Return the tree for suggestions: whole words, and titles whose word begins like the last one."""
        pieces = [piece for token in tokens(lower(clean(text))) for piece in token.pieces][:MOST_WORDS]
        if not pieces:
            return both([])
        whole: list[Node] = [Term("head", plain_letters(piece)) for piece in pieces[:-1]]
        return both([*whole, Prefix("head", plain_letters(pieces[-1]))])

    def _quoted(self, draft: _Draft, inside: str) -> str:
        words = tuple(plain_letters(piece) for token in tokens(inside) for piece in token.pieces)[:MOST_WORDS]
        if words:
            node: Node = Phrase("light", words) if len(words) > 1 else Term("light", words[0])
            draft.nodes.append(Weighted(_WEIGHTS["light"], node))
            draft.fuzzy.append(node)
            draft.words.append(f'"{inside.strip()}"')
            draft.marks.update(words)
        return " "

    def _star(self, draft: _Draft, start: str) -> str:
        start = plain_letters(start)
        draft.nodes.append(Weighted(_WEIGHTS["light"], Prefix("light", start)))
        draft.fuzzy.append(Prefix("light", start))
        draft.words.append(start + "*")
        draft.starts.append(start)
        return " "

    def _running(self, draft: _Draft, text: str, persons: bool) -> None:
        for token in tokens(text):
            if len(draft.nodes) > MOST_WORDS:
                return
            said = text[token.start : token.end]
            if token.identifier is not None:
                self._identifier(draft, token, said, persons)
            elif len(token.pieces) > 1:
                node = self._hyphenated(draft, token.pieces)
                draft.nodes.append(node)
                draft.fuzzy.append(node)
                draft.words.append(said)
            elif token.pieces[0] in self._stopwords:
                draft.stopped.append(Weighted(_WEIGHTS["light"], Term("light", token.pieces[0])))
            else:
                draft.nodes.append(self._word(draft, token.pieces[0]))
                draft.fuzzy.append(self._nearly(token.pieces[0]))
                draft.words.append(said)
                draft.vague = True

    def _identifier(self, draft: _Draft, token: Token, said: str, persons: bool) -> None:
        identifier = token.identifier
        assert identifier is not None
        if identifier.kind == "person" and not persons:
            draft.nodes.append(best([]))
            return
        ways: list[Node] = [Weighted(_WEIGHTS["ids"], Term("ids", identifier.forms[0]))]
        if len(token.pieces) > 1:
            ways.append(Weighted(_WEIGHTS["light"], Phrase("light", token.pieces)))
        node = best(ways)
        draft.nodes.append(node)
        draft.fuzzy.append(node)
        draft.words.append(said)
        draft.marks.update(token.pieces, identifier.forms)

    def _hyphenated(self, draft: _Draft, pieces: tuple[str, ...]) -> Node:
        whole = plain_letters("".join(pieces))
        light = tuple(map(plain_letters, pieces))
        apart = Both(tuple(self._word(draft, piece) for piece in pieces))
        draft.marks.add(whole)
        return best(
            [
                Weighted(_WEIGHTS["light"], Phrase("light", light)),
                Weighted(_WEIGHTS["lemmas"], Term("light", whole)),
                Weighted(_WEIGHTS["parts"], Term("parts", whole)),
                Weighted(0.5, apart),
            ]
        )

    def _word(self, draft: _Draft, piece: str) -> Node:
        forms = self._analyser.words.forms(piece)
        light = forms.light
        draft.marks.update((light, *forms.lemmas, forms.stem))
        ways: list[Node] = [
            Weighted(_HEAD, Term("head", light)),
            Weighted(_WEIGHTS["light"], Term("light", light)),
        ]
        if piece.isdigit() and len(piece) > 3:
            ways.append(Weighted(_WEIGHTS["ids"], Term("ids", piece)))
        for lemma in forms.lemmas:
            ways.append(Weighted(_HEAD - 1, Term("head", lemma)))
            ways.append(Weighted(_WEIGHTS["lemmas"], Term("lemmas", lemma)))
            ways.append(Weighted(_WEIGHTS["parts"], Term("parts", lemma)))
        if light.isalpha():
            ways.append(Weighted(0.5 if forms.known else 1.0, Term("stems", forms.stem)))
            if not forms.known:
                ways.append(Weighted(_WEIGHTS["parts"], Term("parts", light)))
        if forms.top:
            each = [self._part(part.lemmas) for part in forms.top]
            ways.append(Weighted(_WEIGHTS["parts"], both(each)))
            for part in forms.top:
                draft.marks.update(part.lemmas)
        if light.isascii() and light.isalpha():
            folded = dict.fromkeys((light, *forms.lemmas, forms.stem))
            ways.extend(Weighted(_WEIGHTS["plain"], Term("plain", one)) for one in folded)
        return best(ways)

    @staticmethod
    def _part(lemmas: tuple[str, ...]) -> Node:
        return best([Term(name, lemma) for lemma in lemmas for name in ("lemmas", "parts")])

    @staticmethod
    def _nearly(piece: str) -> Node:
        word = plain_letters(piece)
        distance = fuzzy_distance(word)
        if distance == 0:
            return best([Term("light", word), Term("lemmas", word)])
        ways: list[Node] = [Fuzzy(name, word, distance) for name in ("light", "lemmas", "parts")]
        if word.isascii():
            ways.append(Fuzzy("plain", fold(word), distance - 1) if distance > 1 else Term("plain", word))
        return best(ways)


def fuzzy_distance(word: str) -> int:
    """Return how many edits a word of this length may be away: short words and numbers none."""
    if not word.isalpha() or len(word) < 5:
        return 0
    return 1 if len(word) < 8 else 2
