"""How a record is cited, so that anyone can find it again."""

from collections.abc import Sequence


def cite(parts: Sequence[str], address: str) -> str:
    """Return `Lindhamra, Byggnadsnämnden, Bygglov, BN 2009-412. https://…`; empty parts are left out."""
    said: list[str] = []
    for part in parts:
        if part and part not in said:
            said.append(part)
    return f"{', '.join(said)}. {address}"
