"""The closed list of a delivery's states and their words (DESIGN §3): no other list exists."""

from enum import StrEnum

from samarkiv_contracts.text import Text


class DeliveryState(StrEnum):
    """Where a delivery stands. A success word never appears before it is true."""

    ANNOUNCED = "announced"
    RECEIVING = "receiving"
    RECEIVED = "received"
    CHECKING = "checking"
    HELD = "held"
    RETURNED = "returned"
    REJECTED = "rejected"
    PASSED = "passed"
    ACCEPTED = "accepted"
    PARKED = "parked"
    SUPERSEDED = "superseded"


ENDS = frozenset(
    {DeliveryState.RETURNED, DeliveryState.REJECTED, DeliveryState.ACCEPTED, DeliveryState.SUPERSEDED}
)

WORDS: dict[str, Text] = {
    "announced": Text(sv="aviserad", en="announced"),
    "receiving": Text(sv="tas emot", en="receiving"),
    "received": Text(sv="mottagen", en="received"),
    "checking": Text(sv="kontrolleras", en="being checked"),
    "held": Text(sv="väntar på beslut", en="awaiting a decision"),
    "returned": Text(sv="återsänd", en="returned"),
    "rejected": Text(sv="avvisad", en="rejected"),
    "passed": Text(sv="utan anmärkning i mottagningskontrollen", en="passed acceptance control"),
    "accepted": Text(sv="godkänd", en="accepted"),
    "indexed": Text(sv="sökbar", en="searchable"),
    "parked": Text(sv="stoppad, tekniskt fel", en="stopped, technical fault"),
    "superseded": Text(sv="ersatt av en ny leverans", en="superseded"),
    "test": Text(sv="testleverans", en="test delivery"),
}

# Which state may follow which; anything else is refused by the store (RELIABILITY rule 2).
FOLLOWS: dict[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.ANNOUNCED: frozenset({DeliveryState.RECEIVING, DeliveryState.RECEIVED}),
    DeliveryState.RECEIVING: frozenset({DeliveryState.RECEIVED, DeliveryState.REJECTED}),
    DeliveryState.RECEIVED: frozenset({DeliveryState.CHECKING, DeliveryState.PARKED}),
    DeliveryState.CHECKING: frozenset(
        {DeliveryState.PASSED, DeliveryState.REJECTED, DeliveryState.HELD, DeliveryState.PARKED}
    ),
    DeliveryState.HELD: frozenset({DeliveryState.PASSED, DeliveryState.RETURNED}),
    DeliveryState.PASSED: frozenset({DeliveryState.ACCEPTED, DeliveryState.PARKED}),
    DeliveryState.PARKED: frozenset(
        {DeliveryState.RECEIVED, DeliveryState.CHECKING, DeliveryState.PASSED, DeliveryState.ACCEPTED}
    ),
    DeliveryState.REJECTED: frozenset({DeliveryState.SUPERSEDED}),
    DeliveryState.RETURNED: frozenset({DeliveryState.SUPERSEDED}),
    DeliveryState.ACCEPTED: frozenset(),
    DeliveryState.SUPERSEDED: frozenset(),
}


def word(state: str, language: str = "sv") -> str:
    """Return the user's word for a state code; raises KeyError for a code outside the closed list."""
    return WORDS[state].get(language)
