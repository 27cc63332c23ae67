"""Receipts: the signed bytes as they are, for ever."""

import base64
import json
from typing import Annotated, Any

from fastapi import Depends
from samarkiv_runtime.web import Caller, PolicyRouter, caller_of

from samarkiv_ingest import store
from samarkiv_ingest.api import told
from samarkiv_ingest.usecases.parts import Parts

Who = Annotated[Caller, Depends(caller_of)]


def routes(parts: Parts) -> PolicyRouter:
    """Return the routes under `/v1/receipts`."""
    router = PolicyRouter(tags=["receipts"])

    @router.get("/v1/receipts/{receipt}", action="delivery.see", part="metadata")
    def one(receipt: str, caller: Who) -> dict[str, Any]:
        """Return a receipt: its text, the exact signed bytes (base64), the signature, and the public key to check with."""
        with parts.house.database.read() as tx:
            row = store.get_receipt(tx, receipt)
            delivery = store.get_delivery(tx, row["delivery"])
        caller.must("delivery.see", told.delivery_resource(delivery))
        body = bytes(row["body"])
        return {
            "receipt": json.loads(body),
            "signed": base64.b64encode(body).decode(),
            "signature": row["signature"],
            "algorithm": "Ed25519",
            "kid": row["kid"],
            "sha256": row["sha256"],
            "key": next((key for key in parts.house.signer.jwks()["keys"] if key["kid"] == row["kid"]), None),
        }

    @router.get(
        "/v1/receipts", action="open", part="registry", why="public keys are for everyone who holds a receipt"
    )
    def keys() -> dict[str, Any]:
        """Return the public keys that receipts are signed with (JWKS)."""
        return dict(parts.house.signer.jwks())

    return router
