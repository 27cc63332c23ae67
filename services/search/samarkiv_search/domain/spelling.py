"""The word that was meant: the nearest one among the words of near matches."""

from collections.abc import Collection, Mapping
from typing import Protocol


class Forms(Protocol):
    """Gives the lemmas and parts by which a word may have been found."""

    def near_forms(self, word: str) -> Collection[str]:
        """Return the forms of a word that a fuzzy search compares with."""
        ...


def distance(one: str, other: str, most: int) -> int:
    """Return the edits between two words (a swap of neighbours is one), `most + 1` when there are more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        fresh = [i]
        for j, right in enumerate(other, 1):
            cost = min(row[j] + 1, fresh[j - 1] + 1, row[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, before[j - 2] + 1)
            fresh.append(cost)
        before, row = row, fresh
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def nearest(word: str, words: Mapping[str, Collection[str]], most: int, forms: Forms) -> str:
    """Return the word of `words` (each with the hits it stands in) nearest to `word`; itself when none is near enough.

    A word may be near by itself, by its lemma or by a part of it; the form that is near is what was meant.
    """
    ranked: dict[str, tuple[int, int, str]] = {}
    for candidate, hits in words.items():
        for form in {candidate, *forms.near_forms(candidate)}:
            far = distance(word, form, most)
            if far <= most:
                rank = (far, -len(hits), form)
                ranked[form] = min(rank, ranked.get(form, rank))
    return min(ranked.values())[2] if ranked else word
