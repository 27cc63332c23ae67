"""`samarkiv receipt get` and `verify`: receipts as files, checked without the archive."""

import base64
import json
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from samarkiv.client import Client


def get_receipts(client: Client, delivery: str, folder: Path) -> list[Path]:
    """Write every receipt of a delivery as `<kind>-<delivery>.json` into `folder`; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for one in client.delivery(delivery)["receipts"]:
        answer = client.get(f"/v1/receipts/{one['id']}")
        path = folder / f"{one['kind']}-{delivery}.json"
        path.write_text(json.dumps(answer, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        written.append(path)
    return written


def verify_receipt(path: Path) -> dict[str, Any]:
    """Return whether the signature fits the signed bytes and those fit the text shown.

    The key travels with the receipt; compare its `kid` with the archive's published keys (`/v1/receipts`).
    """
    document = json.loads(path.read_text(encoding="utf-8"))
    signed = base64.b64decode(document["signed"])
    facts = {
        "valid": False,
        "kid": document["kid"],
        "delivery": document["receipt"].get("delivery"),
        "kind": document["receipt"].get("kind"),
    }
    if json.loads(signed) != document["receipt"]:
        return facts
    raw = document["key"]["x"]
    key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
    try:
        key.verify(base64.b64decode(document["signature"]), signed)
    except InvalidSignature:
        return facts
    return {**facts, "valid": True}
