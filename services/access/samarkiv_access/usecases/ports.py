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
    crc32: int = 0
    mime: str = "application/octet-stream"
    puid: str = ""


class Packages(Protocol):
    """The packages as they lie in the copies; the first copy that answers with the right bytes is used."""

    def description(self, package: str) -> tuple[PackageDescription, Iterator[RecordDescription]]:
        """Return what a package says of itself; raises NotFound or Unavailable."""
        ...

    def originals(self, package: str) -> Iterator[Member]:
        """Return the delivered files in their order."""
        ...

    def current(self, package: str) -> Iterator[Member]:
        """Return every member of the current AIP folder: the newest of each name, `path` relative to the root."""
        ...

    def head(self, package: str) -> int:
        """Return the number of the newest version."""
        ...

    def read(self, package: str, name: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Return a member's bytes, or a range of them; raises CopyUnreadable when no copy gives them."""
        ...


@dataclass(frozen=True)
class Shown:
    """What can be shown of a file beside its bytes: page images (0: none), whether there is text, and the first page's size."""

    pages: int = 0
    text: bool = False
    width: int = 0
    height: int = 0


class Views(Protocol):
    """Derivatives made by preservation: extracted text and page images. Rebuildable, perhaps not there yet."""

    def shown(self, package: str, member: str, sha256: str) -> Shown:
        """Return what there is for a file; an empty answer when nothing was made."""
        ...

    def text(self, package: str, member: str, limit: int) -> str:
        """Return the extracted text, at most `limit` characters; empty when there is none."""
        ...

    def image(self, package: str, sha256: str, page: int) -> tuple[str, bytes] | None:
        """Return (MIME type, bytes) of a page image (0: the thumbnail) of the original with a digest, or None."""
        ...


class Registry(Protocol):
    """The registry as preservation keeps it."""

    def document(self, tenant: str) -> dict[str, Any]:
        """Return a tenant's registry document; raises Unavailable when preservation does not answer."""
        ...
