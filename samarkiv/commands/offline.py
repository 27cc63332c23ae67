"""Commands that need no running archive: `settings`, and `doctor` on the machine itself."""

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from samarkiv_runtime.settings import Settings


def settings_rows(settings: Settings) -> list[dict[str, Any]]:
    """Return every setting with value (secrets masked), origin and meaning."""
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        shown = ("•••" if value.get_secret_value() else "") if isinstance(value, SecretStr) else str(value)
        variable = f"SAMARKIV_{name.upper()}"
        origin = (
            "environment"
            if variable in os.environ or f"{variable}_FILE" in os.environ
            else ("default" if value == field.get_default(call_default_factory=True) else ".env")
        )
        rows.append({"name": variable, "value": shown, "origin": origin, "meaning": field.description or ""})
    return rows


def machine(settings: Settings) -> list[dict[str, Any]]:
    """Return checks of the machine: write permission, space, clock, converters."""
    checks = [_writable(settings.home), _space(settings.home), _clock()]
    checks += [_tool(name, what) for name, what in (("soffice", "office → PDF/A"), ("bwrap", "sandbox"))]
    return [{**one, "service": "machine"} for one in checks]


def _writable(home: Path) -> dict[str, Any]:
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(b"x")
            os.fsync(probe.fileno())
    except OSError as error:
        return {"name": "home", "outcome": "bad", "detail": f"{home}: {error.strerror}"}
    return {"name": "home", "outcome": "ok", "detail": str(home)}


def _space(home: Path) -> dict[str, Any]:
    free = shutil.disk_usage(home if home.exists() else Path()).free
    outcome = "ok" if free > 2 * 2**30 else "bad"
    return {"name": "space", "outcome": outcome, "detail": f"{free // 2**20} MiB"}


def _clock() -> dict[str, Any]:
    year = time.gmtime().tm_year
    return {
        "name": "clock",
        "outcome": "ok" if year >= 2026 else "bad",
        "detail": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _tool(name: str, what: str) -> dict[str, Any]:
    path = shutil.which(name)
    return {
        "name": name,
        "outcome": "ok" if path else "could_not_check",
        "detail": path or f"not installed ({what})",
    }


def stores(settings: Settings) -> list[dict[str, Any]]:
    """Try every step the archive relies on against each copy's store and staging; writes and removes its own keys."""
    from samarkiv_runtime.objects.check import check_store

    from samarkiv.app import stores_of

    copies, staging, _uploads, _derivatives = stores_of(settings)
    named = [*((f"copy {name}", store) for name, store in copies.items()), ("staging", staging)]
    return [
        {"service": "store", "name": one.name, "outcome": one.outcome, "detail": one.detail}
        for name, store in named
        for one in check_store(store, name)
    ]
