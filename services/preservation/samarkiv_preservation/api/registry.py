"""The registry archive, between services only: written to every copy before it counts, read back right."""

import json
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from samarkiv_contracts.problems import BadRequest, TooLarge
from samarkiv_runtime.policy import Resource
from samarkiv_runtime.web import Caller, PolicyRouter, caller_of

from samarkiv_preservation.kit import Kit
from samarkiv_preservation.usecases.registry import all_newest, archive, newest

Who = Annotated[Caller, Depends(caller_of)]
LARGEST = 32 * 2**20


def routes(kit: Kit) -> PolicyRouter:
    """Return the routes under `/internal/registry`."""
    router = PolicyRouter(tags=["registry"])

    def ask(caller: Caller) -> None:
        caller.must("service.internal", Resource("service", "preservation", part="registry"))

    @router.put("/internal/registry/{tenant}", action="service.internal", part="registry")
    async def put(tenant: str, request: Request, caller: Who) -> dict[str, Any]:
        await run_in_threadpool(ask, caller)
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST:
                raise TooLarge
        try:
            json.loads(body)
        except ValueError:
            raise BadRequest("Dokumentet är inte JSON", "The document is not JSON") from None
        archived = await run_in_threadpool(archive, kit, tenant, bytes(body))
        return {"version": archived.version, "sha256": archived.sha256}

    @router.get("/internal/registry/{tenant}", action="service.internal", part="registry")
    def get(tenant: str, caller: Who) -> Response:
        ask(caller)
        archived = newest(kit, tenant)
        return Response(
            archived.body, media_type="application/json", headers={"ETag": f'"{archived.sha256}"'}
        )

    @router.get("/internal/registry", action="service.internal", part="registry")
    def get_all(caller: Who) -> dict[str, Any]:
        ask(caller)
        return {"items": [one.document for one in all_newest(kit)], "next": None}

    return router
