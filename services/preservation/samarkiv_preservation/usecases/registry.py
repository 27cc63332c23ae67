"""The registry in the copies: one OCFL object per tenant, every change a version, written before it counts (DESIGN §4).

No row of ours is written here: ingest asks in the middle of a change, and what the copies hold is the truth. The event
`registry.changed` that follows gives us our list of tenants.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samarkiv_contracts.events.registry import RegistryChanged
from samarkiv_contracts.problems import AllCopiesBad, CopyUnreadable, InvalidInput, NotFound, Unavailable
from samarkiv_runtime.clock import rfc3339
from samarkiv_runtime.ocfl import object_root
from samarkiv_runtime.ports import Effect, Job, ObjectStore
from sqlalchemy import Connection

from samarkiv_preservation import store
from samarkiv_preservation.kit import Kit
from samarkiv_preservation.locks import only_writer
from samarkiv_preservation.packages import ocfl_writer
from samarkiv_preservation.packages.copying import sha512_of
from samarkiv_preservation.packages.fanout import FanOut
from samarkiv_preservation.packages.publishing import settle

PREFIX = "registry-"
NAME = "registry.json"
LOCK_S = 10.0


@dataclass(frozen=True)
class Archived:
    """A tenant's newest registry as the copies hold it: version of the object, SHA-256, the document's bytes."""

    tenant: str
    version: int
    sha256: str
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """Return the document."""
        found: dict[str, Any] = json.loads(self.body)
        return found


def archive(kit: Kit, tenant: str, body: bytes) -> Archived:
    """Write the next version of a tenant's registry to every copy, read back; the same bytes again change nothing.

    Raises InvalidInput when it is no document of this tenant, Unavailable or CopyUnreadable when a copy cannot take
    it: then it does not count, and what was written is settled by the next call.
    """
    _check(tenant, body)
    site, object_id = kit.site, PREFIX + tenant
    root = object_root(object_id)
    with only_writer(kit.database, f"preservation.registry.{tenant}", LOCK_S):
        head = settle(site, root)
        if head:
            current = read_version(site.copies, tenant, head)
            if current.body == body:
                return current
        for one in site.copies.values():
            ocfl_writer.roll_back(one, root, head + 1)
        digest = _write(kit, f"{root}/v{head + 1}/content/{NAME}", body)
        first = next(iter(site.copies.values()))
        previous = ocfl_writer.version_inventory(first, root, head) if head else None
        n, inventory = ocfl_writer.next_inventory(
            previous,
            object_id,
            {NAME: digest},
            created=rfc3339(kit.clock.now()),
            message="Registry",
            user=site.user,
            keep=False,
        )
        ocfl_writer.commit(site.copies, root, n, inventory, site.threads)
    return Archived(tenant, n, hashlib.sha256(body).hexdigest(), body)


def newest(kit: Kit, tenant: str) -> Archived:
    """Return a tenant's newest registry, its digest checked; raises NotFound, AllCopiesBad."""
    root = object_root(PREFIX + tenant)
    heads = []
    for one in kit.site.copies.values():
        try:
            heads.append(ocfl_writer.head(one, root))
        except (Unavailable, CopyUnreadable):
            continue
    if not heads:
        raise Unavailable("Ingen kopia svarar", "No copy answers")
    # A version counts when every copy has it; one that only some have is still on its way.
    if not min(heads):
        raise NotFound
    return read_version(kit.site.copies, tenant, min(heads))


def all_newest(kit: Kit) -> list[Archived]:
    """Return the newest registry of every tenant that is known."""
    with kit.database.read() as tx:
        tenants = [str(row["tenant"]) for row in store.registries(tx)]
    return [newest(kit, tenant) for tenant in tenants]


def note_changed(_kit: Kit, _job: Job, event: RegistryChanged) -> Effect:
    """Note that a tenant's registry has a new version."""

    def effect(tx: Connection) -> None:
        store.set_registry(tx, event.tenant, event.version, event.sha256)

    return effect


def _check(tenant: str, body: bytes) -> None:
    try:
        document = json.loads(body)
        owner = document["tenant"]
        owner = owner["id"] if isinstance(owner, dict) else owner
    except (ValueError, KeyError, TypeError):
        owner = ""
    if owner != tenant:
        raise InvalidInput("Dokumentet är inte denna kommuns register", "This is no registry of this tenant")


def _write(kit: Kit, key: str, body: bytes) -> str:
    fan = FanOut(kit.site.copies, key, kit.site.threads)
    try:
        fan.write(body)
        fan.commit()
    finally:
        fan.abort()
    digest = hashlib.sha512(body).hexdigest()
    for name, one in kit.site.copies.items():
        if sha512_of(one, key) != digest:
            raise CopyUnreadable(en=f"the registry in copy {name} was read back wrong")
    return digest


def read_version(copies: Mapping[str, ObjectStore], tenant: str, n: int) -> Archived:
    """Return version `n` from the first copy that gives it right; raises AllCopiesBad."""
    root = object_root(PREFIX + tenant)
    for one in copies.values():
        try:
            inventory = ocfl_writer.version_inventory(one, root, n)
            body = ocfl_writer.get(one, f"{root}/v{n}/content/{NAME}")
            if inventory is None or body is None:
                continue
            (digest,) = json.loads(inventory)["versions"][f"v{n}"]["state"]
        except (ValueError, KeyError, TypeError, Unavailable, CopyUnreadable):
            continue
        if hashlib.sha512(body).hexdigest() == digest:
            return Archived(tenant, n, hashlib.sha256(body).hexdigest(), body)
    raise AllCopiesBad(en=f"no copy gives the registry of {tenant} right")
