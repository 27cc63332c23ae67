"""Tenants, authorities and submission agreements."""

from typing import Annotated, Any, Literal

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field
from samarkiv_contracts.problems import NotFound
from samarkiv_runtime.policy import Resource
from samarkiv_runtime.policy.query import where
from samarkiv_runtime.web import Caller, PolicyRouter, caller_of

from samarkiv_ingest import store
from samarkiv_ingest import tables as t
from samarkiv_ingest.api import told
from samarkiv_ingest.domain.agreement import Terms
from samarkiv_ingest.usecases import registry as use
from samarkiv_ingest.usecases.parts import Parts

Who = Annotated[Caller, Depends(caller_of)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,40}$")]


class NewAuthority(BaseModel):
    """An authority (nämnd, bolag) of a tenant."""

    model_config = ConfigDict(extra="forbid")

    slug: Slug
    name: str = Field(min_length=1, max_length=200)
    kind: str = Field(default="nämnd", max_length=100)
    org_no: str = Field(default="", max_length=20)


class NewTenant(BaseModel):
    """A member: a municipality with its authorities."""

    model_config = ConfigDict(extra="forbid")

    slug: Slug
    name: str = Field(min_length=1, max_length=200)
    population: int = Field(default=0, ge=0)
    cooperation: str = Field(default="avtalssamverkan", max_length=100)
    authorities: tuple[NewAuthority, ...] = ()
    reason: str = Field(default="", max_length=2000)


class NewAgreement(BaseModel):
    """A proposal of a submission agreement."""

    model_config = ConfigDict(extra="forbid")

    authority: str
    reference: str = Field(pattern=r"^[A-Za-z0-9ÅÄÖåäö][A-Za-z0-9ÅÄÖåäö ._/-]{1,80}$")
    title: str = Field(min_length=1, max_length=300)
    producer: Slug
    valid_from: str = Field(default="", pattern=r"^(\d{4}-\d{2}-\d{2})?$")
    valid_to: str = Field(default="", pattern=r"^(\d{4}-\d{2}-\d{2})?$")
    terms: Terms


class Approval(BaseModel):
    """A party's approval, with its reason."""

    model_config = ConfigDict(extra="forbid")

    party: Literal["producer", "archive"]
    reason: str = Field(min_length=1, max_length=2000)


def routes(parts: Parts) -> PolicyRouter:
    """Return the routes of the registry."""
    router = PolicyRouter(tags=["registry"])
    _tenants(router, parts)
    _agreements(router, parts)
    return router


def _tenants(router: PolicyRouter, parts: Parts) -> None:
    @router.get("/v1/tenants", action="tenant.see", part="registry")
    def tenants(caller: Who) -> dict[str, Any]:
        """List the members that are not closed, by name."""
        with parts.house.database.read() as tx:
            rows = [row for row in store.list_tenants(tx) if caller.may("tenant.see", _tenant_resource(row))]
        return {"items": [_tenant(row) for row in rows], "next": None}

    @router.get("/v1/tenants/{tenant}", action="tenant.see", part="registry")
    def tenant(tenant: str, caller: Who) -> dict[str, Any]:
        """Return a member with its authorities."""
        with parts.house.database.read() as tx:
            row = store.get_tenant(tx, tenant)
            authorities = store.list_authorities(tx, row["id"])
        caller.must("tenant.see", _tenant_resource(row))
        return {
            **_tenant(row),
            "authorities": [{k: one[k] for k in ("id", "slug", "name", "kind")} for one in authorities],
        }

    @router.get("/v1/authorities", action="authority.see", part="registry")
    def authorities(caller: Who, tenant: str) -> dict[str, Any]:
        """List the authorities of a member."""
        with parts.house.database.read() as tx:
            row = store.get_tenant(tx, tenant)
            found = store.list_authorities(tx, row["id"])
        caller.must("tenant.see", _tenant_resource(row))
        return {"items": [{k: one[k] for k in ("id", "slug", "name", "kind")} for one in found], "next": None}

    @router.post("/v1/tenants", action="tenant.propose", part="registry", status_code=201)
    def add(body: NewTenant, caller: Who) -> dict[str, Any]:
        """Add a member with its authorities; archived in every copy before it counts."""
        caller.must("tenant.propose", Resource(kind="tenant", part="registry"), reason=body.reason)
        said = body.model_dump(exclude={"authorities", "reason"})
        identity = use.add_tenant(parts, said, [one.model_dump() for one in body.authorities])
        with parts.house.database.read() as tx:
            return _tenant(store.get_tenant(tx, identity))


def _agreements(router: PolicyRouter, parts: Parts) -> None:
    @router.get("/v1/agreements", action="agreement.see", part="registry")
    def agreements(caller: Who, tenant: str = "") -> dict[str, Any]:
        """List the agreements the caller may see, by reference."""
        conditions = [where(caller.scope("agreement.see", "registry"), told.AGREEMENT_COLUMNS)]
        with parts.house.database.read() as tx:
            if tenant:
                conditions.append(t.agreement.c.tenant == store.get_tenant(tx, tenant)["id"])
            found = store.list_agreements(tx, conditions)
            names = _names(tx)
        return {"items": [told.agreement(one, names) for one in found], "next": None}

    @router.get("/v1/agreements/{agreement}", action="agreement.see", part="registry")
    def agreement(agreement: str, caller: Who) -> dict[str, Any]:
        """Return an agreement by id or reference."""
        with parts.house.database.read() as tx:
            found = store.find_agreement(tx, agreement)
            names = _names(tx)
        if found is None:
            raise NotFound
        caller.must("agreement.see", told.agreement_resource(found))
        return told.agreement(found, names)

    @router.post("/v1/agreements", action="agreement.propose", part="registry", status_code=201)
    def propose(body: NewAgreement, caller: Who) -> dict[str, Any]:
        """Propose an agreement; it has no force until both parties have approved it."""
        with parts.house.database.read() as tx:
            owner = store.get_authority(tx, body.authority)
            names = _names(tx)
        caller.must(
            "agreement.propose",
            Resource(kind="agreement", tenant=owner["tenant"], authority=owner["id"], part="registry"),
        )
        made = use.add_agreement(parts, **{key: getattr(body, key) for key in NewAgreement.model_fields})
        return told.agreement(made, names)

    @router.post("/v1/agreements/{agreement}/approve", action="agreement.change", part="registry")
    def approve(agreement: str, body: Approval, caller: Who) -> dict[str, Any]:
        """Approve as a party; when both have, the agreement is in force."""
        with parts.house.database.read() as tx:
            found = store.find_agreement(tx, agreement)
            names = _names(tx)
        if found is None:
            raise NotFound
        caller.must("agreement.see", told.agreement_resource(found))
        caller.must("agreement.change", told.agreement_resource(found), reason=body.reason)
        who = caller.subject.person or caller.subject.account
        return told.agreement(use.approve_agreement(parts, found, body.party, who), names)


def _names(tx: Any) -> dict[str, str]:
    names = {row["id"]: row["name"] for row in store.list_tenants(tx)}
    for row in tx.execute(t.authority.select()).mappings():
        names[row["id"]] = row["name"]
    return names


def _tenant(row: Any) -> dict[str, Any]:
    return {key: row[key] for key in ("id", "slug", "name", "population", "cooperation", "state")}


def _tenant_resource(row: Any) -> Resource:
    return Resource(kind="tenant", id=row["id"], tenant=row["id"], tenant_state=row["state"], part="registry")
