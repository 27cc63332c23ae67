"""The packages as they lie in the copies, for everything in access that reads bytes."""

from collections.abc import Iterator

from samarkiv_contracts.description import PackageDescription, RecordDescription
from samarkiv_contracts.problems import NotFound
from samarkiv_runtime import ocfl

from samarkiv_access.usecases.ports import Member

DATA = "representations/original/data/"


class CopiedPackages:
    """Packages read through `PackageReader`: the first copy that answers rightly."""

    def __init__(self, reader: ocfl.PackageReader) -> None:
        self._reader = reader

    def description(self, package: str) -> tuple[PackageDescription, Iterator[RecordDescription]]:
        """Return what a package says of itself; raises NotFound."""
        try:
            return self._reader.description(package)
        except KeyError:
            raise NotFound from None

    def originals(self, package: str) -> Iterator[Member]:
        """Return the delivered files in their order; raises NotFound."""
        root = f"{package}/{DATA}"
        for one in self._members(package):
            if one.name.startswith(root):
                yield _member(one, one.name.removeprefix(root))

    def current(self, package: str) -> Iterator[Member]:
        """Return every member of the current AIP; raises NotFound."""
        for one in self._members(package):
            yield _member(one, one.name.removeprefix(f"{package}/"))

    def head(self, package: str) -> int:
        """Return the number of the newest version; raises NotFound."""
        try:
            return self._reader.inventory(package).head
        except KeyError:
            raise NotFound from None

    def read(self, package: str, name: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Return the bytes of a member, or a range; raises NotFound, CopyUnreadable, AllCopiesBad."""
        try:
            return self._reader.read_member(package, name, offset, length)
        except KeyError:
            raise NotFound from None

    def _members(self, package: str) -> Iterator[ocfl.Member]:
        try:
            yield from self._reader.members(package)
        except KeyError:
            raise NotFound from None


def _member(one: ocfl.Member, path: str) -> Member:
    return Member(
        path=path,
        name=one.name,
        size=one.length,
        sha256=one.sha256,
        crc32=one.crc32 or 0,
        mime=one.mime or "application/octet-stream",
        puid=one.puid,
    )
