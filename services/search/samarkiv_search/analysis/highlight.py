"""Where a hit matched: the shown text analysed once more, and the piece of it that says most."""

import re
from dataclasses import dataclass

from samarkiv_search.analysis.analyser import Analyser, Token, tokens
from samarkiv_search.analysis.normalise import clean, lower
from samarkiv_search.analysis.question import Question

WIDTH = 240
LONGEST = 60_000
_BREAK = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of shown text, marked when it matched."""

    text: str
    mark: bool


class Highlighter:
    """Marks matches by the same analysis that found them."""

    def __init__(self, analyser: Analyser) -> None:
        self._analyser = analyser

    def whole(self, text: str, question: Question) -> list[Segment]:
        """Return a whole short text in segments."""
        shown = clean(text)
        return _segments(shown, self._places(shown, question), 0, len(shown))

    def snippet(self, text: str, question: Question) -> list[Segment]:
        """Return about 240 letters around the densest matches, [] when nothing in the text matched."""
        shown = clean(text[:LONGEST])
        places = self._places(shown, question)
        if not places:
            return []
        start, end = _window(shown, places)
        found = _segments(shown, places, start, end)
        if start > 0:
            found.insert(0, Segment("… ", mark=False))
        if end < len(shown):
            found.append(Segment(" …", mark=False))
        return found

    def _places(self, shown: str, question: Question) -> list[tuple[int, int]]:
        if not question.marks and not question.starts:
            return []
        return [(token.start, token.end) for token in tokens(lower(shown)) if self._matches(token, question)]

    def _matches(self, token: Token, question: Question) -> bool:
        marks = question.marks
        if token.identifier is not None:
            return not marks.isdisjoint(token.identifier.forms)
        if len(token.pieces) > 1 and "".join(token.pieces) in marks:
            return True
        for piece in token.pieces:
            forms = self._analyser.words.forms(piece)
            if (
                forms.light in marks
                or not marks.isdisjoint(forms.lemmas)
                or (not forms.known and forms.stem in marks)
                or not marks.isdisjoint(forms.parts)
                or not marks.isdisjoint(forms.plain)
                or (question.starts and forms.light.startswith(question.starts))
            ):
                return True
        return False


def _window(text: str, places: list[tuple[int, int]]) -> tuple[int, int]:
    """Return the stretch with most matches, from a word's beginning to a word's end."""
    best, most, right = 0, 0, 0
    for left, (start, _end) in enumerate(places):
        while right < len(places) and places[right][1] <= start + WIDTH * 3 // 4:
            right += 1
        if right - left > most:
            best, most = left, right - left
    start = max(0, places[best][0] - WIDTH // 4)
    end = min(len(text), start + WIDTH)
    if start > 0:
        gap = text.find(" ", start, places[best][0])
        start = gap + 1 if gap >= 0 else places[best][0]
    if end < len(text):
        gap = text.rfind(" ", places[best][1], end)
        end = gap if gap > 0 else end
    return start, max(end, places[best][1])


def _segments(text: str, places: list[tuple[int, int]], start: int, end: int) -> list[Segment]:
    out: list[Segment] = []
    at = start
    for left, right in places:
        if left < at or right > end:
            continue
        if left > at:
            out.append(Segment(_BREAK.sub(" ", text[at:left]), mark=False))
        out.append(Segment(text[left:right], mark=True))
        at = right
    if at < end:
        out.append(Segment(_BREAK.sub(" ", text[at:end]), mark=False))
    return out
