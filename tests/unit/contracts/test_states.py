"""The closed list of states: words for all, and no way on from an end but being superseded."""

from samarkiv_contracts.levels import Level, strictest
from samarkiv_contracts.paths import PREFIXES, service_of
from samarkiv_contracts.states import ENDS, FOLLOWS, WORDS, DeliveryState


def test_every_state_has_words_and_followers() -> None:
    assert {state.value for state in DeliveryState} <= set(WORDS)
    assert set(FOLLOWS) == set(DeliveryState)


def test_an_end_leads_nowhere_but_to_superseded() -> None:
    assert all(FOLLOWS[state] <= {DeliveryState.SUPERSEDED} for state in ENDS)


def test_success_is_only_reached_through_storage() -> None:
    before = {state for state, after in FOLLOWS.items() if DeliveryState.ACCEPTED in after}
    assert before == {DeliveryState.PASSED, DeliveryState.PARKED}


def test_unknown_is_closed_and_the_strictest_wins() -> None:
    assert strictest(None) is Level.CLOSED
    assert strictest(0, 7) is Level.CLOSED
    assert strictest(0, 1, 0) is Level.ON_REQUEST
    assert strictest() is Level.CLOSED


def test_the_longest_prefix_owns_a_path() -> None:
    assert service_of("/v1/deliveries/x/findings") == "ingest"
    assert service_of("/v1/deliveriesx") == "access"
    assert service_of("/sok") == "access"
    every = [prefix for prefixes in PREFIXES.values() for prefix in prefixes]
    assert len(every) == len(set(every))
