"""Writes a `.env` with fresh random secrets for docker compose; never touches one that is there."""

from __future__ import annotations

import base64
import os
import sys
import uuid
from pathlib import Path

# os.urandom and not the module `secrets`: this file bears its name and would be found instead
TARGET = Path(__file__).resolve().parent.parent / ".env"


def lines() -> list[str]:
    """One `NAME=value` a line; no secret is ever the same twice."""
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "a")
    return [
        "# Secrets of this installation: keep a copy apart from the archive, never in version control.",
        f"SAMARKIV_POSTGRES_PASSWORD={os.urandom(24).hex()}",
        f"SAMARKIV_S3_ACCESS_KEY={os.urandom(10).hex()}",
        f"SAMARKIV_S3_SECRET_KEY={os.urandom(24).hex()}",
        f"SAMARKIV_SERVICE_SECRET={os.urandom(32).hex()}",
        f"SAMARKIV_GRAFANA_PASSWORD={os.urandom(16).hex()}",
        f"SAMARKIV_KAFKA_CLUSTER_ID={cluster}",
    ]


def main(words: list[str]) -> int:
    """Writes the file; 0 done, 1 it exists already."""
    target = Path(words[0]) if words else TARGET
    text = "\n".join(lines()) + "\n"
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        print(f"{target} exists and stays as it is; move it away to get new secrets", file=sys.stderr)
        return 1
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    print(f"{target}: written, readable by you alone")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
