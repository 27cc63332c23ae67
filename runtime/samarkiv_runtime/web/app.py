"""One way to build the app of a service."""

from collections.abc import Sequence

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from samarkiv_contracts.problems import Problem
from starlette.exceptions import HTTPException

from samarkiv_runtime.web.context import WebContext
from samarkiv_runtime.web.door import Door
from samarkiv_runtime.web.operations import operations
from samarkiv_runtime.web.probes import probes
from samarkiv_runtime.web.problems import answer, from_http, from_validation
from samarkiv_runtime.web.routing import OPEN, Declared, PolicyRouter


def build_app(service_name: str, routers: Sequence[PolicyRouter], context: WebContext) -> FastAPI:
    """Return the app of a service: its routers, probes and operations behind the door.

    Raises TypeError for a router that is not a PolicyRouter. `app.state.declared` lists every route's policy.
    """
    app = FastAPI(
        title=f"Samarkiv {service_name}",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if service_name == "access" else None,
        redirect_slashes=False,
    )
    app.state.context = context
    declared: list[Declared] = []
    if service_name == "access":
        declared.append(Declared("GET", "/openapi.json", OPEN, "registry", "the API description is public"))
    for router in (*routers, probes(context), operations(context)):
        if not isinstance(router, PolicyRouter):
            raise TypeError(f"{router!r} is not a PolicyRouter")
        app.include_router(router)
        declared += router.declared
    for path, folder in context.static.items():
        app.mount(path, StaticFiles(directory=folder))
        declared.append(
            Declared("GET", f"{path}/{{file}}", OPEN, "registry", "styles and scripts of the pages")
        )
    app.state.declared = declared
    app.add_middleware(Door, context=context)

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return answer(context, request, error)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answer(context, request, from_http(error))

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(context, request, from_validation(error))

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    return app
