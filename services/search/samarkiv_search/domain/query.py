"""The query tree: what both search backends translate. Built by the analysis, read by the adapters."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """Documents with this very token in a field."""

    field: str
    word: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Documents with these tokens after one another in a field."""

    field: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """Documents with a token that begins so; every match scores the same."""

    field: str
    start: str


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Documents with a token at most `distance` edits away (a swap of neighbours is one)."""

    field: str
    word: str
    distance: int


@dataclass(frozen=True, slots=True)
class Best:
    """The best of several ways to match one word: the highest score and a tenth of the others."""

    ways: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Both:
    """All of these must match; scores add up."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Weighted:
    """A node whose score is multiplied."""

    weight: float
    node: "Node"


@dataclass(frozen=True, slots=True)
class Everything:
    """Every document, all alike."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No document."""


Node = Term | Phrase | Prefix | Fuzzy | Best | Both | Weighted | Everything | Nothing

TIE = 0.1


def best(ways: list[Node]) -> Node:
    """Return the node for alternatives: none is Nothing, one stands alone."""
    distinct = tuple(dict.fromkeys(ways))
    if not distinct:
        return Nothing()
    return distinct[0] if len(distinct) == 1 else Best(distinct)


def both(nodes: list[Node]) -> Node:
    """Return the node for conditions that all must hold: none is Everything, one stands alone."""
    if any(isinstance(node, Nothing) for node in nodes):
        return Nothing()
    distinct = tuple(dict.fromkeys(nodes))
    if not distinct:
        return Everything()
    return distinct[0] if len(distinct) == 1 else Both(distinct)
