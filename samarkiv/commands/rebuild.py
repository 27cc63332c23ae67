"""`samarkiv rebuild`: database and index from one storage copy, with no server running."""

import shutil
import time
from typing import Any

from samarkiv_contracts.problems import InvalidInput, Unavailable
from samarkiv_ingest.usecases.restore import restore_registry
from samarkiv_preservation.usecases.rebuild import restore_packages
from samarkiv_runtime.settings import Settings

from samarkiv import talk
from samarkiv.app import Archive, compose, prepare
from samarkiv.serve import locked

PATIENCE_S = 24 * 3600


def rebuild_archive(settings: Settings, copy: str = "") -> dict[str, Any]:
    """Rebuild everything that can be made again from `copy` (default: the first); returns what was restored.

    Accounts and what was running are not in the copies and do not come back. Refused while a server holds the lock.
    """
    name = copy or settings.copy_names[0]
    if name not in settings.copy_names:
        names = ", ".join(settings.copy_names)
        raise InvalidInput(sv=f"Kopiorna heter {names}.", en=f"The copies are {names}.")
    with locked(settings.home):
        if settings.embedded:
            for folder in ("db", "index"):
                shutil.rmtree(settings.home / folder, ignore_errors=True)
        prepare(settings)
        archive = compose(settings)
        try:
            return _restore(archive, name)
        finally:
            archive.stop()


def _restore(archive: Archive, copy: str) -> dict[str, Any]:
    if archive.house.settings.embedded:
        archive.recover()
    archive.start()
    preservation: Any = archive.services["preservation"]
    ingest: Any = archive.services["ingest"]
    registry, packages = restore_packages(preservation.kit, copy)
    tenants = restore_registry(ingest.parts, registry)
    with talk.progress(talk.pick("Bygger upp", "Rebuilding"), None, unit="packages") as advance:
        count = 0
        for _package in packages:
            count += 1
            advance(1)
    deadline = time.monotonic() + PATIENCE_S
    while not archive.idle():
        if time.monotonic() > deadline:
            raise Unavailable(sv="Återuppbyggnaden blev inte klar.", en="The rebuild did not come to an end.")
        time.sleep(0.05)
    return {"copy": copy, "tenants": tenants, "packages": count}
