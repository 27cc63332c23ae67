"""What search has indexed."""

from typing import ClassVar, Literal

from samarkiv_contracts.events.base import Event
from samarkiv_contracts.ids import PackageId


class PackageIndexed(Event):
    """The package can be found: `names` by names and metadata, `text` also by full text."""

    type: ClassVar[str] = "se.samarkiv.package.indexed.v1"
    key: ClassVar[str] = "package"

    package: PackageId
    version: int
    coverage: Literal["names", "text"]
    records: int
