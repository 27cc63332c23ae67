"""Addresses for what an operator does with parked events of one service (USERS O5, O6)."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from samarkiv_contracts.problems import NotFound, Unavailable

from samarkiv_runtime import operations as acts
from samarkiv_runtime.eventlog.jobs import Jobs
from samarkiv_runtime.policy import Resource
from samarkiv_runtime.web.caller import Caller, CallerOf
from samarkiv_runtime.web.context import WebContext
from samarkiv_runtime.web.routing import PolicyRouter


class Dropping(BaseModel):
    """Why a parked event is given up."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=1000)


def _jobs(context: WebContext) -> Jobs:
    if context.jobs is None:
        raise Unavailable
    return context.jobs


def _consumers(context: WebContext) -> list[str]:
    return [worker.consumer for worker in context.workers()]


def _one(context: WebContext, caller: Caller, action: str, n: int) -> acts.ParkedDetail:
    """Return a parked job of this service that the caller may touch; absent and hidden are alike."""
    detail = acts.show_parked(_jobs(context), n)
    if detail.consumer not in _consumers(context):
        raise NotFound
    caller.must(action, Resource("event", str(n), detail.tenant, part="event"))
    return detail


def operations(context: WebContext) -> PolicyRouter:
    """Return the routes `/v1/services/<name>/…` of a service, and read its lag when metrics are scraped."""
    router = PolicyRouter(prefix=f"/v1/services/{context.service}", tags=["operations"])
    _measure(context)

    @router.get("/parked", action="event.see", part="event", summary="Parked events, oldest first")
    def parked(caller: CallerOf, limit: int = 100, after: int = 0) -> dict[str, Any]:
        caller.must("event.see", Resource("event", part="event"))
        wanted = max(1, min(limit, 500))
        found = sorted(
            (
                item
                for consumer in _consumers(context)
                for item in acts.list_parked(_jobs(context), consumer, limit=wanted + 1, after=after).items
            ),
            key=lambda item: item.id,
        )
        shown = found[:wanted]
        return {
            "items": [item.model_dump() for item in shown],
            "next": shown[-1].id if len(found) > wanted else None,
        }

    @router.get("/lag", action="service.health", part="registry", summary="How far behind each worker is")
    def lag(caller: CallerOf) -> dict[str, Any]:
        caller.must("service.health", Resource("service", context.service, part="registry"))
        return {"items": [item.model_dump() for item in acts.lag(context.workers())], "next": None}

    @router.get("/parked/{n}", action="event.see", part="event", summary="One parked event")
    def show(n: int, caller: CallerOf) -> dict[str, Any]:
        return _one(context, caller, "event.see", n).model_dump()

    @router.post("/parked/{n}/retry", action="event.retry", part="event", summary="Try again")
    def retry(n: int, caller: CallerOf) -> dict[str, Any]:
        _one(context, caller, "event.retry", n)
        return acts.retry(_jobs(context), n).model_dump()

    @router.post("/parked/{n}/drop", action="event.drop", part="event", summary="Give up, for a reason")
    def drop(n: int, body: Dropping, caller: CallerOf) -> dict[str, Any]:
        _one(context, caller, "event.drop", n)
        return acts.drop(_jobs(context), n, body.reason).model_dump()

    return router


def _measure(context: WebContext) -> None:
    def lags() -> Mapping[tuple[str, ...], float]:
        return {(worker.consumer,): float(worker.lag()) for worker in context.workers()}

    def parked() -> Mapping[tuple[str, ...], float]:
        return {(worker.consumer,): float(worker.counts().get("parked", 0)) for worker in context.workers()}

    def oldest() -> Mapping[tuple[str, ...], float]:
        found: dict[tuple[str, ...], float] = {}
        for worker in context.workers():
            items = acts.list_parked(_jobs(context), worker.consumer, limit=1).items
            found[(worker.consumer,)] = items[0].age_s if items else 0.0
        return found

    context.meters.pull("samarkiv_event_lag_events", lags)
    context.meters.pull("samarkiv_parked_events", parked)
    context.meters.pull("samarkiv_oldest_parked_seconds", oldest)
