"""Events as frozen models, one module a noun; `EVENTS` maps every type to its model."""

from samarkiv_contracts.events import delivery, fixity, index, package, parked, receipt, record, registry
from samarkiv_contracts.events.base import Event

EVENTS: dict[str, type[Event]] = {
    model.type: model
    for module in (record, delivery, receipt, package, index, fixity, registry, parked)
    for model in vars(module).values()
    if isinstance(model, type) and issubclass(model, Event) and model is not Event
}

__all__ = ["EVENTS", "Event"]
