"""Looking after the copies: the state of fixity, checking all, the copies themselves."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends
from samarkiv_contracts.problems import CopyUnreadable, Unavailable
from samarkiv_runtime.clock import rfc3339
from samarkiv_runtime.policy import Resource
from samarkiv_runtime.web import Caller, PolicyRouter, caller_of

from samarkiv_preservation import store
from samarkiv_preservation.api import told
from samarkiv_preservation.kit import Kit

Who = Annotated[Caller, Depends(caller_of)]
GRACE = timedelta(days=1)
LOG_LINES = 100


def routes(kit: Kit) -> PolicyRouter:
    """Return the routes under `/v1/fixity` and `/v1/copies`."""
    router = PolicyRouter(tags=["fixity"])

    def ask(caller: Caller) -> None:
        caller.must("package.health", Resource("package", part="registry"))

    @router.get("/v1/fixity", action="package.health", part="registry", summary="The state of all copies")
    def summary(caller: Who) -> dict[str, Any]:
        ask(caller)
        now = kit.clock.now()
        with kit.database.read() as tx:
            found = store.fixity_summary(tx, rfc3339(now), rfc3339(now - GRACE))
            log = [told.fixity_line(row) for row in store.fixity_log(tx, LOG_LINES)]
        return {**found, "interval_days": kit.fixity_interval / timedelta(days=1), "log": log}

    @router.post(
        "/v1/fixity",
        action="package.health",
        part="registry",
        status_code=202,
        summary="Check every copy of every package as soon as possible; follow it by `waiting`",
    )
    def check_all(caller: Who) -> dict[str, Any]:
        ask(caller)
        now = rfc3339(kit.clock.now())
        with kit.database.write() as tx:
            store.make_all_due(tx, now)
            waiting = len(store.due(tx, now, 1_000_000))
        return {"waiting": waiting, "follow": "/v1/fixity"}

    @router.get("/v1/copies", action="package.health", part="registry", summary="The archive copies")
    def copies(caller: Who) -> dict[str, Any]:
        ask(caller)
        now = kit.clock.now()
        with kit.database.read() as tx:
            counts = store.fixity_summary(tx, rfc3339(now), rfc3339(now - GRACE))["copies"]
        items = []
        for name, copy in kit.site.copies.items():
            try:
                there = copy.stat("0=ocfl_1.1") is not None
                answer = "ok" if there else "bad"
            except (Unavailable, CopyUnreadable):
                answer = "could_not_check"
            items.append({"name": name, "answers": answer, "packages": counts.get(name, {})})
        return {"items": items, "next": None}

    @router.get(
        "/v1/services/preservation/tools",
        action="service.health",
        part="registry",
        summary="Tools for migration and their walls: what is missing is seen here",
    )
    def tools(caller: Who) -> dict[str, Any]:
        caller.must("service.health", Resource("service", "preservation", part="registry"))
        items = [{"name": one.name, "outcome": one.outcome, "detail": one.detail} for one in kit.tools()]
        return {"items": items, "next": None}

    return router
