"""The public API of ingest: registry, deliveries, uploads (tus 1.0), events and receipts."""

from collections.abc import Callable

from fastapi import FastAPI
from samarkiv_runtime.ports import Health
from samarkiv_runtime.web import WebContext, build_app
from samarkiv_runtime.worker import Worker

from samarkiv_ingest.api import deliveries, events, receipts, registry, uploads
from samarkiv_ingest.usecases.parts import Parts


def build(parts: Parts, worker: Worker, health: Callable[[], list[Health]]) -> FastAPI:
    """Return the app of the ingest service."""
    context = WebContext.of(parts.house, "ingest", health, workers=lambda: [worker])
    return build_app(
        "ingest",
        [
            registry.routes(parts),
            deliveries.routes(parts, worker),
            uploads.routes(parts),
            events.routes(parts),
            receipts.routes(parts),
        ],
        context,
    )
