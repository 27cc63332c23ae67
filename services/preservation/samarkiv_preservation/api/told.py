"""What the API says of packages, and as which resources the policy sees them."""

import json
from collections.abc import Iterable
from typing import Any

from samarkiv_contracts.problems import NotFound
from samarkiv_runtime.policy import Resource
from samarkiv_runtime.web import Caller
from sqlalchemy import Connection
from sqlalchemy.engine import RowMapping

from samarkiv_preservation import store


def resource_of(row: RowMapping, part: str = "metadata") -> Resource:
    """Return a package row as the policy's resource."""
    return Resource(
        "package",
        str(row["id"]),
        str(row["tenant"]),
        authority=str(row["authority"]),
        level=int(row["level"]),
        custody=str(row["custody"]),
        agreement=str(row["agreement"]),
        part=part,
    )


def looks_after(caller: Caller) -> bool:
    """Return whether the caller keeps copies whole: an operator sees every package's health, not its content."""
    return caller.may("package.health", Resource("package", part="registry"))


def package_row(tx: Connection, caller: Caller, package: str, action: str) -> RowMapping:
    """Return the row of a package on which the caller may act; absent and hidden are alike (NotFound)."""
    row = store.find_package(tx, package)
    if row is None:
        # the policy answers for what is not there as for what is hidden
        caller.must(action, Resource("package", package, "-", level=2))
        raise NotFound
    return row


def health(row: RowMapping) -> dict[str, Any]:
    """Return what says how a package is kept: ids, counts and checks, nothing of its content."""
    return {
        "id": row["id"],
        "tenant": row["tenant"],
        "delivery": row["delivery"],
        "version": row["head"],
        "files": row["files"],
        "bytes": row["bytes"],
        "records": row["records"],
        "stored_at": row["stored_at"],
        "checked_at": row["checked_at"] or None,
        "due_at": row["due_at"],
    }


def package(row: RowMapping) -> dict[str, Any]:
    """Return a package as those see it who may see its metadata."""
    description = json.loads(row["description"])
    return {
        **health(row),
        "label": description["label"],
        "authority": row["authority"],
        "authority_name": description["authority_name"],
        "agreement": row["agreement"],
        "profile": description["profile"],
        "level": row["level"],
        "custody": row["custody"],
    }


def copies(rows: Iterable[RowMapping]) -> list[dict[str, Any]]:
    """Return what the last check said of each copy."""
    return [
        {"copy": row["copy"], "outcome": row["outcome"], "codes": row["codes"].split(), "at": row["at"]}
        for row in rows
    ]


def versions(rows: Iterable[RowMapping]) -> list[dict[str, Any]]:
    """Return the versions of a package."""
    return [
        {
            "version": row["n"],
            "kind": row["kind"],
            "created": row["created"],
            "sha512": row["container_sha512"],
            "bytes": row["container_bytes"],
            "files": row["files"],
        }
        for row in rows
    ]


def fixity_line(row: RowMapping) -> dict[str, Any]:
    """Return a line of the fixity log."""
    return {
        "package": row["package"],
        "copy": row["copy"],
        "act": row["act"],
        "outcome": row["outcome"],
        "codes": row["codes"].split(),
        "source_copy": row["source_copy"] or None,
        "at": row["at"],
    }


def migration(row: RowMapping) -> dict[str, Any]:
    """Return what became of one original."""
    return {
        "representation": row["representation"],
        "version": row["version"] or None,
        "source": row["source"],
        "target": row["target"] or None,
        "tool": row["tool"],
        "policy": row["policy"],
        "outcome": row["outcome"],
        "reason": row["note"],
        "measured": json.loads(row["measured"]),
    }
