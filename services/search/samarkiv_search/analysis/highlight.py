"""Where a hit matched: the shown text analysed once more, and the piece of it that says most."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from samarkiv_search.analysis.analyser import Analyser, Token, tokens
from samarkiv_search.analysis.normalise import clean, lower
from samarkiv_search.analysis.question import Question

WIDTH = 240
SHORT = 3_000
MOST_TRIES = 25
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
        """Return about 240 letters around the densest matches of the first stretch that has any, [] when none has."""
        shown = clean(text)
        for begin, stop in self._stretches(shown, question):
            places = [
                (begin + left, begin + right) for left, right in self._places(shown[begin:stop], question)
            ]
            if places:
                start, end = _window(shown, places)
                found = _segments(shown, places, start, end)
                if start > 0:
                    found.insert(0, Segment("… ", mark=False))
                if end < len(shown):
                    found.append(Segment(" …", mark=False))
                return found
        return []

    @staticmethod
    def _stretches(shown: str, question: Question) -> Iterator[tuple[int, int]]:
        """Return the stretches worth analysing: around what begins like a word asked for; short texts whole."""
        if len(shown) <= SHORT:
            yield 0, len(shown)
            return
        starts = sorted({one[:4] for one in (*question.marks, *question.starts) if len(one) > 1})
        if not starts:
            return
        done, tried = 0, 0
        for match in re.finditer("|".join(map(re.escape, starts)), lower(shown)):
            if match.start() < done:
                continue
            begin = max(done, shown.rfind(" ", 0, max(0, match.start() - WIDTH)) + 1)
            done = shown.find(" ", match.start() + 3 * WIDTH)
            done = done if done >= 0 else len(shown)
            yield begin, done
            tried += 1
            if tried == MOST_TRIES:
                return

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
