"""The public API of preservation: packages, fixity, copies; and the registry archive between services."""

from collections.abc import Callable

from fastapi import FastAPI
from samarkiv_runtime.house import House
from samarkiv_runtime.ports import Health
from samarkiv_runtime.web import WebContext, build_app
from samarkiv_runtime.worker import Worker

from samarkiv_preservation.api import care, packages, registry
from samarkiv_preservation.kit import Kit


def build(
    kit: Kit, workers: Callable[[], list[Worker]], house: House, health: Callable[[], list[Health]]
) -> FastAPI:
    """Return the app of the preservation service."""
    context = WebContext.of(house, "preservation", health, workers=workers, meters=kit.meters)
    return build_app("preservation", [packages.routes(kit), care.routes(kit), registry.routes(kit)], context)
