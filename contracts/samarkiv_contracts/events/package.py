"""A package (AIP) in the archive: told by preservation."""

from typing import ClassVar, Literal

from samarkiv_contracts.events.base import Event
from samarkiv_contracts.ids import DeliveryId, PackageId


class PackageStored(Event):
    """Version 1 lies in every copy, read back. Search and access read the package itself for more."""

    type: ClassVar[str] = "se.samarkiv.package.stored.v1"
    key: ClassVar[str] = "package"

    package: PackageId
    delivery: DeliveryId
    version: int
    copies: tuple[str, ...]
    sha512: str
    files: int
    bytes: int


class PackageUpdated(Event):
    """Something beside the originals changed: derivatives were made, or the description has a new version."""

    type: ClassVar[str] = "se.samarkiv.package.updated.v1"
    key: ClassVar[str] = "package"

    package: PackageId
    version: int
    change: Literal["derivatives", "description", "rebuilt"]


class PackageMigrated(Event):
    """A verified migration added a representation as a new version in every copy."""

    type: ClassVar[str] = "se.samarkiv.package.migrated.v1"
    key: ClassVar[str] = "package"

    package: PackageId
    version: int
    representation: str
    migrated: int
    needs_review: int
    could_not: int


class PackageRestricted(Event):
    """The exposure level of a package was raised; hidden things vanish before anything else happens."""

    type: ClassVar[str] = "se.samarkiv.package.restricted.v1"
    key: ClassVar[str] = "package"
    urgent: ClassVar[bool] = True

    package: PackageId
    version: int
    level: int
