"""Reading a checked package in place: one interface over a container and over a folder on disk."""

import bisect
import hashlib
import io
import json
import os
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from samarkiv_contracts.handover import FileEntry

from samarkiv_ingest.packages.digests import algorithm
from samarkiv_ingest.packages.zip_writer import root_of

_BUFFER = 256 << 10


class Tree(Protocol):
    """A package as its validators see it: paths with forward slashes, no leading or trailing one."""

    def paths(self) -> Iterator[str]:
        """Return every file's path, sorted."""
        ...

    def folders(self) -> Iterator[str]:
        """Return the empty folders, sorted."""
        ...

    def get(self, path: str) -> FileEntry:
        """Return the entry of a file or empty folder. Raises KeyError."""
        ...

    def open(self, path: str) -> BinaryIO:
        """Return the bytes of a file, seekable. Raises KeyError."""
        ...

    def digest(self, path: str, alg: str) -> str:
        """Return a file's digest in lower-case hex, computed when it is not known yet.

        `alg` is written as in manifests or METS (`SHA-512`, `md5`). Raises KeyError (path), ValueError (algorithm).
        """
        ...

    def children(self, folder: str) -> list[str]:
        """Return the full paths right under `folder` (empty = the top), sorted; folders end with a slash."""
        ...

    def roots(self) -> list[str]:
        """Return what lies at the top."""
        ...

    def has(self, path: str) -> bool:
        """Tell whether there is a file of exactly that path."""
        ...

    def has_folder(self, path: str) -> bool:
        """Tell whether there is a folder of exactly that path, empty or not."""
        ...


class _Sorted:
    """Sorted paths in memory (about 15 MB for 100,000) and what can be told from them alone."""

    _paths: list[str]

    def _at(self, path: str) -> int:
        at = bisect.bisect_left(self._paths, path)
        if at == len(self._paths) or self._paths[at] != path:
            raise KeyError(path)
        return at

    def _is_folder(self, at: int) -> bool:
        raise NotImplementedError

    def paths(self) -> Iterator[str]:
        """Return every file's path, sorted."""
        return (path for at, path in enumerate(self._paths) if not self._is_folder(at))

    def folders(self) -> Iterator[str]:
        """Return the empty folders, sorted."""
        return (path for at, path in enumerate(self._paths) if self._is_folder(at))

    def has(self, path: str) -> bool:
        """Tell whether there is a file of exactly that path."""
        try:
            return not self._is_folder(self._at(path))
        except KeyError:
            return False

    def has_folder(self, path: str) -> bool:
        """Tell whether there is a folder of exactly that path, empty or not."""
        if not path:
            return True
        inside = bisect.bisect_left(self._paths, path + "/")
        if inside < len(self._paths) and self._paths[inside].startswith(path + "/"):
            return True
        try:
            return self._is_folder(self._at(path))
        except KeyError:
            return False

    def children(self, folder: str) -> list[str]:
        """Return the full paths right under `folder` (empty = the top), sorted; folders end with a slash."""
        prefix = f"{folder.rstrip('/')}/" if folder else ""
        found = []
        at = bisect.bisect_left(self._paths, prefix)
        while at < len(self._paths) and self._paths[at].startswith(prefix):
            path = self._paths[at]
            name, slash, _ = path[len(prefix) :].partition("/")
            if slash:
                found.append(f"{prefix}{name}/")
                at = bisect.bisect_left(self._paths, f"{prefix}{name}0", at)  # "0" follows "/"
            else:
                found.append(f"{path}/" if self._is_folder(at) else path)
                at += 1
        return found

    def roots(self) -> list[str]:
        """Return what lies at the top."""
        return self.children("")


