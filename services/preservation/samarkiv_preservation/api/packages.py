"""Packages: listed, shown, verified, restricted."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from samarkiv_contracts.problems import NotFound
from samarkiv_runtime.paging import decode_cursor, encode_cursor, limit_of, page_answer, page_of
from samarkiv_runtime.policy.query import Columns, where
from samarkiv_runtime.web import Caller, PolicyRouter, caller_of

from samarkiv_preservation import store
from samarkiv_preservation import tables as t
from samarkiv_preservation.api import told
from samarkiv_preservation.kit import Kit
from samarkiv_preservation.store import OK
from samarkiv_preservation.usecases.fixity import Verdict, verify
from samarkiv_preservation.usecases.restrict import restrict

Who = Annotated[Caller, Depends(caller_of)]
COLUMNS = Columns(
    tenant=t.package.c.tenant,
    authority=t.package.c.authority,
    custody=t.package.c.custody,
    level=t.package.c.level,
    agreement=t.package.c.agreement,
)
MOST_MIGRATIONS = 500


class Restriction(BaseModel):
    """A higher exposure level, and why."""

    model_config = ConfigDict(extra="forbid")

    level: int = Field(ge=0, le=2)
    reason: str = Field(min_length=1, max_length=2000)


def routes(kit: Kit) -> PolicyRouter:
    """Return the routes under `/v1/packages`."""
    router = PolicyRouter(tags=["packages"])
    _reading(router, kit)
    _acting(router, kit)
    return router


def _reading(router: PolicyRouter, kit: Kit) -> None:
    @router.get("/v1/packages", action="package.see", part="metadata", summary="Packages, newest first")
    def packages(
        request: Request,
        response: Response,
        caller: Who,
        cursor: str = "",
        limit: Annotated[int | None, Query()] = None,
        delivery: str = "",
        tenant: str = "",
    ) -> dict[str, Any]:
        scope = caller.scope("package.see")
        keeper = told.looks_after(caller)
        conditions: list[Any] = [] if keeper else [where(scope, COLUMNS)]
        if delivery:
            conditions.append(t.package.c.delivery == delivery)
        if tenant:
            conditions.append(t.package.c.tenant == tenant)
        wanted = limit_of(limit)
        with kit.database.read() as tx:
            rows = store.list_packages(tx, conditions, decode_cursor(cursor, str, str), wanted + 1)
        page = page_of(
            rows,
            wanted,
            lambda row: told.package(row) if scope.holds(told.resource_of(row)) else told.health(row),
            lambda row: encode_cursor(row["stored_at"], row["id"]),
        )
        return page_answer(page, request, response)

    @router.get("/v1/packages/{package}", action="package.see", part="metadata", summary="One package")
    def show(package: str, caller: Who) -> dict[str, Any]:
        with kit.database.read() as tx:
            row = told.package_row(tx, caller, package, "package.see")
            resource = told.resource_of(row)
            if caller.may("package.see", resource):
                caller.must("package.see", resource)
                body = told.package(row)
                found = store.migrations(tx, package, MOST_MIGRATIONS)
                body["migrations"] = [told.migration(one) for one in found]
                body["derivatives"] = [dict(one) for one in store.derivatives(tx, package)]
            elif told.looks_after(caller):
                caller.must("package.health", told.resource_of(row, "registry"))
                body = told.health(row)
            else:
                caller.must("package.see", resource)
                raise NotFound
            body["versions"] = told.versions(store.versions(tx, package))
            body["copies"] = told.copies(store.copies(tx, package))
            body["fixity"] = [told.fixity_line(one) for one in store.fixity_log(tx, 20, package)]
        return body


def _acting(router: PolicyRouter, kit: Kit) -> None:
    @router.post(
        "/v1/packages/{package}/verify",
        action="package.health",
        part="registry",
        summary="Check every copy now; what a good copy can mend is mended",
    )
    def check(package: str, caller: Who, deep: bool = False) -> dict[str, Any]:
        with kit.database.read() as tx:
            row = told.package_row(tx, caller, package, "package.health")
        caller.must("package.health", told.resource_of(row, "registry"))
        return _verdict(verify(kit, package, deep=deep))

    @router.post(
        "/v1/packages/{package}/restrict",
        action="package.raise",
        part="metadata",
        summary="Raise the exposure level",
    )
    def raise_level(package: str, body: Restriction, caller: Who) -> dict[str, Any]:
        with kit.database.read() as tx:
            row = told.package_row(tx, caller, package, "package.raise")
        caller.must("package.raise", told.resource_of(row), reason=body.reason)
        version = restrict(kit, package, body.level, caller.subject.person, body.reason)
        return {"id": package, "level": body.level, "version": version}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    """Return what was found (not how it ended: what was mended was not ok when it was looked at)."""
    mended = dict(verdict.repaired)
    found = [one.outcome for one in verdict.found]
    worst = next((word for word in ("bad", "could_not_check") if word in found), OK)
    return {
        "package": verdict.package,
        "outcome": worst,
        "after": verdict.outcome,
        "all_copies_bad": verdict.all_bad,
        "copies": [
            {
                "copy": one.copy,
                "outcome": one.outcome,
                "codes": list(one.codes),
                "repaired_from": mended.get(one.copy),
            }
            for one in verdict.found
        ],
    }
