"""The registry (tenants, authorities, agreements, accounts named in acts): told by ingest."""

from typing import ClassVar, Literal

from samarkiv_contracts.events.base import Event
from samarkiv_contracts.ids import TenantId


class RegistryChanged(Event):
    """A tenant's registry has a new version, already archived in every copy (DESIGN §4)."""

    type: ClassVar[str] = "se.samarkiv.registry.changed.v1"
    key: ClassVar[str] = "tenant"
    urgent: ClassVar[bool] = True

    tenant: TenantId
    noun: Literal["tenant", "authority", "agreement"]
    id: str
    version: int
    sha256: str
