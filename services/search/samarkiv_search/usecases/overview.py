"""The index in figures, for an operator."""

from typing import Any

from samarkiv_search import store
from samarkiv_search.analysis import VERSION
from samarkiv_search.usecases.parts import Parts


def overview(parts: Parts) -> dict[str, Any]:
    """Return what the indexes hold, what the rows say, and how the last rebuild went."""
    with parts.database.read() as tx:
        said = store.sums(tx)
        last = store.last_rebuild(tx)
    indexes = {
        name: {
            "generation": parts.backend.generation(name),
            "records": index.count("record"),
            "documents": index.count(),
        }
        for name, index in (("public", parts.public), ("closed", parts.closed))
    }
    held = indexes["closed"]["records"]
    return {
        "state": "rebuilding" if last is not None and last["state"] in {"asked", "running"} else "ready",
        "analysis": VERSION,
        "complete": held == said["records"],
        "indexed": said,
        "indexes": indexes,
        "rebuild": dict(last) if last is not None else None,
    }
