"""The receipts: mottagningsbekräftelse, leveransgodkännande and the notice of rejection, as canonical JSON."""

import json
import uuid
from typing import Any

from samarkiv_contracts.ids import make_id

TITLES = {
    "received": {"sv": "Mottagningsbekräftelse", "en": "Receipt of delivery"},
    "accepted": {"sv": "Leveransgodkännande", "en": "Acceptance receipt"},
    "rejected": {"sv": "Besked om avvisad leverans", "en": "Notice of rejected delivery"},
}


def receipt_id(delivery: str, kind: str) -> str:
    """Return the receipt's id: the same for the same delivery and kind, so that a rebuild issues the same bytes."""
    return make_id(
        "receipt", uuid.UUID(bytes=uuid.uuid5(uuid.NAMESPACE_URL, f"{delivery}/{kind}").bytes, version=4)
    )


def receipt_body(kind: str, facts: dict[str, Any]) -> bytes:
    """Return the canonical JSON (UTF-8, sorted keys, no spaces) that is signed."""
    doc = {"title": TITLES[kind], "kind": kind, "id": receipt_id(str(facts["delivery"]), kind), **facts}
    return json.dumps(doc, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
