"""Accounts, grants and mandates over HTTP: the administrator's routes, and every router of identity."""

from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from samarkiv_contracts.problems import NotFound
from samarkiv_runtime.paging import decode_cursor, encode_cursor, limit_of, page_answer, page_of
from samarkiv_runtime.policy import ALL, Resource
from samarkiv_runtime.policy.query import Columns, where
from samarkiv_runtime.web import CallerOf, PolicyRouter
from sqlalchemy import select

from samarkiv_access import identity_store as store
from samarkiv_access.identity.accounts import NewGrant
from samarkiv_access.identity.house import Identities
from samarkiv_access.signin_api import ProgramToken, issuer_routes, own_routes, session_routes, token_routes


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Account(_Body):
    """An account to make; `reason` because it is a decision."""

    username: str = Field(max_length=100)
    name: str = Field(max_length=200)
    tenant: str = Field(max_length=100)
    kind: Literal["person", "service_account"] = "person"
    password: str = Field(default="", max_length=1024)
    person: str = Field(default="", max_length=100)
    agreements: list[str] = Field(default_factory=list, max_length=500)
    reason: str = Field(max_length=2000)


class GrantBody(_Body):
    """A grant to give."""

    account: str = Field(max_length=100)
    role: str = Field(max_length=50)
    tenant: str = Field(max_length=100)
    authority: str = Field(default=ALL, max_length=100)
    record_types: list[str] | None = None
    from_: int = Field(default=0, alias="from")
    until: int = 0
    reason: str = Field(max_length=2000)


class Mandate(_Body):
    """Leave for another tenant's staff to hold a role here."""

    tenant: str = Field(max_length=100)
    home_tenant: str = Field(max_length=100)
    role: str = Field(max_length=50)
    until: int
    reason: str = Field(max_length=2000)


class Reason(_Body):
    """Why."""

    reason: str = Field(max_length=2000)


def _row_of(identities: Identities, account: str) -> Any:
    with identities.database.read() as tx:
        row = store.account_by_id(tx, account)
    if row is None:
        raise NotFound
    return row


def account_routes(identities: Identities) -> PolicyRouter:
    """Return the administrator's routes on accounts."""
    router = PolicyRouter(tags=["accounts"])
    accounts = identities.accounts

    @router.get("/v1/accounts", action="account.see", part="registry", summary="Accounts")
    def listed(
        request: Request,
        response: Response,
        caller: CallerOf,
        limit: Annotated[int | None, Query()] = None,
        cursor: str = "",
    ) -> dict[str, Any]:
        scope = caller.scope("account.see", "registry")
        after, wanted = decode_cursor(cursor, str), limit_of(limit)
        table = store.ACCOUNT
        query = select(table).where(where(scope, Columns(tenant=table.c.tenant))).order_by(table.c.username)
        if after:
            query = query.where(table.c.username > after[0])
        with identities.database.read() as tx:
            rows = tx.execute(query.limit(wanted + 1)).all()
        now = caller.context.now()
        page = page_of(
            rows, wanted, lambda row: accounts.shown(row, now), lambda row: encode_cursor(row.username)
        )
        return page_answer(page, request, response)

    @router.post("/v1/accounts", action="account.create", part="registry", status_code=201)
    def create(body: Account, caller: CallerOf) -> dict[str, str]:
        thing = Resource("account", tenant=body.tenant, part="registry")
        caller.must("account.create", thing, reason=body.reason)
        account = accounts.create(**body.model_dump(exclude={"reason"}))
        return {"id": account}

    @router.post("/v1/accounts/{account}/end", action="account.end", part="registry", status_code=204)
    def end(account: str, body: Reason, caller: CallerOf) -> None:
        row = _row_of(identities, account)
        thing = Resource("account", account, row.tenant, part="registry")
        caller.must("account.end", thing, reason=body.reason)
        accounts.end(account)

    @router.post("/v1/accounts/{account}/tokens", action="account.create", part="registry", status_code=201)
    def service_token(account: str, body: ProgramToken, caller: CallerOf) -> dict[str, Any]:
        row = _row_of(identities, account)
        thing = Resource("account", account, row.tenant, part="registry")
        caller.must("account.create", thing, reason=body.name)
        new = identities.tokens.make(account, "service", name=body.name, days=body.days)
        return {"id": new.id, "token": new.secret, "expires": new.expires}

    return router


def grant_routes(identities: Identities) -> PolicyRouter:
    """Return the administrator's routes on grants and mandates."""
    router = PolicyRouter(tags=["accounts"])
    accounts = identities.accounts

    @router.post("/v1/grants", action="grant.create", part="registry", status_code=201)
    def grant(body: GrantBody, caller: CallerOf) -> dict[str, str]:
        thing = Resource("grant", tenant=body.tenant, part="registry")
        with identities.database.read() as tx:
            row = store.account_by_id(tx, body.account)
        grantee = row.person if row is not None else "unknown"
        caller.must("grant.create", thing, reason=body.reason, role=body.role, grantee=grantee)
        types = None if body.record_types is None else frozenset(body.record_types)
        wanted = NewGrant(body.role, body.tenant, body.authority, types, body.from_, body.until)
        return {
            "id": accounts.grant(body.account, wanted, decided_by=caller.subject.account, reason=body.reason)
        }

    @router.post("/v1/grants/{grant}/end", action="grant.end", part="registry", status_code=204)
    def end_grant(grant: str, body: Reason, caller: CallerOf) -> None:
        with identities.database.read() as tx:
            row = store.grant_by_id(tx, grant)
        if row is None:
            raise NotFound
        thing = Resource("grant", grant, row.tenant, part="registry")
        caller.must("grant.end", thing, reason=body.reason)
        accounts.end_grant(grant)

    @router.get("/v1/accounts/{account}/grants", action="grant.see", part="registry")
    def grants(account: str, caller: CallerOf) -> dict[str, Any]:
        row = _row_of(identities, account)
        caller.must("grant.see", Resource("grant", account, row.tenant, part="registry"))
        with identities.database.read() as tx:
            found = tx.execute(
                select(store.GRANT).where(store.GRANT.c.account == account).order_by(store.GRANT.c.id)
            ).all()
        fields = ("id", "role", "tenant", "authority", "until", "decided_by")
        return {"items": [{name: getattr(one, name) for name in fields} for one in found], "next": None}

    @router.post("/v1/mandates", action="grant.create", part="registry", status_code=204)
    def mandate(body: Mandate, caller: CallerOf) -> None:
        thing = Resource("grant", tenant=body.tenant, part="registry")
        caller.must(
            "grant.create", thing, reason=body.reason, role=body.role, grantee=f"staff of {body.home_tenant}"
        )
        accounts.mandate(
            tenant=body.tenant,
            home_tenant=body.home_tenant,
            role=body.role,
            from_=0,
            until=body.until,
            decided_by=caller.subject.account,
        )

    return router


def identity_routes(identities: Identities) -> list[PolicyRouter]:
    """Return every router of identity, for `build_app`."""
    return [
        make(identities)
        for make in (
            session_routes,
            own_routes,
            token_routes,
            account_routes,
            grant_routes,
            issuer_routes,
        )
    ]
