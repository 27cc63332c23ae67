"""What building needs of its surroundings, chosen in `service.py`."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from samarkiv_runtime.ports import ObjectStore


@dataclass(frozen=True)
class Site:
    """The copies by name (at least two), a scratch folder, threads for I/O, and who builds: version and address."""

    copies: Mapping[str, ObjectStore]
    scratch: Path
    threads: Executor
    software: str
    address: str = "mailto:arkiv@localhost"

    @property
    def user(self) -> tuple[str, str]:
        """Return name and address of the user of OCFL versions."""
        return f"Samarkiv {self.software}", self.address


@dataclass(frozen=True)
class Stored:
    """A version that lies in every copy, read back."""

    package: str
    version: int
    copies: tuple[str, ...]
    created: str
    container_sha512: str
    container_bytes: int
    index_sha512: str
    inventory_sha512: str
    files: int
    bytes: int
