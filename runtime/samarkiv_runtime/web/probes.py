"""What every service answers for its operator: alive, ready, metrics, its API description."""

from collections.abc import Sequence
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from samarkiv_runtime.ports import Health
from samarkiv_runtime.web.caller import CallerOf
from samarkiv_runtime.web.context import WebContext
from samarkiv_runtime.web.routing import OPEN, PolicyRouter


def health_body(found: Sequence[Health]) -> tuple[int, dict[str, Any]]:
    """Return status and body of `/readyz`: 503 names the dependency that fails or cannot be checked."""
    failing = [one for one in found if one.outcome != "ok"]
    return (503 if failing else 200), {
        "ready": not failing,
        "failing": [one.name for one in failing],
        "checks": [{"name": one.name, "outcome": one.outcome, "detail": one.detail} for one in found],
    }


def probes(context: WebContext) -> PolicyRouter:
    """Return the probe routes of a service."""
    router = PolicyRouter()

    @router.get("/livez", action=OPEN, part="registry", why="says only that the process answers")
    async def livez() -> dict[str, str]:
        return {"service": context.service, "alive": "yes"}

    @router.get("/readyz", action="service.health", part="registry", inner=True)
    def readyz() -> Response:
        status, body = health_body(context.health())
        return JSONResponse(body, status_code=status)

    @router.get("/metrics", action="service.health", part="registry", inner=True)
    def metrics() -> Response:
        return Response(context.meters.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @router.get(
        f"/v1/services/{context.service}/health",
        action="service.health",
        part="registry",
        summary="Health of every dependency",
    )
    def health(caller: CallerOf) -> dict[str, Any]:
        from samarkiv_runtime.policy import Resource

        caller.must("service.health", Resource("service", context.service, part="registry"))
        return health_body(context.health())[1]

    @router.get(
        f"/v1/services/{context.service}/openapi.json",
        action=OPEN,
        part="registry",
        why="the API description is public",
    )
    def description(request: Request) -> dict[str, Any]:
        found: dict[str, Any] = request.app.openapi()
        return found

    return router
