"""Rows that lag behind the copies: versions that were committed when the worker died before it could note them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from samarkiv_contracts.description import PackageDescription
from samarkiv_runtime.ocfl import PackageReader, object_root, split_lines
from samarkiv_runtime.ports import ObjectStore
from sqlalchemy import Connection

from samarkiv_preservation import store
from samarkiv_preservation.kit import Kit
from samarkiv_preservation.packages.publishing import facts_of, settle
from samarkiv_preservation.packages.site import Stored

KINDS = {"Ingest": "ingest", "Migration": "migration", "Description": "description"}


@dataclass(frozen=True)
class Noted:
    """One committed version: its facts, its kind, the outcomes of its migrations, the description it brought."""

    stored: Stored
    kind: str
    migrations: list[dict[str, Any]] = field(default_factory=list)
    description: PackageDescription | None = None


def unnoted(kit: Kit, package: str, head: int) -> list[Noted]:
    """Return the versions after `head` that the copies hold; every copy is brought to the last of them first."""
    root = object_root(package)
    last = settle(kit.site, root)
    first = next(iter(kit.site.copies.values()))
    names = tuple(kit.site.copies)
    return [noted(kit.reader, first, names, package, n) for n in range(head + 1, last + 1)]


def noted(reader: PackageReader, copy: ObjectStore, copies: Sequence[str], package: str, n: int) -> Noted:
    """Read one version from a copy; raises CopyUnreadable, AllCopiesBad, KeyError."""
    stored = facts_of(copy, copies, object_root(package), package, n)
    message = {one.number: one.message for one in reader.versions(package)}[n]
    kind = KINDS.get(message, message.lower())
    migrations: list[dict[str, Any]] = []
    description = None
    if kind == "migration":
        lines = split_lines(reader.read_member(package, f"metadata/other/migration-v{n}.jsonl"))
        migrations = [{**json.loads(line), "version": n} for line in lines]
    if kind == "description":
        first = next(split_lines(reader.read_member(package, f"metadata/other/description-v{n}.jsonl")))
        description = PackageDescription.model_validate_json(first)
    return Noted(stored, kind, migrations, description)


def note(tx: Connection, versions: Sequence[Noted]) -> None:
    """Write versions into the rows; those that are there already stay as they are."""
    for one in versions:
        store.add_version(tx, one.stored, one.kind)
        store.add_migrations(tx, one.migrations)
        if one.description:
            store.set_description(tx, one.stored.package, one.description)