class CheckedTree(_Sorted):
    """The files of a checked container, by its `files.jsonl`, the upload and the content file."""

    def __init__(
        self, files: Path, upload: Path | None, content: Path | None = None, digests: Path | None = None
    ) -> None:
        """Index the lines; memory holds sorted paths and offsets only."""
        self._lines = files.open("rb")
        self._sources: dict[str, BinaryIO] = {}
        for name, path in (("upload", upload), ("content", content)):
            if path:
                self._sources[name] = path.open("rb", buffering=0)
        self._digests = digests.open("rb") if digests else None
        places: list[tuple[str, int]] = []
        at = 0
        for line in self._lines:
            doc = json.loads(line)
            # The lowest bit tells an empty folder.
            places.append((doc["path"], at << 1 | bool(doc.get("folder"))))
            at += len(line)
        places.sort()
        self._paths = [path for path, _ in places]
        self._places = array("Q", (place for _, place in places))
        self._more = self._index_digests()

    def _index_digests(self) -> "array[int]":
        more = array("q", [-1]) * len(self._paths)
        at = 0
        for line in self._digests or ():
            more[self._at(json.loads(line)["path"])] = at
            at += len(line)
        return more

    def _is_folder(self, at: int) -> bool:
        return bool(self._places[at] & 1)

    def entries(self) -> Iterator[FileEntry]:
        """Return every entry in the order of `files.jsonl`."""
        at = 0
        while line := self._line(self._lines, at):
            yield FileEntry.model_validate_json(line)
            at += len(line)

    def _line(self, file: BinaryIO, at: int) -> bytes:
        file.seek(at)
        return file.readline()

    def get(self, path: str) -> FileEntry:
        """Return the entry of a file or empty folder. Raises KeyError."""
        return FileEntry.model_validate_json(self._line(self._lines, self._places[self._at(path)] >> 1))

    def open(self, path: str) -> BinaryIO:
        """Return the bytes of a file, seekable. Raises KeyError."""
        entry = self.get(path)
        if entry.folder:
            raise KeyError(path)
        window = _Window(self._sources[entry.source].fileno(), entry.offset, entry.size)
        return io.BufferedReader(window, min(_BUFFER, max(entry.size, 1)))

    def digest(self, path: str, alg: str) -> str:
        """Return a file's digest in hex. Raises KeyError (path), ValueError (algorithm)."""
        name = _known(alg)
        at = self._at(path)
        if name == "sha256":
            return self.get(path).sha256
        if self._digests and self._more[at] >= 0:
            told: dict[str, str] = json.loads(self._line(self._digests, self._more[at]))
            if name in told:
                return told[name]
        with self.open(path) as file:
            return _hashed(file, name)

    def close(self) -> None:
        """Let go of the files."""
        for file in (self._lines, self._digests, *self._sources.values()):
            if file:
                file.close()


class FolderTree(_Sorted):
    """A folder on disk with the same interface, for `samarkiv validate FOLDER`, under the paths `zip_folder` would give.

    Links are not followed but listed.
    """

    def __init__(self, folder: Path) -> None:
        """List the folder. `strange` holds the paths of links, devices, pipes and sockets, which are no files here."""
        self._root = root_of(folder)
        self._folder = folder
        self.strange: list[str] = []
        found: list[tuple[str, bool]] = []
        pending = [""]
        while pending:
            inside = pending.pop()
            with os.scandir(folder / inside) as entries:
                listed = list(entries)
            for entry in listed:
                path = f"{inside}/{entry.name}" if inside else entry.name
                if entry.is_dir(follow_symlinks=False):
                    pending.append(path)
                elif entry.is_file(follow_symlinks=False):
                    found.append((self._root + path, False))
                else:
                    self.strange.append(self._root + path)
            if inside and not listed:
                found.append((self._root + inside, True))
        found.sort()
        self._paths = [path for path, _ in found]
        self._empty = bytes(is_folder for _, is_folder in found)

    def _is_folder(self, at: int) -> bool:
        return bool(self._empty[at])

    def get(self, path: str) -> FileEntry:
        """Return the entry of a file (without digests and format) or empty folder. Raises KeyError."""
        if self._is_folder(self._at(path)):
            return FileEntry(path=path, folder=True)
        return FileEntry(path=path, size=self._on_disk(path).stat().st_size)

    def open(self, path: str) -> BinaryIO:
        """Return the bytes of a file. Raises KeyError."""
        if not self.has(path):
            raise KeyError(path)
        return self._on_disk(path).open("rb")

    def mode(self, path: str) -> int:
        """Return the mode of what lies at a path, links not followed (`strange` ones too)."""
        return self._on_disk(path).lstat().st_mode

    def _on_disk(self, path: str) -> Path:
        return self._folder / path.removeprefix(self._root)

    def digest(self, path: str, alg: str) -> str:
        """Return a file's digest in hex. Raises KeyError (path), ValueError (algorithm)."""
        name = _known(alg)
        with self.open(path) as file:
            return _hashed(file, name)

    def close(self) -> None:
        """Nothing is held open."""


def _known(alg: str) -> str:
    name = algorithm(alg)
    if not name:
        raise ValueError(f"unknown digest algorithm {alg!r}")
    return name


def _hashed(file: BinaryIO, name: str) -> str:
    one = hashlib.new(name)
    while piece := file.read(_BUFFER):
        one.update(piece)
    return one.hexdigest()


class _Window(io.RawIOBase):
    """A range of a file as a file of its own; shares the descriptor, keeps its own place."""

    def __init__(self, fd: int, offset: int, size: int) -> None:
        super().__init__()
        self._fd = fd
        self._offset = offset
        self._size = size
        self._pos = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._pos, io.SEEK_END: self._size}[whence]
        self._pos = max(0, base + offset)
        return self._pos

    def tell(self) -> int:
        return self._pos

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        view = memoryview(buffer)[: max(0, self._size - self._pos)]
        got = os.preadv(self._fd, [view], self._offset + self._pos) if view else 0
        self._pos += got
        return got
