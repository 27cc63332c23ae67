"""How the rows of ingest are told to the world, and what the policy asks about them."""

import json
from collections.abc import Mapping
from typing import Any

from samarkiv_contracts.states import WORDS
from samarkiv_runtime.policy import Resource
from samarkiv_runtime.policy.query import Columns
from sqlalchemy import Connection

from samarkiv_ingest import store
from samarkiv_ingest import tables as t
from samarkiv_ingest.domain.agreement import Agreement

DELIVERY_COLUMNS = Columns(
    tenant=t.delivery.c.tenant,
    authority=t.delivery.c.authority,
    state=t.delivery.c.state,
    agreement=t.delivery.c.agreement,
    account=t.delivery.c.account,
)
AGREEMENT_COLUMNS = Columns(
    tenant=t.agreement.c.tenant, authority=t.agreement.c.authority, agreement=t.agreement.c.id
)
TENANT_COLUMNS = Columns(tenant=t.tenant.c.id, tenant_state=t.tenant.c.state)


def delivery_resource(row: Mapping[str, Any]) -> Resource:
    """Return a delivery as the policy sees it."""
    return Resource(
        kind="delivery",
        id=row["id"],
        tenant=row["tenant"],
        tenant_state=row["tenant_state"] or "active",
        authority=row["authority"],
        state=row["state"],
        agreement=row["agreement"],
        account=row["account"],
        persons=frozenset(json.loads(row["people"])),
    )


def agreement_resource(agreement: Agreement, tenant_state: str = "active") -> Resource:
    """Return an agreement as the policy sees it."""
    return Resource(
        kind="agreement",
        id=agreement.id,
        tenant=agreement.tenant,
        tenant_state=tenant_state,
        authority=agreement.authority,
        state=agreement.state,
        agreement=agreement.id,
        part="registry",
    )


def deliveries(tx: Connection, rows: list[Any], language: str) -> list[dict[str, Any]]:
    """Return deliveries as objects of the API, with what a list needs and no more queries than that."""
    ids = [row["id"] for row in rows]
    counts = store.finding_counts(tx, ids)
    packages = store.packages(tx, ids)
    names = {one["id"]: one["name"] for one in store.list_tenants(tx)}
    references: dict[str, str] = {}
    for row in rows:
        if row["agreement"] not in references:
            agreement = store.find_agreement(tx, row["agreement"])
            references[row["agreement"]] = agreement.reference if agreement else row["agreement"]
    return [_delivery(row, counts, packages, names, references, language) for row in rows]


def _delivery(
    row: Mapping[str, Any],
    counts: dict[str, dict[str, int]],
    packages: dict[str, list[Any]],
    names: dict[str, str],
    references: dict[str, str],
    language: str,
) -> dict[str, Any]:
    mine = packages[row["id"]]
    test = row["kind"] == "TEST"
    indexed = bool(mine) and all(one["coverage"] == "text" for one in mine)
    return {
        "id": row["id"],
        "reference": row["id"][4:12],
        "title": row["title"],
        "name": row["name"],
        "way": row["way"],
        "kind": row["kind"],
        "state": row["state"],
        "state_text": _state_text(row["state"], mine, test, indexed, language),
        "test": test,
        "agreement": {"id": row["agreement"], "reference": references[row["agreement"]]},
        "tenant": {"id": row["tenant"], "name": names.get(row["tenant"], row["tenant"])},
        "authority": row["authority"],
        "producer": row["producer"],
        "profile": row["profile"],
        "files": row["files"],
        "bytes": row["bytes"],
        "sha256": row["sha256"],
        "received_at": row["received_at"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "reason": row["reason"],
        "packages": [one["id"] for one in mine],
        "stored": bool(mine) and all(one["stored"] for one in mine),
        "searchable": bool(mine) and all(one["coverage"] for one in mine),
        "indexed": indexed,
        "findings": counts[row["id"]],
        "replaces": row["replaces"],
    }


def _state_text(state: str, packages: list[Any], test: bool, indexed: bool, language: str) -> str:
    """Return the user's words: the state, in how many copies, and what stands beside it."""
    words = [WORDS[state].get(language)]
    if state == "accepted" and packages:
        copies = min(one["copies"] for one in packages)
        words.append(f"stored in {copies} copies" if language == "en" else f"lagrad i {copies} kopior")
        if indexed:
            words.append(WORDS["indexed"].get(language))
    if test:
        words.append(WORDS["test"].get(language))
    return ", ".join(words)


def agreement(one: Agreement, names: Mapping[str, str]) -> dict[str, Any]:
    """Return an agreement as an object of the API."""
    body = json.loads(one.model_dump_json())
    body["tenant"] = {"id": one.tenant, "name": names.get(one.tenant, one.tenant)}
    body["authority"] = {"id": one.authority, "name": names.get(one.authority, one.authority)}
    return dict(body)
