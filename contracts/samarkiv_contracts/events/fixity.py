"""Fixity of copies: told by preservation. Three outcomes: ok, bad, could not check."""

from typing import ClassVar, Literal

from samarkiv_contracts.events.base import Event
from samarkiv_contracts.ids import PackageId


class FixityChecked(Event):
    """Every copy of a package was read and compared."""

    type: ClassVar[str] = "se.samarkiv.fixity.checked.v1"
    key: ClassVar[str] = "package"

    package: PackageId
    copies: tuple[str, ...]
    outcome: Literal["ok", "bad", "could_not_check"]


class FixityFailed(Event):
    """A copy is bad, or could not be checked."""

    type: ClassVar[str] = "se.samarkiv.fixity.failed.v1"
    key: ClassVar[str] = "package"

    package: PackageId
    copy_name: str
    outcome: Literal["bad", "could_not_check"]
    codes: tuple[str, ...]


class FixityRepaired(Event):
    """A bad copy was replaced from a verified good one."""

    type: ClassVar[str] = "se.samarkiv.fixity.repaired.v1"
    key: ClassVar[str] = "package"

    package: PackageId
    copy_name: str
    source_copy: str
