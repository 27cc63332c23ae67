"""Hearing that work on a delivery was parked: its state says so, until somebody retries it."""

from collections.abc import Callable
from typing import Any

from samarkiv_contracts.catalogue import DELIVERY
from samarkiv_contracts.events.parked import EventParked
from samarkiv_contracts.states import DeliveryState
from sqlalchemy import Connection, select

from samarkiv_ingest import store
from samarkiv_ingest import tables as t
from samarkiv_ingest.usecases.parts import SYSTEM, Parts

UNDER_WAY = {DeliveryState.RECEIVED, DeliveryState.CHECKING, DeliveryState.PASSED}


def note_parked(parts: Parts, job: Any, event: EventParked) -> Callable[[Connection], None] | None:
    """Mark the delivery whose check or build was parked; anything else that is parked is not a delivery's state."""
    del job
    if event.topic != DELIVERY or event.consumer.split(".")[0] not in {"ingest", "preservation"}:
        return None

    def effect(tx: Connection) -> None:
        row = tx.execute(select(t.delivery.c.state).where(t.delivery.c.id == event.original_key)).first()
        if row is not None and DeliveryState(row.state) in UNDER_WAY:
            store.move(
                tx, event.original_key, DeliveryState.PARKED, at=parts.now(), actor=SYSTEM, reason=event.code
            )

    return effect
