"""What the use cases need from outside: the packages themselves, and the registry documents."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from samarkiv_contracts.description import PackageDescription, RecordDescription


@dataclass(frozen=True)
class Member:
    """One delivered original inside a package: `path` as delivered, `name` as the member of the container."""

    path: str
    name: str
    size: int
    sha256: str
    mime: str = "application/octet-stream"
    format: str = ""
    puid: str = ""


class Packages(Protocol):
    """The packages as they lie in the copies; the first copy that answers with the right bytes is used."""

    def description(self, package: str) -> tuple[PackageDescription, Iterator[RecordDescription]]:
        """Return what a package says of itself; raises NotFound or Unavailable."""
        ...

    def originals(self, package: str) -> Iterator[Member]:
        """Return the delivered files in their order."""
        ...


class Registry(Protocol):
    """The registry as preservation keeps it."""

    def document(self, tenant: str) -> dict[str, Any]:
        """Return a tenant's registry document; raises Unavailable when preservation does not answer."""
        ...
